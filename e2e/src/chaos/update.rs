//! What a publisher asks for, and the event that must come of it.

use serde_json::{Map, Value, json};

/// The two boards of a round. Their events share the journal's numbers.
pub const BOARDS: [&str; 2] = ["main", "side"];

/// One update, with a key that makes it harmless to ask for it again.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyedUpdate {
    pub board: &'static str,
    pub change: UpdateKind,
    pub key: String,
}

#[derive(Debug, Clone, PartialEq)]
pub enum UpdateKind {
    /// A whole row.
    Put(Map<String, Value>),
    /// The fields of a row that change, with the flight.
    Patch(Map<String, Value>),
    Remove(String),
    /// Another title for the board.
    Title(String),
}

impl KeyedUpdate {
    /// The flight that it is about, if it is about one.
    pub fn flight(&self) -> Option<&str> {
        match &self.change {
            UpdateKind::Put(row) | UpdateKind::Patch(row) => row["flight"].as_str(),
            UpdateKind::Remove(flight) => Some(flight),
            UpdateKind::Title(_) => None,
        }
    }

    /// As a line of NDJSON.
    pub fn line(&self) -> String {
        let (event, data) = match &self.change {
            UpdateKind::Put(row) => ("flightAddition", json!(row)),
            UpdateKind::Patch(fields) => ("flightStateUpdate", json!(fields)),
            UpdateKind::Remove(flight) => ("flightRemoval", json!({ "flight": flight })),
            UpdateKind::Title(title) => ("boardUpdate", json!({ "title": title })),
        };
        json!({ "event": event, "data": data, "idempotencyKey": self.key }).to_string()
    }

    /// The event that followers must see of it, if the row was this one before. Of a board's new
    /// settings only the title.
    pub fn event(&self, row: Option<&Map<String, Value>>) -> (&'static str, Value) {
        match &self.change {
            UpdateKind::Put(row) => ("flightAddition", json!(row)),
            UpdateKind::Patch(fields) => ("flightStateUpdate", json!(changed(row, fields))),
            UpdateKind::Remove(flight) => ("flightRemoval", json!({ "flight": flight })),
            UpdateKind::Title(title) => ("boardUpdate", json!({ "title": title })),
        }
    }
}

/// What is really different in a patch.
fn changed(row: Option<&Map<String, Value>>, fields: &Map<String, Value>) -> Map<String, Value> {
    let was = |name: &str| row.and_then(|row| row.get(name)).unwrap_or(&Value::Null);
    let differs = |(name, value): &(&String, &Value)| *name == "flight" || was(name) != *value;
    fields.iter().filter(differs).map(|(name, value)| (name.clone(), value.clone())).collect()
}
