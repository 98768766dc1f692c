//! The recorded day: its table, read.
//!
//! What the columns mean and where they come from is told in `data/README.md`. Nothing here is
//! invented; what is, is in `plan`.

use jiff::Timestamp;
use jiff::tz::{self, Offset};

/// The day as the airport's clock shows it all day long: New York's daylight saving time.
pub(crate) const OFFSET: Offset = tz::offset(-4);

const TABLE: &str = include_str!("../../../data/jfk-2013-07-10.csv");

/// One flight that was scheduled to leave.
pub(crate) struct Departure {
    pub(crate) flight: String,
    pub(crate) airline: String,
    /// IATA code.
    pub(crate) destination: String,
    /// Registration.
    pub(crate) aircraft: Option<String>,
    pub(crate) scheduled: Timestamp,
    /// Scheduled too, with the destination's offset: as text, since nothing is computed from it.
    pub(crate) arrival: String,
    pub(crate) outcome: Outcome,
}

/// What became of it.
pub(crate) enum Outcome {
    Cancelled,
    Left {
        actual: Timestamp,
        /// Whether it is known to have come down where it should.
        arrived: bool,
    },
}

/// The columns in their order.
type Row = (
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
pub(crate) fn departures() -> Vec<Departure> {
    let mut table = csv::Reader::from_reader(TABLE.as_bytes());
    let rows = table.deserialize::<Row>();
    rows.map(|row| row.expect("the program holds the table, and a test reads it").into()).collect()
}

impl From<Row> for Departure {
    fn from(row: Row) -> Self {
        let (flight, airline, destination, aircraft, scheduled, _, actual, arrival, outcome) = row;
        let outcome = match actual {
            Some(actual) => Outcome::Left { actual, arrived: outcome != "unknown-arrival" },
            None => Outcome::Cancelled,
        };
        Self { flight, airline, destination, aircraft, scheduled, arrival, outcome }
    }
}
