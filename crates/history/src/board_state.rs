//! The state of a board at one event: its settings, its source and its rows, as a follower has them.

use std::collections::HashMap;

use flight::Timetable;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The level of compression: rows repeat each other, so the fastest one suffices.
const COMPRESSION_LEVEL: i32 = 1;

/// Largest state: that of a board with all rows, in JSON.
const MAX_BOARD_STATE_BYTES: usize = 64 * 1024 * 1024;

pub(crate) type Object = Map<String, Value>;

/// The parts of a row's key.
pub(crate) const KEY: [&str; 3] = ["flight", "date", "leg"];

/// The values of those parts.
pub(crate) type PastRowKey = [Option<String>; 3];

/// A state, encoded.
#[derive(Debug, Default, Serialize, Deserialize)]
struct EncodedState {
    settings: Object,
    source: Option<Object>,
    rows: Vec<Object>,
}

/// A state that events change, by the rules that followers have.
#[derive(Debug, Default)]
pub(crate) struct BoardState {
    settings: Object,
    source: Option<Object>,
    /// The rows in the order in which they were added; `None` where one was removed.
    rows: Vec<Option<Object>>,
    /// The place of each row.
    places: HashMap<PastRowKey, usize>,
}

/// Encodes the state of a board.
pub(crate) fn encode(timetable: &Timetable) -> Vec<u8> {
    let rows = timetable.rows().into_iter().map(|row| object(row.row())).collect();
    let source = timetable.source().map(object);
    compress(&EncodedState { settings: object(timetable.settings()), source, rows })
}

/// Encodes a board that was opened with these settings.
pub(crate) fn encode_opened(settings: &Value) -> Vec<u8> {
    let settings = settings.as_object().cloned().unwrap_or_default();
    compress(&EncodedState { settings, ..EncodedState::default() })
}

impl BoardState {
    /// Decodes a state; `None` if the bytes are not one.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let json = zstd::bulk::decompress(bytes, MAX_BOARD_STATE_BYTES).ok()?;
        let EncodedState { settings, source, rows } = serde_json::from_slice(&json).ok()?;
        let mut state = Self { settings, source, ..Self::default() };
        for row in rows {
            state.add(row);
        }
        Some(state)
    }

    /// Applies an event.
    pub(crate) fn apply(&mut self, event: &str, data: Value) {
        match (event, data) {
            ("flightAddition", Value::Object(row)) => self.add(row),
            ("flightStateUpdate", Value::Object(patch)) => self.patch(patch),
            ("flightRemoval", Value::Object(key)) => {
                if let Some(place) = self.places.remove(&key_of(&key)) {
                    self.rows[place] = None;
                }
            }
            ("boardUpdate", Value::Object(settings)) => self.set_settings(settings),
            ("sourceUpdate", Value::Object(source)) => self.source = Some(source),
            ("sourceUpdate", _) => self.source = None,
            ("closedConnection", _) => {
                let settings = std::mem::take(&mut self.settings);
                *self = Self { settings, ..Self::default() };
            }
            _ => {}
        }
    }

    pub(crate) fn settings(&self) -> &Object {
        &self.settings
    }

    /// The rows, in the order in which they were added.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Object> {
        self.rows.iter().flatten()
    }

    /// The board and its rows as of this state: with the id of the last event as the body of `GET …/flights`, with a
    /// reason as the data of a `timetable`.
    pub(crate) fn to_json(&self, id: Option<&str>, reason: Option<&str>) -> String {
        #[derive(Serialize)]
        struct PastRowsBody<'a> {
            board: PastBoard<'a>,
            #[serde(skip_serializing_if = "Option::is_none")]
            id: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            reason: Option<&'a str>,
            flights: Vec<&'a Object>,
        }
        #[derive(Serialize)]
        struct PastBoard<'a> {
            #[serde(flatten)]
            settings: &'a Object,
            #[serde(skip_serializing_if = "Option::is_none")]
            source: Option<&'a Object>,
        }
        let board = PastBoard { settings: &self.settings, source: self.source.as_ref() };
        let body = PastRowsBody { board, id, reason, flights: self.rows().collect() };
        serde_json::to_string(&body).expect("maps with text keys always have a JSON form")
    }

    fn add(&mut self, row: Object) {
        let key = key_of(&row);
        match self.places.get(&key) {
            Some(&place) => self.rows[place] = Some(row),
            None => {
                self.places.insert(key, self.rows.len());
                self.rows.push(Some(row));
            }
        }
    }

    /// Merges a patch into its row (RFC 7396).
    fn patch(&mut self, patch: Object) {
        let place = self.places.get(&key_of(&patch));
        let Some(row) = place.and_then(|&place| self.rows[place].as_mut()) else { return };
        for (name, value) in patch {
            if value.is_null() {
                row.remove(&name);
            } else {
                row.insert(name, value);
            }
        }
    }

    fn set_settings(&mut self, mut settings: Object) {
        let patches = settings.remove("flights");
        self.settings = settings;
        let Some(Value::Array(patches)) = patches else { return };
        for patch in patches {
            if let Value::Object(patch) = patch {
                self.patch(patch);
            }
        }
    }
}

pub(crate) fn key_of(row: &Object) -> PastRowKey {
    KEY.map(|name| row.get(name).and_then(Value::as_str).map(str::to_owned))
}

fn compress(state: &EncodedState) -> Vec<u8> {
    let json = serde_json::to_vec(state).expect("maps with text keys always have a JSON form");
    zstd::bulk::compress(&json, COMPRESSION_LEVEL).expect("memory suffices")
}

pub(crate) fn object(value: &impl Serialize) -> Object {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => fields,
        _ => Object::new(),
    }
}
