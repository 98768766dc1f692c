//! The events that followers are sent when a timetable changes.

use serde::Serialize;

use crate::board::BoardSettings;
use crate::instants::{FlightRow, FlightRowPatch};
use crate::row::FlightKey;
use crate::source::BoardSource;

/// A change of one board, as its followers are sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BoardEvent {
    /// A row was added or replaced. Contains all its fields.
    FlightAddition(FlightRow),
    /// A row changed. Contains only the fields that did.
    FlightStateUpdate(FlightRowPatch),
    /// A row was removed.
    FlightRemoval(FlightKey),
    /// The board was opened or its settings changed.
    BoardUpdate(Box<BoardUpdate>),
    /// The source of the board's rows, or its status, changed; `None` if there is no source any more.
    SourceUpdate(Option<Box<BoardSource>>),
    /// The board was closed, for this reason.
    ClosedConnection(String),
}

/// The new settings of a board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BoardUpdate {
    /// The settings, complete.
    #[serde(flatten)]
    pub settings: BoardSettings,
    /// The rows whose local times are at other instants in the board's new time zone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub flights: Vec<FlightRowPatch>,
}

impl BoardEvent {
    pub(crate) fn new_settings(settings: &BoardSettings, flights: Vec<FlightRowPatch>) -> Self {
        Self::BoardUpdate(Box::new(BoardUpdate { settings: settings.clone(), flights }))
    }

    /// The event's type on the stream.
    pub fn name(&self) -> &'static str {
        match self {
            Self::FlightAddition(_) => "flightAddition",
            Self::FlightStateUpdate(_) => "flightStateUpdate",
            Self::FlightRemoval(_) => "flightRemoval",
            Self::BoardUpdate(_) => "boardUpdate",
            Self::SourceUpdate(_) => "sourceUpdate",
            Self::ClosedConnection(_) => "closedConnection",
        }
    }

    /// The key of the row that it changes, if it does not change the board itself.
    pub fn flight(&self) -> Option<&FlightKey> {
        match self {
            Self::FlightAddition(row) => Some(row.flight().key()),
            Self::FlightStateUpdate(patch) => Some(patch.key()),
            Self::FlightRemoval(key) => Some(key),
            Self::BoardUpdate(_) | Self::SourceUpdate(_) | Self::ClosedConnection(_) => None,
        }
    }

    /// The event's data: one line of JSON.
    pub fn data(&self) -> String {
        match self {
            Self::FlightAddition(flight) => to_json(flight),
            Self::FlightStateUpdate(patch) => to_json(patch),
            Self::FlightRemoval(key) => to_json(key),
            Self::BoardUpdate(update) => to_json(update),
            Self::SourceUpdate(source) => to_json(source),
            Self::ClosedConnection(reason) => to_json(&serde_json::json!({ "reason": reason })),
        }
    }
}

fn to_json(data: &impl Serialize) -> String {
    serde_json::to_string(data).expect("maps with text keys always have a JSON form")
}
