//! What a follower shows: the rows that its events make, by the rules of the protocol and by
//! nothing that the server is made of.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::follower::Event;

#[derive(Default)]
pub struct Screen {
    rows: BTreeMap<String, Value>,
}

impl Screen {
    pub fn show(&mut self, event: &Event) {
        let data = &event.data;
        match event.name.as_str() {
            "timetable" => {
                let rows = data["flights"].as_array().unwrap();
                self.rows = rows.iter().map(|row| (key(row), row.clone())).collect();
            }
            "flightAddition" => {
                self.rows.insert(key(data), data.clone());
            }
            "flightStateUpdate" => {
                let row = self.rows.get_mut(&key(data)).expect("only a row that is there changes");
                merge(row, data);
            }
            "flightRemoval" => {
                self.rows.remove(&key(data)).expect("only a row that is there goes");
            }
            "closedConnection" => self.rows.clear(),
            other => assert_eq!(other, "boardUpdate"),
        }
    }

    /// Checks that these are the rows of the server.
    pub fn check(&self, rows: &[Value]) {
        let rows: BTreeMap<_, _> = rows.iter().map(|row| (key(row), row.clone())).collect();
        assert_eq!(self.rows, rows);
    }

    pub fn flights(&self) -> Vec<&str> {
        self.rows.values().map(|row| row["flight"].as_str().unwrap()).collect()
    }
}

fn key(row: &Value) -> String {
    format!("{} {}", row["flight"], row["date"])
}

/// JSON Merge Patch (RFC 7396) of a flat object.
fn merge(row: &mut Value, patch: &Value) {
    let row = row.as_object_mut().unwrap();
    for (name, value) in patch.as_object().unwrap() {
        if value.is_null() {
            row.remove(name);
        } else {
            row.insert(name.clone(), value.clone());
        }
    }
}
