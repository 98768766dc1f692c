//! A flight of the past, as its row last showed it.

use flight::{BoardKind, FinalState, parse_timestamp};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::board_state::{PastRowKey, key_of};

/// A flight, as its row last showed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PastFlight {
    /// The flight number, without spaces and in upper case.
    pub(crate) number: String,
    /// The name or code of the airline, or the designator in the number.
    pub(crate) airline: String,
    /// Other numbers of the flight, in the same form.
    pub(crate) codeshares: Vec<String>,
    /// The scheduled time at the board's airport.
    pub(crate) scheduled: Timestamp,
    pub(crate) outcome: FlightOutcome,
}

/// The outcome of a flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum FlightOutcome {
    /// It left or arrived, with a delay.
    Moved {
        /// In minutes as clocks show them, negative if it was early.
        delay: i64,
    },
    Cancelled,
    /// It did not reach the board's airport.
    Diverted,
    /// It has neither an actual time nor one of these states.
    Unknown,
}

impl PastFlight {
    /// The flight of a row; `None` without a scheduled time.
    pub(crate) fn of_row(row: &Map<String, Value>, kind: BoardKind) -> Option<Self> {
        let scheduled = scheduled_time(row, kind)?;
        let number = compact(row.get("flight")?.as_str()?);
        let text = |name| row.get(name).and_then(Value::as_str);
        let airline = match text("airline").map(str::trim) {
            Some(airline) if !airline.is_empty() => airline.to_owned(),
            // As IATA's designators are.
            _ => number.chars().take(2).collect(),
        };
        let codeshares = row.get("codeshares").and_then(Value::as_array).into_iter().flatten();
        let codeshares = codeshares.filter_map(Value::as_str).map(compact).collect();
        let actual = instant(row, "actual", "actualInstant");
        let outcome = match (text("state").and_then(FinalState::parse), actual) {
            (Some(FinalState::Cancelled), _) => FlightOutcome::Cancelled,
            // A flight that was diverted after its departure did depart.
            (Some(FinalState::Diverted), None) => FlightOutcome::Diverted,
            (Some(FinalState::Diverted), _) if kind == BoardKind::Arrivals => {
                FlightOutcome::Diverted
            }
            (_, Some(actual)) => FlightOutcome::Moved { delay: minute(actual) - minute(scheduled) },
            (_, None) => FlightOutcome::Unknown,
        };
        Some(Self { number, airline, codeshares, scheduled, outcome })
    }
}

/// The key of a flight beyond the life of its row. A row without a date is of another flight on each day of its schedule.
pub(crate) fn flight_id(row: &Map<String, Value>, kind: BoardKind, zone: &TimeZone) -> PastRowKey {
    let [flight, date, leg] = key_of(row);
    let day = || Some(zone.to_datetime(scheduled_time(row, kind)?).date().to_string());
    [flight, date.or_else(day), leg]
}

fn scheduled_time(row: &Map<String, Value>, kind: BoardKind) -> Option<Timestamp> {
    match kind {
        BoardKind::Arrivals => instant(row, "arrival", "arrivalInstant"),
        BoardKind::Departures => instant(row, "departure", "departureInstant"),
    }
}

/// The instant of a time with an offset, or that of an `HH:MM`, which has a name of its own.
fn instant(row: &Map<String, Value>, field: &str, instant: &str) -> Option<Timestamp> {
    let time = |name| row.get(name).and_then(Value::as_str).and_then(parse_timestamp);
    time(field).or_else(|| row.get(field).and_then(|_| time(instant)))
}

/// A clock shows the minute that has begun.
fn minute(time: Timestamp) -> i64 {
    time.as_second().div_euclid(60)
}

/// `BA 117` and `ba117` are one number.
fn compact(number: &str) -> String {
    let chars = number.chars().filter(|char| !char.is_whitespace());
    chars.map(|char| char.to_ascii_uppercase()).collect()
}
