//! The flights of now as the page draws them, so that a reader has them before the page's script runs. The script removes
//! them when it has drawn its own. The elements and their attributes are those of `web/src/rows`, without their icons.

use std::collections::BTreeSet;

use flight::{BoardKind, FlightField, Timetable, TimetableRow};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, Zoned};
use maud::{Markup, html};
use movement::{FlightMovement, StateTone, clock_text, minute_of};

use super::link_preview::flight_path;
use super::row_texts::{RowTexts, list, text};

/// They fill a screen.
const MAX_ROWS: usize = 16;

/// A board of so few rows shows all of them.
const MIN_SPLIT_ROWS: usize = 13;

/// A board of so few rows has no filters.
const MIN_FILTERED_ROWS: usize = 13;

/// The page plays the rows of a recorded day by their own time.
const RECORDING_AGE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A traveller counts the minutes to a movement from here on.
const COUNTDOWN_MINUTES: i64 = 60;

/// A column of the board, and its place on a narrow screen.
struct Column {
    name: &'static str,
    heading: &'static str,
    slot: &'static str,
}

struct ScreenRow<'a> {
    row: &'a TimetableRow,
    movement: FlightMovement<'a>,
}

/// The rows of a board as of `now`, and what they have in common.
struct FirstScreen<'a> {
    texts: RowTexts<'a>,
    now: Timestamp,
    columns: Vec<Column>,
    /// True if the rows have several terminals.
    has_terminals: bool,
    rows: Vec<ScreenRow<'a>>,
    /// The number of flights before those.
    earlier: usize,
    has_filters: bool,
}

/// The element with the rows. `None` for a board without rows, of a recorded day, or with columns of its own.
pub(super) fn first_screen(timetable: &Timetable, now: Timestamp) -> Option<Markup> {
    if !timetable.settings().display.columns.is_empty() {
        return None;
    }
    FirstScreen::new(timetable, now).map(|screen| screen.markup())
}

impl<'a> FirstScreen<'a> {
    fn new(timetable: &'a Timetable, now: Timestamp) -> Option<Self> {
        let settings = timetable.settings();
        let is_departures = settings.kind == BoardKind::Departures;
        let all = timetable.rows();
        let mut rows: Vec<_> =
            all.iter().copied().map(|row| ScreenRow::new(row, settings.kind)).collect();
        rows.sort_by_cached_key(|it| (it.expected(), it.row.flight().key().clone()));
        let newest = rows.iter().rev().find_map(|it| it.movement.expected())?;
        if newest.duration_since(now) < -RECORDING_AGE {
            return None;
        }
        let is_past = |it: &ScreenRow<'_>| {
            it.movement
                .over_at(|state| settings.display.over_after.of_state(state))
                .is_some_and(|over_at| over_at <= now)
                || is_departures && it.movement.is_missed(now)
        };
        let earlier = rows.iter().filter(|it| is_past(it)).count();
        let is_split = rows.len() >= MIN_SPLIT_ROWS && earlier < rows.len();
        if is_split {
            rows.retain(|it| !is_past(it));
        }
        rows.truncate(MAX_ROWS);
        let terminals = all.iter().map(|row| text(row, FlightField::Terminal));
        Some(Self {
            texts: RowTexts::new(settings),
            now,
            columns: columns(settings.kind, &all),
            has_terminals: terminals.filter(|it| !it.is_empty()).collect::<BTreeSet<_>>().len() > 1,
            rows,
            earlier: if is_split { earlier } else { 0 },
            has_filters: all.len() >= MIN_FILTERED_ROWS,
        })
    }

    fn markup(&self) -> Markup {
        html! {
            div #first-screen {
                (self.head())
                main data-connecting {
                    @if let Some(note) = &self.texts.settings.note { p.note dir="auto" { (note) } }
                    div.top {}
                    @if self.has_filters { div.chips { span.chip {} } }
                    (self.table())
                }
            }
        }
    }

    fn head(&self) -> Markup {
        let settings = self.texts.settings;
        html! {
            header.head {
                div.titles {
                    div.heading {
                        span.mark {}
                        div.names {
                            h1 { bdi { (settings.title) } }
                            @if let Some(code) = &settings.airport {
                                p.airport {
                                    @if let Some(name) = codes::place_name(code) { bdi lang="en" { (name) } " " }
                                    bdi.code { (code) }
                                }
                            }
                        }
                    }
                    p.clock {}
                }
                div.search { "Flight, city or airline" }
                div.status {
                    p.connection { span { "As of " (self.texts.time(self.now, "%H:%M:%S")) ", connecting" } }
                }
            }
        }
    }

    fn table(&self) -> Markup {
        let mut hours: Vec<(String, Vec<&ScreenRow<'_>>)> = Vec::new();
        for row in &self.rows {
            let title = self.hour_title(row.movement.expected());
            match hours.last_mut() {
                Some((last, rows)) if *last == title => rows.push(row),
                _ => hours.push((title, vec![row])),
            }
        }
        html! {
            div.board {
                div.timetable role="table" aria-label=(self.texts.settings.title)
                    data-terminals[self.has_terminals] {
                    div.headings role="rowgroup" {
                        div role="row" {
                            @for column in &self.columns {
                                div role="columnheader" data-column=(column.name) data-slot=(column.slot) { (column.heading) }
                            }
                        }
                    }
                    @if self.earlier > 0 {
                        div.earlier role="rowgroup" { div role="row" { div role="cell" { (earlier_text(self.earlier)) } } }
                    }
                    @for (title, rows) in &hours {
                        div.hour role="rowgroup" {
                            div.hour-name role="row" { div role="rowheader" { (title) } }
                            @for row in rows { (self.row(row)) }
                        }
                    }
                }
            }
        }
    }

    /// `Today · 20:00`, `Tomorrow, Fri 16 Jan · 06:00`.
    fn hour_title(&self, expected: Option<Timestamp>) -> String {
        let Some(expected) = expected else { return "No time".to_owned() };
        let expected = self.texts.local_time(expected);
        let day = day_text(&expected, self.texts.local_time(self.now).date());
        format!("{day} · {}", expected.strftime("%H:00"))
    }

    fn row(&self, row: &ScreenRow<'_>) -> Markup {
        let key = row.row.flight().key();
        let tone = row.movement.state_tone().map(StateTone::name);
        html! {
            div.row role="row" data-flight=(key.flight()) data-date=[key.date()] data-leg=[key.leg()]
                data-state=(row.movement.state) data-tone=[tone] {
                @for column in &self.columns {
                    div role=(if column.name == "flight" { "rowheader" } else { "cell" })
                        data-column=(column.name) data-slot=(column.slot) data-label=(column.heading) {
                        (self.cell(column.name, row))
                    }
                }
            }
        }
    }

    fn cell(&self, column: &str, row: &ScreenRow<'_>) -> Markup {
        match column {
            "time" => self.time_cell(row),
            "place" => self.place_cell(row),
            "flight" => self.flight_cell(row),
            "checkIn" => {
                html! { @if !row.is_past_desk() { bdi { (text(row.row, FlightField::CheckIn)) } } }
            }
            "terminal" => html! { bdi { (text(row.row, FlightField::Terminal)) } },
            "status" => self.status_cell(row),
            way => self.tile_cell(way, row),
        }
    }

    fn time_cell(&self, row: &ScreenRow<'_>) -> Markup {
        let clock = |instant| clock_text(instant, self.texts.zone());
        let movement = &row.movement;
        let scheduled = movement.scheduled.map(clock);
        let revised = movement.revised().map(clock);
        html! {
            @match (scheduled, &revised) {
                (Some(scheduled), None) => time { (scheduled) },
                (Some(scheduled), Some(_)) => s { (scheduled) },
                (None, Some(_)) => {},
                (None, None) => (nothing("No time")),
            }
            @if let Some(revised) = revised {
                strong.revised data-settled[movement.is_settled()] {
                    span.visually-hidden { ", new time " }
                    time { (revised) }
                }
            }
            @if let Some(countdown) = row.countdown(self.now) { span.aside { (countdown) } }
        }
    }

    fn place_cell(&self, row: &ScreenRow<'_>) -> Markup {
        let code = self.texts.place_code(row.row);
        let via: Vec<_> = list(row.row, FlightField::Via).collect();
        html! {
            span.line {
                @match codes::place_name(code) {
                    Some(name) => { bdi.place lang="en" { (name) } " " bdi.code { (code) } }
                    None => bdi.place { @if code.is_empty() { (nothing("Unknown")) } @else { (code) } },
                }
            }
            @if !via.is_empty() {
                span.aside {
                    "via "
                    @for (index, place) in via.iter().enumerate() {
                        @if index > 0 { ", " }
                        bdi { (codes::place_name(place).unwrap_or(place)) }
                    }
                }
            }
        }
    }

    /// The link opens the flight's details.
    fn flight_cell(&self, row: &ScreenRow<'_>) -> Markup {
        let board = format!("boards/{}", self.texts.settings.name);
        let (path, query) = flight_path(&board, row.row);
        let airline = text(row.row, FlightField::Airline);
        let others: Vec<_> = list(row.row, FlightField::Codeshares).collect();
        html! {
            a.open href={ (path) (query) } { bdi.number { (row.row.flight().key().flight()) } }
            @if !airline.is_empty() || !others.is_empty() {
                span.aside {
                    @if !airline.is_empty() { span.airline dir="auto" { (airline) } }
                    @if !others.is_empty() {
                        span.codeshares {
                            span aria-hidden="true" dir="ltr" { "+" (others.len()) }
                            span.visually-hidden { ", also " bdi { (others.join(", ")) } }
                        }
                    }
                }
            }
        }
    }

    fn tile_cell(&self, name: &str, row: &ScreenRow<'_>) -> Markup {
        let (is_gate, is_departures) =
            (name == "gate", self.texts.settings.kind == BoardKind::Departures);
        let has_terminal = self.has_terminals && is_gate == is_departures;
        let terminal = if has_terminal { text(row.row, FlightField::Terminal) } else { "" };
        let value = text(row.row, if is_gate { FlightField::Gate } else { FlightField::Belt });
        html! {
            @if !value.is_empty() || !terminal.is_empty() {
                span.tile data-lit[row.lit_tile() == Some(name)] {
                    @if !terminal.is_empty() { bdi.terminal { (terminal) } }
                    @if !terminal.is_empty() && !value.is_empty() { span.dot { " · " } }
                    @if !value.is_empty() { bdi.value { (value) } }
                }
            }
        }
    }

    fn status_cell(&self, row: &ScreenRow<'_>) -> Markup {
        let state = row.movement.state_text(self.now, self.texts.zone());
        let remark = text(row.row, FlightField::Remark);
        html! {
            span.state data-tone=(state.tone.name()) data-remarked[!remark.is_empty()] {
                span.icon {}
                span.text dir="auto" { (state.text) }
            }
            @if !remark.is_empty() { span.aside dir="auto" { (remark) } }
        }
    }
}

impl<'a> ScreenRow<'a> {
    fn new(row: &'a TimetableRow, kind: BoardKind) -> Self {
        let instant = |field| row.row().instant(field);
        let movement = FlightMovement {
            state: text(row, FlightField::State),
            scheduled: instant(kind.scheduled_field()),
            estimated: instant(FlightField::Estimated),
            actual: instant(FlightField::Actual),
            has_belt: !text(row, FlightField::Belt).is_empty(),
        };
        Self { row, movement }
    }

    /// Rows without a time are last.
    fn expected(&self) -> Timestamp {
        self.movement.expected().unwrap_or(Timestamp::MAX)
    }

    /// `in 22 min`, while a traveller should count them.
    fn countdown(&self, now: Timestamp) -> Option<String> {
        let expected = self.movement.expected().filter(|_| !self.movement.is_settled())?;
        match minute_of(expected) - minute_of(now) {
            0 => Some("now".to_owned()),
            minutes @ 1..=COUNTDOWN_MINUTES => Some(format!("in {minutes} min")),
            _ => None,
        }
    }

    /// The tile that lights up because there is something to do.
    fn lit_tile(&self) -> Option<&'static str> {
        match self.movement.known_state()? {
            "gate open" | "boarding" | "final call" => Some("gate"),
            "baggage" => Some("belt"),
            _ => None,
        }
    }

    /// Returns true if travellers are called to the gate, or it is too late for a desk.
    fn is_past_desk(&self) -> bool {
        let is_late =
            matches!(self.movement.known_state(), Some("gate closed" | "departed" | "cancelled"));
        is_late || self.lit_tile() == Some("gate")
    }
}

/// The columns that suit the direction of the board, without those that no row needs.
fn columns(kind: BoardKind, rows: &[&TimetableRow]) -> Vec<Column> {
    let is_used = |field| rows.iter().any(|row| !text(row, field).is_empty());
    let has_gate = is_used(FlightField::Gate);
    let terminal = ("terminal", "Terminal", FlightField::Terminal);
    let desk = ("checkIn", "Desk", FlightField::CheckIn);
    let gate = ("gate", "Gate", FlightField::Gate);
    let belt = ("belt", "Belt", FlightField::Belt);
    let (place, values, tiles) = match kind {
        BoardKind::Arrivals => ("From", [terminal, gate, belt, desk], [belt, gate]),
        BoardKind::Departures => ("To", [terminal, desk, gate, belt], [gate, belt]),
    };
    // Where a traveller goes: one of these fits a narrow screen.
    let tile = tiles.into_iter().find(|(_, _, field)| is_used(*field)).map(|(name, ..)| name);
    // The terminal is a part of the gate's tile, if there is one.
    let values = values
        .into_iter()
        .filter(|(name, _, field)| is_used(*field) && !(*name == "terminal" && has_gate));
    let start = [("time", "Time"), ("place", place), ("flight", "Flight")];
    let start = start.map(|(name, heading)| Column { name, heading, slot: name });
    let values = values.map(|(name, heading, _)| {
        let slot = if Some(name) == tile { "tile" } else { "more" };
        Column { name, heading, slot }
    });
    let status = Column { name: "status", heading: "Status", slot: "status" };
    start.into_iter().chain(values).chain([status]).collect()
}

fn day_text(time: &Zoned, today: Date) -> String {
    let date = time.strftime("%a %-d %b");
    match (time.date() - today).get_days() {
        0 => "Today".to_owned(),
        1 => format!("Tomorrow, {date}"),
        -1 => format!("Yesterday, {date}"),
        _ => date.to_string(),
    }
}

fn earlier_text(count: usize) -> String {
    if count == 1 { "1 earlier flight".to_owned() } else { format!("{count} earlier flights") }
}

fn nothing(meaning: &str) -> Markup {
    html! { span.nothing { span aria-hidden="true" { "–" } span.visually-hidden { (meaning) } } }
}
