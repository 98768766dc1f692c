//! The rows that a follower shows: a fold of its events that follows `docs/protocol.md` and shares no code with
//! the server.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::follower::ReceivedEvent;

#[derive(Default)]
pub struct View {
    rows: BTreeMap<String, Value>,
}

impl View {
    pub fn apply(&mut self, event: &ReceivedEvent) {
        let data = &event.data;
        match event.name.as_str() {
            "timetable" => {
                let rows = data["flights"].as_array().unwrap();
                self.rows = rows.iter().map(|row| (row_key(row), row.clone())).collect();
            }
            "flightAddition" => {
                self.rows.insert(row_key(data), data.clone());
            }
            "flightStateUpdate" => self.patch(data),
            "flightRemoval" => {
                self.rows.remove(&row_key(data)).expect("the removed row exists");
            }
            "closedConnection" => self.rows.clear(),
            "boardUpdate" => {
                let patches = data.get("flights").and_then(Value::as_array);
                patches.into_iter().flatten().for_each(|patch| self.patch(patch));
            }
            // Events of later versions.
            _ => {}
        }
    }

    fn patch(&mut self, patch: &Value) {
        let row = self.rows.get_mut(&row_key(patch));
        merge_patch(row.expect("the updated row exists"), patch);
    }

    /// Compares with the rows of the server, in any order.
    pub fn assert_rows(&self, expected: &[Value]) {
        let expected: BTreeMap<_, _> =
            expected.iter().map(|row| (row_key(row), row.clone())).collect();
        assert_eq!(self.rows, expected);
    }

    pub fn rows(&self) -> Vec<Value> {
        self.rows.values().cloned().collect()
    }

    pub fn flights(&self) -> Vec<&str> {
        self.rows.values().map(|row| row["flight"].as_str().unwrap()).collect()
    }
}

fn row_key(row: &Value) -> String {
    format!("{} {} {}", row["flight"], row["date"], row["leg"])
}

/// JSON Merge Patch (RFC 7396) of a flat object.
fn merge_patch(row: &mut Value, patch: &Value) {
    let row = row.as_object_mut().unwrap();
    for (name, value) in patch.as_object().unwrap() {
        if value.is_null() {
            row.remove(name);
        } else {
            row.insert(name.clone(), value.clone());
        }
    }
}
