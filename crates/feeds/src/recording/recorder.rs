//! Writes a recording from a server's answers about the past.

use std::collections::{BTreeMap, HashMap};

use flight::INSTANTS;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::recording::RecordedLine;

type AnswerObject = Map<String, Value>;

/// The parts of a row's key.
const KEY: [&str; 3] = ["flight", "date", "leg"];

/// The answer to `GET /boards/{board}/flights?at=`.
#[derive(Debug, Deserialize)]
pub struct PastAnswer {
    /// The settings, and the source if there was one.
    pub board: AnswerObject,
    /// The last event.
    pub id: String,
    /// The rows.
    pub flights: Vec<AnswerObject>,
}

/// A change, as `GET /boards/{board}/changes` lists it.
#[derive(Debug, Deserialize)]
pub struct ListedChange {
    /// RFC 3339.
    pub time: String,
    /// The name of the event.
    pub event: String,
    /// The key of the row; empty if the board itself changed.
    #[serde(default)]
    pub flight: AnswerObject,
    /// The fields that changed.
    #[serde(default)]
    pub fields: BTreeMap<String, ValueTransition>,
}

/// The value of a field before and after a change.
#[derive(Debug, Deserialize)]
pub struct ValueTransition {
    /// After; `null` if it has none.
    #[serde(default)]
    pub to: Value,
}

/// The board during a recording. A list of changes has only the fields that differ, a recording whole rows and settings.
#[derive(Debug, Default)]
pub struct BoardRecorder {
    settings: AnswerObject,
    source: AnswerObject,
    rows: HashMap<[Option<String>; 3], AnswerObject>,
}

impl BoardRecorder {
    /// Starts with the board as of `time`. Returns the lines that make it of an empty board.
    pub fn start(time: &str, past: PastAnswer) -> (Self, Vec<RecordedLine>) {
        let mut recorder = Self { settings: past.board, ..Self::default() };
        if let Some(Value::Object(source)) = recorder.settings.remove("source") {
            recorder.source = source;
        }
        let mut events = vec![("boardUpdate", recorder.recorded_settings())];
        if !recorder.source.is_empty() {
            events.push(("sourceUpdate", recorder.recorded_source()));
        }
        for mut row in past.flights {
            // The server computes them from the other fields.
            row.retain(|name, _| INSTANTS.iter().all(|(_, instant)| *instant != name));
            recorder.rows.insert(key_of(&row), row.clone());
            events.push(("flightAddition", Value::Object(row)));
        }
        let lines = events.into_iter().map(|(event, data)| line(time, event, data)).collect();
        (recorder, lines)
    }

    /// Applies a change, and returns its line.
    pub fn record(&mut self, change: ListedChange) -> RecordedLine {
        let ListedChange { time, event, flight, fields } = change;
        let data = match &*event {
            "boardUpdate" => {
                merge(&mut self.settings, fields);
                self.recorded_settings()
            }
            "sourceUpdate" => {
                merge(&mut self.source, fields);
                self.recorded_source()
            }
            "closedConnection" => {
                *self = Self::default();
                let reason = fields.into_iter().find(|(name, _)| name == "reason");
                reason.map_or_else(|| json!({}), |(_, reason)| json!({ "reason": reason.to }))
            }
            "flightAddition" => {
                let row = self.rows.entry(key_of(&flight)).or_insert(flight);
                merge(row, fields);
                Value::Object(row.clone())
            }
            "flightStateUpdate" => {
                let mut patch = flight;
                if let Some(row) = self.rows.get_mut(&key_of(&patch)) {
                    merge(row, fields.iter().map(|(name, value)| (name.clone(), value.to.clone())));
                }
                patch.extend(fields.into_iter().map(|(name, value)| (name, value.to)));
                Value::Object(patch)
            }
            _ => {
                self.rows.remove(&key_of(&flight));
                Value::Object(flight)
            }
        };
        line(&time, &event, data)
    }

    /// The settings for any board that plays the recording. It removes rows by its own lines: by the clock of a later
    /// day they would be overdue.
    fn recorded_settings(&self) -> Value {
        let mut settings = self.settings.clone();
        settings.remove("name");
        if let Some(Value::Object(stays)) = settings.get_mut("removeAfter") {
            stays.values_mut().for_each(|stay| *stay = "never".into());
        }
        Value::Object(settings)
    }

    /// The source, which on a later day would be late at once.
    fn recorded_source(&self) -> Value {
        let mut source = self.source.clone();
        source.remove("lateAfter");
        if source.is_empty() { Value::Null } else { Value::Object(source) }
    }
}

impl From<ValueTransition> for Value {
    fn from(transition: ValueTransition) -> Self {
        transition.to
    }
}

fn merge(object: &mut AnswerObject, fields: impl IntoIterator<Item = (String, impl Into<Value>)>) {
    for (name, value) in fields {
        match value.into() {
            Value::Null => object.remove(&name),
            value => object.insert(name, value),
        };
    }
}

fn key_of(row: &AnswerObject) -> [Option<String>; 3] {
    KEY.map(|name| row.get(name).and_then(Value::as_str).map(str::to_owned))
}

fn line(time: &str, event: &str, data: Value) -> RecordedLine {
    RecordedLine { time: time.to_owned(), event: event.to_owned(), data }
}
