//! The fold of events, by the golden files that the server and its page read too.

use std::collections::BTreeMap;

use flightboard_client::Board;
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
struct GoldenFold {
    name: String,
    steps: Vec<GoldenStep>,
    rows: Vec<Map<String, Value>>,
    source: Option<Map<String, Value>>,
    #[serde(default)]
    closed: bool,
}

#[derive(Deserialize)]
struct GoldenStep {
    gives: Option<GoldenEvent>,
}

#[derive(Deserialize)]
struct GoldenEvent {
    event: String,
    data: Value,
}

#[test]
fn folds_match_golden_files() {
    let folds: Vec<GoldenFold> =
        serde_json::from_str(include_str!("../../../flight/tests/data/folds.json")).unwrap();
    assert!(!folds.is_empty());
    for fold in folds {
        let mut board = Board::default();
        for GoldenEvent { event, data } in fold.steps.into_iter().filter_map(|step| step.gives) {
            board.apply(&event, data).unwrap_or_else(|error| panic!("{}: {error}", fold.name));
        }
        let rows = board.rows().map(|row| row.fields().clone());
        assert_eq!(by_key(rows), by_key(fold.rows), "{}", fold.name);
        assert_eq!(board.source(), fold.source.as_ref(), "{}", fold.name);
        assert_eq!(board.closed().is_some(), fold.closed, "{}", fold.name);
    }
}

#[test]
fn unfit_events_change_nothing() {
    let start = json!({"board": {"name": "main"}, "flights": [{"flight": "I768"}]});
    let mut board = Board::default();
    assert_eq!(board.apply("timetable", start), Ok(None));
    for (name, data) in [
        ("timetable", json!({"board": {}})),
        ("timetable", json!({"board": null, "flights": []})),
        ("timetable", json!({"board": {"source": {}}, "flights": []})),
        ("boardUpdate", json!({"name": "main", "flights": {}})),
        ("boardUpdate", json!({"flights": [{"flight": "I768", "gate": "B4"}, {"flight": "X1"}]})),
        ("flightAddition", json!(null)),
        ("flightStateUpdate", json!({"flight": "X1", "state": "landed"})),
        ("flightRemoval", json!({"flight": "I768", "date": "2026-11-22"})),
        ("flightRemoval", json!({"date": "2026-11-22"})),
        ("sourceUpdate", json!({"name": "Avinor", "status": "current"})),
    ] {
        assert!(board.apply(name, data.clone()).is_err(), "{name} {data}");
        let rows: Vec<_> = board.rows().map(|row| json!(row.fields())).collect();
        assert_eq!(rows, [json!({"flight": "I768"})], "{name} {data}");
    }
    assert_eq!(board.apply("ofALaterVersion", json!(1)), Ok(Some(Vec::new())));
}

fn by_key(rows: impl IntoIterator<Item = Map<String, Value>>) -> BTreeMap<String, Value> {
    let key = |row: &Map<String, Value>| {
        format!("{:?} {:?} {:?}", row.get("flight"), row.get("date"), row.get("leg"))
    };
    rows.into_iter().map(|row| (key(&row), Value::Object(row))).collect()
}
