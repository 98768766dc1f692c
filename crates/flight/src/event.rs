//! What followers are told when a timetable changed.

use serde::Serialize;

use crate::board::BoardSettings;
use crate::row::{Flight, FlightKey, FlightPatch};

/// A change of one board's timetable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BoardEvent {
    /// A row was added or replaced: the whole row.
    FlightAddition(Flight),
    /// Fields of a row changed: those fields only.
    FlightStateUpdate(FlightPatch),
    /// A row is gone.
    FlightRemoval(FlightKey),
    /// The board has new settings.
    BoardUpdate(Box<BoardSettings>),
    /// The board is closed, for this reason.
    ClosedConnection(String),
}

impl BoardEvent {
    /// The event's type on the stream.
    pub fn name(&self) -> &'static str {
        match self {
            Self::FlightAddition(_) => "flightAddition",
            Self::FlightStateUpdate(_) => "flightStateUpdate",
            Self::FlightRemoval(_) => "flightRemoval",
            Self::BoardUpdate(_) => "boardUpdate",
            Self::ClosedConnection(_) => "closedConnection",
        }
    }

    /// The event's data: one line of JSON.
    pub fn data(&self) -> String {
        match self {
            Self::FlightAddition(flight) => line(flight),
            Self::FlightStateUpdate(patch) => line(patch),
            Self::FlightRemoval(key) => line(key),
            Self::BoardUpdate(settings) => line(settings),
            Self::ClosedConnection(reason) => line(&serde_json::json!({ "reason": reason })),
        }
    }
}

fn line(data: &impl Serialize) -> String {
    serde_json::to_string(data).expect("maps with text keys always have a JSON form")
}
