//! One flight of an answer.

use flight::{BoardKind, FlightField};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::Value;

use crate::answer::RefusedRow;
use crate::row_builder::{RowBuilder, without_blanks};
use crate::sources::values::{airline_name, local_date};

/// The words of `status` in the published order, which is that of their integers.
const STATUS_WORDS: [&str; 13] = [
    "Unknown",
    "Expected",
    "EnRoute",
    "CheckIn",
    "Boarding",
    "GateClosed",
    "Departed",
    "Delayed",
    "Approaching",
    "Arrived",
    "Canceled",
    "Diverted",
    "CanceledUncertain",
];

/// The words of `codeshareStatus` in the published order.
const CODESHARE_WORDS: [&str; 3] = ["Unknown", "IsOperator", "IsCodeshared"];

/// A flight as seen from one of its ends.
#[derive(Debug)]
pub(super) struct FlightItem {
    pub(super) kind: BoardKind,
    pub(super) contract: FlightContract,
    /// Other numbers of the same flight.
    pub(super) codeshares: Vec<String>,
}

/// The fields of a flight that are read.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct FlightContract {
    pub(super) number: String,
    pub(super) status: Value,
    pub(super) codeshare_status: Value,
    pub(super) last_updated_utc: String,
    pub(super) departure: MovementContract,
    pub(super) arrival: MovementContract,
    airline: AirlineContract,
    aircraft: AircraftContract,
}

/// One end of a flight.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct MovementContract {
    pub(super) airport: AirportContract,
    pub(super) scheduled_time: TimeContract,
    revised_time: TimeContract,
    predicted_time: TimeContract,
    runway_time: TimeContract,
    terminal: String,
    pub(super) gate: String,
    pub(super) baggage_belt: String,
    check_in_desk: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AirportContract {
    pub(super) iata: String,
    pub(super) icao: String,
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TimeContract {
    utc: String,
    local: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AirlineContract {
    iata: String,
    icao: String,
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AircraftContract {
    reg: String,
    model: String,
}

impl FlightItem {
    pub(super) fn number(&self) -> String {
        without_blanks(&self.contract.number)
    }

    /// The end at the board's airport.
    pub(super) fn movement(&self) -> &MovementContract {
        match self.kind {
            BoardKind::Arrivals => &self.contract.arrival,
            BoardKind::Departures => &self.contract.departure,
        }
    }

    /// The other end.
    pub(super) fn other_movement(&self) -> &MovementContract {
        match self.kind {
            BoardKind::Arrivals => &self.contract.departure,
            BoardKind::Departures => &self.contract.arrival,
        }
    }

    pub(super) fn registration(&self) -> &str {
        &self.contract.aircraft.reg
    }

    /// `IsOperator`, `IsCodeshared` or `Unknown`.
    pub(super) fn codeshare_word(&self) -> &str {
        word(&self.contract.codeshare_status, &CODESHARE_WORDS).unwrap_or_default()
    }

    /// Reads the flight into the fields of a row.
    pub(super) fn row(
        &self,
        zone: &TimeZone,
        unknown_words: &mut Vec<String>,
    ) -> Result<RowBuilder, RefusedRow> {
        let number = self.number();
        let (other_end, scheduled) = match self.kind {
            BoardKind::Arrivals => (FlightField::Origin, FlightField::Arrival),
            BoardKind::Departures => (FlightField::Destination, FlightField::Departure),
        };
        let movement = self.movement();
        let Some(schedule_time) = movement.scheduled_time.timestamp() else {
            return Err(RefusedRow {
                row: number,
                field: "scheduledTime".to_owned(),
                reason: "must be a time with an offset".to_owned(),
            });
        };
        let departure_date = self.contract.departure.scheduled_time.local_date();
        let mut row = RowBuilder::new(self.kind, &number);
        row.key("date", departure_date.unwrap_or_else(|| local_date(schedule_time, zone)))
            .text(other_end, self.other_movement().airport.shown_name())
            .text(FlightField::Airline, self.contract.airline.shown_name())
            .list(FlightField::Codeshares, &self.codeshares)
            .text(FlightField::Aircraft, self.contract.aircraft.shown_name())
            .time(scheduled, Some(schedule_time), zone)
            .text(FlightField::Terminal, &movement.terminal)
            .text(FlightField::Gate, &movement.gate)
            .text(FlightField::Belt, &movement.baggage_belt)
            .text(FlightField::CheckIn, &movement.check_in_desk);
        self.read_status(&mut row, zone, unknown_words);
        Ok(row)
    }

    fn read_status(&self, row: &mut RowBuilder, zone: &TimeZone, unknown_words: &mut Vec<String>) {
        let movement = self.movement();
        let revised = movement.revised_time.timestamp();
        let runway = movement.runway_time.timestamp();
        let status = word(&self.contract.status, &STATUS_WORDS);
        match status.and_then(|status| state(self.kind, status, revised.is_some())) {
            Some(state @ ("departed" | "landed")) => {
                row.text(FlightField::State, state);
                row.time(FlightField::Actual, runway.or(revised), zone);
            }
            Some(state) => {
                row.text(FlightField::State, state);
                let estimated = revised.or_else(|| movement.predicted_time.timestamp());
                row.time(FlightField::Estimated, estimated, zone);
            }
            None if status == Some("Unknown") || self.contract.status.is_null() => {
                row.time(FlightField::Estimated, revised, zone);
            }
            None => {
                let word = match &self.contract.status {
                    Value::String(word) => word.clone(),
                    other => format!("status {other}"),
                };
                row.text(FlightField::Remark, &word).time(FlightField::Estimated, revised, zone);
                unknown_words.push(word);
            }
        }
        if status == Some("CanceledUncertain") {
            row.text(FlightField::Remark, "Cancelled, but not certain");
        }
    }
}

impl TimeContract {
    /// The time, written `2023-08-01 20:10Z`; sometimes the `Z` is missing.
    pub(super) fn timestamp(&self) -> Option<Timestamp> {
        timestamp(&self.utc)
    }

    /// The day on the airport's clocks.
    fn local_date(&self) -> Option<Date> {
        self.local.get(..10)?.parse().ok()
    }
}

impl AirportContract {
    fn shown_name(&self) -> &str {
        [&*self.iata, &*self.icao].into_iter().find(|code| !code.is_empty()).unwrap_or(&self.name)
    }
}

impl AirlineContract {
    fn shown_name(&self) -> &str {
        match (&*self.name, &*self.iata) {
            ("", "") => airline_name(&self.icao),
            ("", iata) => airline_name(iata),
            (name, _) => name,
        }
    }
}

impl AircraftContract {
    fn shown_name(&self) -> &str {
        if self.reg.is_empty() { &self.model } else { &self.reg }
    }
}

/// Parses a time in UTC, whose `Z` may be missing.
pub(super) fn timestamp(text: &str) -> Option<Timestamp> {
    text.parse().or_else(|_| format!("{text}Z").parse()).ok()
}

/// The word of an enumeration, which some answers write as an integer.
fn word<'a>(value: &'a Value, words: &[&'static str]) -> Option<&'a str> {
    match value {
        Value::Number(number) => words.get(usize::try_from(number.as_u64()?).ok()?).copied(),
        Value::String(text) => words.contains(&&**text).then_some(&**text),
        _ => None,
    }
}

/// The state at the board's airport. A status of the other end says only whether the flight is on its way.
fn state(kind: BoardKind, status: &str, has_revised_time: bool) -> Option<&'static str> {
    match (status, kind) {
        ("Canceled" | "CanceledUncertain", _) => Some("cancelled"),
        ("Diverted", _) => Some("diverted"),
        ("Delayed", _) => Some("expected"),
        ("CheckIn", BoardKind::Departures) => Some("check-in"),
        ("Boarding", BoardKind::Departures) => Some("boarding"),
        ("GateClosed", BoardKind::Departures) => Some("gate closed"),
        ("Departed" | "EnRoute" | "Approaching" | "Arrived", BoardKind::Departures) => {
            Some("departed")
        }
        ("Departed" | "EnRoute", BoardKind::Arrivals) => Some("expected"),
        ("Approaching", BoardKind::Arrivals) => Some("landing"),
        ("Arrived", BoardKind::Arrivals) => Some("landed"),
        ("Expected" | "CheckIn" | "Boarding" | "GateClosed", _) if has_revised_time => {
            Some("expected")
        }
        ("Expected" | "CheckIn" | "Boarding" | "GateClosed", _) => Some("scheduled"),
        _ => None,
    }
}
