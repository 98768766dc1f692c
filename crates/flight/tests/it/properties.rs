//! Properties of any sequence of updates.

use flight::{ApplyOutcome, BoardName, Change};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::test_boards::{TestBoards, main_board};

/// The rows of a client that sees only the events, and adds, replaces, merges and removes rows.
#[derive(Default)]
struct ClientRows(Vec<Value>);

impl ClientRows {
    fn apply(&mut self, event: &str, data: Value) {
        let index = self.0.iter().position(|row| has_same_key(row, &data));
        match (event, index) {
            ("flightAddition", Some(index)) => self.0[index] = data,
            ("flightAddition", None) => self.0.push(data),
            ("flightStateUpdate", Some(index)) => merge(&mut self.0[index], data),
            ("flightRemoval", Some(index)) => drop(self.0.remove(index)),
            ("boardUpdate", _) => {}
            (event, index) => panic!("{event} of {data} at {index:?}"),
        }
    }
}

fn has_same_key(row: &Value, data: &Value) -> bool {
    row["flight"] == data["flight"] && row.get("date") == data.get("date")
}

/// RFC 7396 for rows, whose values are never objects.
fn merge(row: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else { panic!("a patch is an object") };
    let row = row.as_object_mut().unwrap();
    for (name, value) in patch {
        if value.is_null() {
            row.remove(&name)
        } else {
            row.insert(name, value)
        };
    }
}

fn update() -> impl Strategy<Value = (&'static str, Value)> {
    let key =
        ("[AB][12]", prop::option::of(prop::sample::select(vec!["2026-11-22", "2026-11-23"])));
    let fields = (
        prop::option::of("[a-c]"),
        prop::option::of(prop::sample::select(vec!["landing", "landed", "Landed", ""])),
        prop::option::of(prop::collection::vec("[x-z]", 0..2)),
    );
    let event = prop::sample::select(vec!["flightAddition", "flightStateUpdate", "flightRemoval"]);
    (event, key, fields).prop_map(|(event, (flight, date), (gate, state, via))| {
        let mut data = json!({ "flight": flight });
        if let Some(date) = date {
            data["date"] = json!(date);
        }
        if event != "flightRemoval" {
            data["gate"] = json!(gate);
            data["state"] = json!(state);
            data["via"] = json!(via);
        }
        (event, data)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A client that applies the events has the board's rows, across a restart from a checkpoint at
    /// any position.
    #[test]
    fn events_reproduce_the_rows(
        updates in prop::collection::vec(update(), 0..60),
        restart_at in 0_usize..60,
    ) {
        let mut test = TestBoards::new(json!({}));
        let mut client = ClientRows::default();
        for (index, (event, data)) in updates.into_iter().enumerate() {
            if index == restart_at {
                test.restart();
            }
            if let ApplyOutcome::Changed(event) = test.apply(event, data) {
                prop_assert_eq!(test.boards.board(&main_board()).unwrap().head(), test.seq);
                client.apply(event.name(), serde_json::from_str(&event.data()).unwrap());
            }
        }
        let timetable = test.boards.board(&main_board()).unwrap();
        let rows = timetable.rows().into_iter();
        let rows: Vec<_> = rows.map(|row| serde_json::to_value(row.flight()).unwrap()).collect();
        prop_assert_eq!(rows, client.0);
    }

    /// Later updates change neither the boards restored from a checkpoint nor a checkpoint that is
    /// encoded afterwards.
    #[test]
    fn checkpoint_is_unaffected_by_later_updates(
        before in prop::collection::vec(update(), 0..30),
        after in prop::collection::vec(update(), 0..30),
    ) {
        let mut test = TestBoards::new(json!({}));
        for (index, (event, data)) in before.into_iter().enumerate() {
            test.apply_once(&format!("before-{index}"), event, data);
        }
        let checkpoint = test.boards.checkpoint();
        let encoded = checkpoint.encode();
        for (index, (event, data)) in after.into_iter().enumerate() {
            test.apply_once(&format!("after-{index}"), event, data);
        }
        prop_assert_eq!(checkpoint.encode(), encoded);
    }

    #[test]
    fn no_json_panics_the_parser(
        event in "flightAddition|flightStateUpdate|boardUpdate|closedConnection|.*",
        name in "flight|date|arrival|state|via|timeZone|removeAfter|.*",
        text in ".*|[0-9:TZ.+-]{0,30}",
    ) {
        for value in [json!(text), json!([text]), json!({ &text: text }), json!({ "landed": text })] {
            let data = json!({ "flight": "I768", &name: value });
            let _ = Change::parse(&main_board(), &event, &data);
        }
        let _ = Change::parse(&main_board(), &event, &json!({ "flight": text }));
        let _ = BoardName::parse(&text);
    }
}
