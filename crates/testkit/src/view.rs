//! The rows that a follower shows, by the client crate, which shares no code with the server.

use std::collections::BTreeMap;

use flightboard_client::Board;
use serde_json::Value;

use crate::follower::ReceivedEvent;

#[derive(Default)]
pub struct View {
    board: Board,
}

impl View {
    /// Panics on an event that does not fit the rows.
    pub fn apply(&mut self, event: &ReceivedEvent) {
        let applied = self.board.apply(&event.name, event.data.clone());
        applied.unwrap_or_else(|error| panic!("{event:?}: {error}"));
    }

    /// Compares with the rows of the server, in any order.
    pub fn assert_rows(&self, expected: &[Value]) {
        let expected: BTreeMap<_, _> =
            expected.iter().map(|row| (row_key(row), row.clone())).collect();
        assert_eq!(self.by_key(), expected);
    }

    pub fn rows(&self) -> Vec<Value> {
        self.by_key().into_values().collect()
    }

    pub fn flights(&self) -> Vec<String> {
        self.rows().iter().map(|row| row["flight"].as_str().unwrap().to_owned()).collect()
    }

    fn by_key(&self) -> BTreeMap<String, Value> {
        let rows = self.board.rows().map(|row| Value::Object(row.fields().clone()));
        rows.map(|row| (row_key(&row), row)).collect()
    }
}

fn row_key(row: &Value) -> String {
    format!("{} {} {}", row["flight"], row["date"], row["leg"])
}
