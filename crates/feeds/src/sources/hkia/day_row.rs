//! The rows of an answer, as the airport writes them.

use flight::{BoardKind, FinalState, FlightField, FlightKey};
use jiff::civil::{Date, Time};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::answer::RefusedRow;
use crate::reconcile::number_stem;
use crate::row_builder::without_blanks;

/// The words of a status, and our states.
const STATES: [(&str, &str); 7] = [
    ("", "scheduled"),
    ("Boarding Soon", "gate open"),
    ("Boarding", "boarding"),
    ("Final Call", "final call"),
    ("Gate Closed", "gate closed"),
    ("Cancelled", "cancelled"),
    (DELAYED, "expected"),
];

/// The status of a flight that is late by an unknown time.
const DELAYED: &str = "Delayed";

/// The words before the time of a status, our states, and the field of the time.
const TIMED_STATES: [(&str, &str, FlightField); 4] = [
    ("Est at ", "expected", FlightField::Estimated),
    ("Dep ", "departed", FlightField::Actual),
    ("Landed ", "landed", FlightField::Actual),
    ("At gate ", "at gate", FlightField::Actual),
];

/// The rows of one day, in one direction.
#[derive(Debug, Deserialize)]
pub(super) struct DayObject<'a> {
    pub(super) date: Date,
    pub(super) arrival: Option<bool>,
    pub(super) cargo: Option<bool>,
    #[serde(borrow)]
    pub(super) list: Vec<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ListedFlight {
    pub(super) time: String,
    pub(super) flight: Vec<ListedNumber>,
    pub(super) status: Option<String>,
    pub(super) origin: Option<Vec<String>>,
    pub(super) destination: Option<Vec<String>>,
    pub(super) terminal: Option<String>,
    pub(super) aisle: Option<String>,
    pub(super) gate: Option<String>,
    pub(super) baggage: Option<String>,
    pub(super) stand: Option<String>,
}

/// A flight number with the ICAO code of its airline. The first of a row is the operating one.
#[derive(Debug, Deserialize)]
pub(super) struct ListedNumber {
    pub(super) no: String,
    pub(super) airline: Option<String>,
}

/// A row with its day and direction.
#[derive(Debug)]
pub(super) struct DayRow {
    pub(super) kind: BoardKind,
    pub(super) date: Date,
    pub(super) number: String,
    pub(super) time: Time,
    pub(super) listed: ListedFlight,
    pub(super) state: ListedState,
}

/// The meaning of a status.
#[derive(Debug)]
pub(super) struct ListedState {
    /// The state, unless the words are unknown.
    pub(super) state: Option<&'static str>,
    pub(super) time: Option<(FlightField, Date, Time)>,
    pub(super) remark: Option<String>,
}

impl DayRow {
    pub(super) fn read(kind: BoardKind, date: Date, json: &RawValue) -> Result<Self, RefusedRow> {
        let listed: ListedFlight = serde_json::from_str(json.get()).map_err(|error| {
            RefusedRow { row: number_in(json), field: "list".to_owned(), reason: error.to_string() }
        })?;
        let number = listed.flight.first().map(|number| without_blanks(&number.no));
        let number = number.unwrap_or_default();
        // The number names the row when it is refused later.
        let date_text = date.to_string();
        if let Err(error) = FlightKey::parse(&number, Some(&date_text)) {
            return Err(RefusedRow { row: number, field: error.field, reason: error.reason });
        }
        let time = Time::strptime("%H:%M", &listed.time).map_err(|_| RefusedRow {
            row: number.clone(),
            field: "time".to_owned(),
            reason: format!("must be a time such as 08:30, not {:?}", listed.time),
        })?;
        let status = listed.status.as_deref().unwrap_or_default().trim();
        let state = ListedState::read(status, date);
        Ok(Self { kind, date, number, time, listed, state })
    }

    /// The other airports, in the order of the flight.
    pub(super) fn other_ends(&self) -> &[String] {
        let airports = match self.kind {
            BoardKind::Arrivals => &self.listed.origin,
            BoardKind::Departures => &self.listed.destination,
        };
        airports.as_deref().unwrap_or_default()
    }

    /// Orders the rows of one flight by how much has happened: whether it is postponed and over.
    pub(super) fn progress(&self) -> (bool, bool) {
        let is_final = self.state.state.is_some_and(|state| FinalState::parse(state).is_some());
        (number_stem(&self.number) != self.number, is_final)
    }
}

impl ListedState {
    /// Reads the status of a flight of `date`.
    fn read(status: &str, date: Date) -> Self {
        let known = STATES.iter().find(|(words, _)| *words == status);
        if let Some((words, state)) = known {
            let remark = (*words == DELAYED).then(|| DELAYED.to_owned());
            return Self { state: Some(state), time: None, remark };
        }
        for (prefix, state, field) in TIMED_STATES {
            if let Some(rest) = status.strip_prefix(prefix) {
                let time = day_time(rest, date).map(|(date, time)| (field, date, time));
                return Self { state: Some(state), time, remark: None };
            }
        }
        Self { state: None, time: None, remark: Some(status.to_owned()) }
    }
}

/// Reads `13:15` or `13:15 (16/08/2026)`. Without a day of its own, the time is one of `date`.
fn day_time(text: &str, date: Date) -> Option<(Date, Time)> {
    let (time, day) = text.split_at_checked(5)?;
    let time = Time::strptime("%H:%M", time).ok()?;
    let day = Date::strptime("(%d/%m/%Y)", day.trim()).unwrap_or(date);
    Some((day, time))
}

/// The number in a row that is not as expected, or nothing.
fn number_in(json: &RawValue) -> String {
    let row: serde_json::Value = serde_json::from_str(json.get()).unwrap_or_default();
    without_blanks(row["flight"][0]["no"].as_str().unwrap_or_default())
}
