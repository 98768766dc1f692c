//! The table of the recorded day.
//!
//! `data/README.md` describes the columns and their source. Nothing here is invented; `plan` invents
//! the moments of the announcements.

use jiff::Timestamp;
use jiff::tz::{self, Offset};

/// Offset of the airport's clock all day: New York's daylight saving time.
pub(crate) const AIRPORT_OFFSET: Offset = tz::offset(-4);

const TABLE: &str = include_str!("../../../../data/jfk-2013-07-10.csv");

/// One scheduled flight.
pub(crate) struct RecordedDeparture {
    pub(crate) flight: String,
    pub(crate) airline: String,
    /// IATA code.
    pub(crate) destination: String,
    /// Registration.
    pub(crate) aircraft: Option<String>,
    pub(crate) scheduled: Timestamp,
    /// Scheduled arrival with the destination's offset; text, since nothing is computed from it.
    pub(crate) arrival: String,
    pub(crate) outcome: DepartureOutcome,
}

pub(crate) enum DepartureOutcome {
    Cancelled,
    Departed {
        actual: Timestamp,
        /// False if it was diverted or its arrival is unknown.
        arrived: bool,
    },
}

/// The columns in order.
type DepartureRow = (
    String,
    String,
    String,
    Option<String>,
    Timestamp,
    Option<i32>,
    Option<Timestamp>,
    String,
    String,
);

/// All departures of the day, by scheduled time.
pub(crate) fn departures() -> Vec<RecordedDeparture> {
    let mut table = csv::Reader::from_reader(TABLE.as_bytes());
    let rows = table.deserialize::<DepartureRow>();
    rows.map(|row| row.expect("the table is embedded, and a test reads it").into()).collect()
}

impl From<DepartureRow> for RecordedDeparture {
    fn from(row: DepartureRow) -> Self {
        let (flight, airline, destination, aircraft, scheduled, _, actual, arrival, outcome) = row;
        let outcome = match actual {
            Some(actual) => {
                DepartureOutcome::Departed { actual, arrived: outcome != "unknown-arrival" }
            }
            None => DepartureOutcome::Cancelled,
        };
        Self { flight, airline, destination, aircraft, scheduled, arrival, outcome }
    }
}
