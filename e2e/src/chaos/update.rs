//! Updates as the load generators request them, and the events expected of them.

use serde_json::{Map, Value, json};

/// The boards of a round. Their events share the journal's sequence numbers.
pub const BOARDS: [&str; 2] = ["main", "side"];

/// One update with its idempotency key, so that it can be requested again without harm.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyedUpdate {
    pub board: &'static str,
    pub kind: UpdateKind,
    pub key: String,
}

#[derive(Debug, Clone, PartialEq)]
pub enum UpdateKind {
    /// Puts a whole row.
    Put(Map<String, Value>),
    /// Patches a row; the fields include `flight`.
    Patch(Map<String, Value>),
    /// Removes the row of this flight.
    Remove(String),
    /// Sets the title of the board.
    Title(String),
}

impl KeyedUpdate {
    /// The flight whose row changes; `None` for an update of the board itself.
    pub fn flight(&self) -> Option<&str> {
        match &self.kind {
            UpdateKind::Put(row) | UpdateKind::Patch(row) => row["flight"].as_str(),
            UpdateKind::Remove(flight) => Some(flight),
            UpdateKind::Title(_) => None,
        }
    }

    /// Encodes it as a line of NDJSON for `POST /boards/{board}/flights`.
    pub fn ndjson_line(&self) -> String {
        let (event, data) = match &self.kind {
            UpdateKind::Put(row) => ("flightAddition", json!(row)),
            UpdateKind::Patch(fields) => ("flightStateUpdate", json!(fields)),
            UpdateKind::Remove(flight) => ("flightRemoval", json!({ "flight": flight })),
            UpdateKind::Title(title) => ("boardUpdate", json!({ "title": title })),
        };
        json!({ "event": event, "data": data, "idempotencyKey": self.key }).to_string()
    }

    /// The name and data of the event that followers must receive, given the row before the update. The
    /// data of a `boardUpdate` is only its title here.
    pub fn expected_event(&self, row: Option<&Map<String, Value>>) -> (&'static str, Value) {
        match &self.kind {
            UpdateKind::Put(row) => ("flightAddition", json!(row)),
            UpdateKind::Patch(fields) => ("flightStateUpdate", json!(changed_fields(row, fields))),
            UpdateKind::Remove(flight) => ("flightRemoval", json!({ "flight": flight })),
            UpdateKind::Title(title) => ("boardUpdate", json!({ "title": title })),
        }
    }
}

/// The fields of a patch that differ from the row, and `flight`.
fn changed_fields(
    row: Option<&Map<String, Value>>,
    fields: &Map<String, Value>,
) -> Map<String, Value> {
    let before = |name: &str| row.and_then(|row| row.get(name)).unwrap_or(&Value::Null);
    let differs = |(name, value): &(&String, &Value)| *name == "flight" || before(name) != *value;
    fields.iter().filter(differs).map(|(name, value)| (name.clone(), value.clone())).collect()
}
