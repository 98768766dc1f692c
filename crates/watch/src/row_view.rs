//! A row as its reader sees it: its cells, and its place in the order.

use std::sync::Arc;

use flightboard_client::{Board, BoardRow, RowKey};
use jiff::Timestamp;
use movement::{FlightMovement, StateTone};
use serde_json::Value;

use crate::board_clock::{BoardClock, instant_of};
use crate::printable::printable;

/// A part of a row that its reader sees as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CellKind {
    Time,
    Place,
    Flight,
    Desk,
    Terminal,
    Gate,
    Belt,
    State,
    Via,
    Airline,
    Codeshares,
    Stand,
    Aircraft,
    Remark,
}

impl CellKind {
    pub(crate) const ALL: [Self; 14] = [
        Self::Time,
        Self::Place,
        Self::Flight,
        Self::Desk,
        Self::Terminal,
        Self::Gate,
        Self::Belt,
        Self::State,
        Self::Via,
        Self::Airline,
        Self::Codeshares,
        Self::Stand,
        Self::Aircraft,
        Self::Remark,
    ];

    pub(crate) fn heading(self, clock: &BoardClock) -> &'static str {
        match self {
            Self::Time => "Time",
            Self::Place if clock.is_departures() => "To",
            Self::Place => "From",
            Self::Flight => "Flight",
            Self::Desk => "Desk",
            Self::Terminal => "Terminal",
            Self::Gate => "Gate",
            Self::Belt => "Belt",
            Self::State => "Status",
            Self::Via => "Via",
            Self::Airline => "Airline",
            Self::Codeshares => "Codeshares",
            Self::Stand => "Stand",
            Self::Aircraft => "Aircraft",
            Self::Remark => "Remark",
        }
    }

    /// The fields of which the cell consists: it is marked when one of them changes.
    pub(crate) fn fields(self, clock: &BoardClock) -> &'static [&'static str] {
        match self {
            Self::Time if clock.is_departures() => &["departure", "estimated", "actual"],
            Self::Time => &["arrival", "estimated", "actual"],
            Self::Place if clock.is_departures() => &["destination"],
            Self::Place => &["origin"],
            Self::Flight => &["flight"],
            Self::Desk => &["checkIn"],
            Self::Terminal => &["terminal"],
            Self::Gate => &["gate"],
            Self::Belt => &["belt"],
            Self::State => &["state"],
            Self::Via => &["via"],
            Self::Airline => &["airline"],
            Self::Codeshares => &["codeshares"],
            Self::Stand => &["stand"],
            Self::Aircraft => &["aircraft"],
            Self::Remark => &["remark"],
        }
    }
}

/// A row with its cells.
#[derive(Debug, Clone)]
pub(crate) struct ShownRow {
    pub(crate) key: RowKey,
    pub(crate) tone: StateTone,
    pub(crate) row: Arc<BoardRow>,
    /// When it is expected to move.
    pub(crate) expected: Option<Timestamp>,
    cells: Vec<String>,
}

impl ShownRow {
    pub(crate) fn cell(&self, kind: CellKind) -> &str {
        &self.cells[kind as usize]
    }

    fn new(row: &Arc<BoardRow>, clock: &BoardClock, now: Timestamp) -> Self {
        let movement = movement(row, clock);
        let state = movement.state_text(now, &clock.time_zone());
        let text = |name| row.text(name).map(printable).unwrap_or_default();
        let cells = CellKind::ALL.map(|kind| match kind {
            CellKind::Time => time_text(row, &movement, clock, now),
            CellKind::Place => place_text(row.text(clock.place_field()).unwrap_or_default()),
            CellKind::Via => list(row, "via").map(place_text).collect::<Vec<_>>().join(", "),
            CellKind::Codeshares => {
                list(row, "codeshares").map(printable).collect::<Vec<_>>().join(", ")
            }
            CellKind::Airline => airline_text(row.text("airline").unwrap_or_default()),
            CellKind::State => printable(&state.text),
            other => text(other.fields(clock)[0]),
        });
        Self {
            key: row.key().clone(),
            tone: state.tone,
            row: Arc::clone(row),
            expected: movement.expected(),
            cells: cells.to_vec(),
        }
    }
}

/// The rows by the time at which they are expected to move, then by number, date and leg. Those without a time are last.
pub(crate) fn sorted_rows(board: &Board, clock: &BoardClock, now: Timestamp) -> Vec<ShownRow> {
    let mut rows: Vec<_> = board.rows().map(|row| ShownRow::new(row, clock, now)).collect();
    rows.sort_by(|one, other| {
        let expected = |row: &ShownRow| row.expected.unwrap_or(Timestamp::MAX);
        expected(one).cmp(&expected(other)).then_with(|| one.key.cmp(&other.key))
    });
    rows
}

/// The state and the times of a row.
fn movement<'a>(row: &'a BoardRow, clock: &BoardClock) -> FlightMovement<'a> {
    FlightMovement {
        state: row.text("state").unwrap_or_default(),
        scheduled: instant_of(row, clock.scheduled_field()),
        estimated: instant_of(row, "estimated"),
        actual: instant_of(row, "actual"),
        has_belt: row.text("belt").is_some(),
    }
}

/// `10:40`, with the day if it is not today, and the new time behind an arrow. Other texts as they are.
fn time_text(
    row: &BoardRow,
    movement: &FlightMovement<'_>,
    clock: &BoardClock,
    now: Timestamp,
) -> String {
    let Some(scheduled) = movement.scheduled else {
        let text = row.text(clock.scheduled_field()).map(printable).unwrap_or_default();
        return match movement.revised() {
            Some(revised) => format!("{text}→{}", clock.minute(revised)),
            None => text,
        };
    };
    let day = if clock.day(scheduled) == clock.day(now) {
        String::new()
    } else {
        format!("{} ", clock.day_text(scheduled))
    };
    let time = format!("{day}{}", clock.minute(scheduled));
    match movement.revised() {
        Some(revised) => format!("{time}→{}", clock.minute(revised)),
        None => time,
    }
}

/// The name of the place, with the code.
fn place_text(place: &str) -> String {
    match codes::place_name(place) {
        Some(name) => format!("{name} {place}"),
        None => printable(place),
    }
}

fn airline_text(code: &str) -> String {
    match codes::airline(code) {
        Some(airline) => airline.name.clone(),
        None => printable(code),
    }
}

fn list<'a>(row: &'a BoardRow, name: &str) -> impl Iterator<Item = &'a str> {
    let values = row.fields().get(name).and_then(Value::as_array);
    values.into_iter().flatten().filter_map(Value::as_str)
}

/// All fields of a row with their headings, for the reader who follows it.
pub(crate) fn details(row: &ShownRow, clock: &BoardClock) -> Vec<(&'static str, String)> {
    let cells =
        CellKind::ALL.into_iter().map(|kind| (kind.heading(clock), row.cell(kind).to_owned()));
    let times = ["estimated", "actual"].into_iter().zip(["Estimated", "Actual"]);
    let times = times.filter_map(|(field, heading)| {
        instant_of(&row.row, field).map(|instant| (heading, clock.minute(instant)))
    });
    cells.chain(times).filter(|(_, text)| !text.is_empty()).collect()
}
