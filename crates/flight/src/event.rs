//! The events that followers are sent when a timetable changes.

use serde::Serialize;

use crate::board::BoardSettings;
use crate::row::{Flight, FlightKey, FlightPatch};

/// A change of one board, as its followers are sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BoardEvent {
    /// A row was added or replaced. Contains all its fields.
    FlightAddition(Flight),
    /// A row changed. Contains only the fields that did.
    FlightStateUpdate(FlightPatch),
    /// A row was removed.
    FlightRemoval(FlightKey),
    /// The board was opened or its settings changed.
    BoardUpdate(Box<BoardSettings>),
    /// The board was closed, for this reason.
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
            Self::FlightAddition(flight) => to_json(flight),
            Self::FlightStateUpdate(patch) => to_json(patch),
            Self::FlightRemoval(key) => to_json(key),
            Self::BoardUpdate(settings) => to_json(settings),
            Self::ClosedConnection(reason) => to_json(&serde_json::json!({ "reason": reason })),
        }
    }
}

fn to_json(data: &impl Serialize) -> String {
    serde_json::to_string(data).expect("maps with text keys always have a JSON form")
}
