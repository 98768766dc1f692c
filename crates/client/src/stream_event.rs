//! The events of a board's stream, parsed, so that the rest handles valid events only.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::row::{BoardRow, RowKey};

pub(crate) type JsonObject = Map<String, Value>;

/// An event that changes what is known of a board.
#[derive(Debug, Clone)]
pub(crate) enum BoardStep {
    Timetable { settings: JsonObject, source: Option<JsonObject>, rows: Vec<BoardRow> },
    Addition(BoardRow),
    Patch(RowPatch),
    Removal(RowKey),
    Settings { settings: JsonObject, patches: Vec<RowPatch> },
    Source(Option<JsonObject>),
    Closed { reason: String },
}

/// A JSON Merge Patch of the row with this key.
#[derive(Debug, Clone)]
pub(crate) struct RowPatch {
    pub(crate) key: RowKey,
    pub(crate) fields: JsonObject,
}

/// A heartbeat, which the server sends every 15 seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardHeartbeat {
    /// The id of the board's newest event.
    pub head: String,
    /// The server's time in RFC 3339.
    pub at: Option<String>,
    /// The time of the last update of the board in RFC 3339, as far as the server knows it.
    pub last_update: Option<String>,
    /// The build of the server's page.
    pub build: Option<String>,
    /// Since when the server itself may be out of date; `None` if it is up to date.
    pub behind: Option<Duration>,
}

/// The data of an event is no JSON, or not of its name: an event is lost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the data of an event is not that of its name, {name}")]
pub struct UnreadableEvent {
    /// The name of the event.
    pub name: String,
}

/// An event of a stream. Names of later versions are ignored.
pub(crate) enum StreamEvent {
    Step(BoardStep),
    Heartbeat(BoardHeartbeat),
    Ignored,
}

impl StreamEvent {
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, UnreadableEvent> {
        if !is_known(name) {
            return Ok(Self::Ignored);
        }
        let data = serde_json::from_str(text).ok();
        let event = data.and_then(|data| match name {
            "heartbeat" => heartbeat(&data).map(Self::Heartbeat),
            _ => step(name, data).map(Self::Step),
        });
        event.ok_or_else(|| UnreadableEvent { name: name.to_owned() })
    }
}

/// The step of an event with this name; `None` if the name is unknown or the data is not of it.
pub(crate) fn step(name: &str, data: Value) -> Option<BoardStep> {
    match name {
        "timetable" => timetable(data),
        "flightAddition" => BoardRow::new(object(data)?).map(BoardStep::Addition),
        "flightStateUpdate" => patch(data).map(BoardStep::Patch),
        "flightRemoval" => RowKey::of_fields(data.as_object()?).map(BoardStep::Removal),
        "boardUpdate" => {
            let mut settings = object(data)?;
            let patches = match settings.remove("flights") {
                None | Some(Value::Null) => Vec::new(),
                Some(patches) => all(patches, patch)?,
            };
            Some(BoardStep::Settings { settings, patches })
        }
        "sourceUpdate" => source(data).map(BoardStep::Source),
        "closedConnection" => {
            let reason = data.get("reason")?.as_str()?.to_owned();
            Some(BoardStep::Closed { reason })
        }
        _ => None,
    }
}

pub(crate) fn is_known(name: &str) -> bool {
    matches!(
        name,
        "timetable"
            | "flightAddition"
            | "flightStateUpdate"
            | "flightRemoval"
            | "boardUpdate"
            | "sourceUpdate"
            | "closedConnection"
            | "heartbeat"
    )
}

fn timetable(data: Value) -> Option<BoardStep> {
    let mut data = object(data)?;
    let mut settings = object(data.remove("board")?)?;
    let source = source(settings.remove("source").unwrap_or_default())?;
    let rows = all(data.remove("flights")?, |row| BoardRow::new(object(row)?))?;
    Some(BoardStep::Timetable { settings, source, rows })
}

fn patch(data: Value) -> Option<RowPatch> {
    let fields = object(data)?;
    let key = RowKey::of_fields(&fields)?;
    Some(RowPatch { key, fields })
}

/// `Some(None)` for no source.
fn source(data: Value) -> Option<Option<JsonObject>> {
    if data.is_null() {
        return Some(None);
    }
    let source = object(data)?;
    let is_text = |name: &str| source.get(name).is_some_and(Value::is_string);
    ["name", "attribution", "status"].into_iter().all(is_text).then_some(Some(source))
}

fn heartbeat(data: &Value) -> Option<BoardHeartbeat> {
    let text = |name: &str| data.get(name).and_then(Value::as_str).map(str::to_owned);
    let behind = data.get("behind").and_then(Value::as_f64);
    Some(BoardHeartbeat {
        head: text("head")?,
        at: text("at"),
        last_update: text("lastUpdate"),
        build: text("build"),
        // An absurd number counts as the longest time.
        behind: behind.map(|secs| Duration::try_from_secs_f64(secs).unwrap_or(Duration::MAX)),
    })
}

fn object(value: Value) -> Option<JsonObject> {
    match value {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

fn all<T>(values: Value, parse: impl Fn(Value) -> Option<T>) -> Option<Vec<T>> {
    match values {
        Value::Array(values) => values.into_iter().map(parse).collect(),
        _ => None,
    }
}
