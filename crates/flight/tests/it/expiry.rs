//! Rows in final states expire after a delay.

use flight::{ApplyOutcome, Rejection};
use jiff::ToSpan;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::test_boards::{TestBoards, main_board};

/// Checks after how many minutes the row expires.
#[track_caller]
fn check(settings: Value, row: Value, expected: Option<i64>) {
    let mut test = TestBoards::new(settings);
    test.apply("flightAddition", row);
    let is_expired = |minutes: &i64| {
        let now = test.now.checked_add(minutes.minutes()).unwrap();
        test.boards.due_expiries(now).next().is_some()
    };
    assert_eq!((-60..3_000).find(is_expired), expected);
}

#[test]
fn delay_depends_on_the_state() {
    let row = |state: &str| json!({"flight": "I768", "state": state});
    for (state, minutes) in
        [("landed", 30), ("at gate", 30), ("baggage", 30), ("departed", 15), ("Landed", 30)]
    {
        check(json!({}), row(state), Some(minutes));
    }
    check(json!({}), row("landing"), None);
    check(json!({}), row(""), None);
    check(json!({"removeAfter": {"landed": "1h"}}), row("landed"), Some(60));
    check(json!({"removeAfter": {"landed": "never"}}), row("landed"), None);
}

#[derive(Deserialize)]
struct StateCase {
    text: String,
    #[serde(rename = "final")]
    is_final: bool,
}

#[test]
fn final_states_ignore_letter_case() {
    let cases: Vec<StateCase> = serde_json::from_str(include_str!("../data/states.json")).unwrap();
    for StateCase { text, is_final } in cases {
        let mut test = TestBoards::new(json!({}));
        test.apply("flightAddition", json!({"flight": "I768", "state": text}));
        let due = test.due_expiries("2026-11-23T10:00:00Z");
        assert_eq!(!due.is_empty(), is_final, "{text:?}");
    }
}

#[test]
fn cancelled_rows_outlast_their_schedule() {
    let cancelled = |time: &str| json!({"flight": "I768", "state": "cancelled", "arrival": time});
    check(json!({}), cancelled("2026-11-22T12:00:00Z"), Some(150));
    check(json!({}), cancelled("12:00"), Some(150));
    check(json!({"timeZone": "Europe/Rome"}), cancelled("12:00"), Some(90));
    check(json!({}), cancelled("2013-07-10T12:00:00Z"), Some(30));
    check(json!({}), json!({"flight": "I768", "state": "cancelled"}), Some(30));
    let dated =
        json!({"flight": "I768", "date": "2026-11-23", "state": "cancelled", "arrival": "09:00"});
    check(json!({}), dated, Some(24 * 60 - 60 + 30));
    let departing = json!({"flight": "I768", "state": "cancelled", "departure": "11:00"});
    check(json!({"kind": "departures"}), departing, Some(90));
}

#[test]
fn delay_starts_with_the_state() {
    let mut test = TestBoards::new(json!({}));
    test.apply("flightAddition", json!({"flight": "I768", "state": "landed"}));
    test.now = "2026-11-22T10:20:00Z".parse().unwrap();
    test.apply("flightStateUpdate", json!({"flight": "I768", "belt": "3"}));
    test.apply("flightStateUpdate", json!({"flight": "I768", "state": "LANDED"}));
    let due = test.due_expiries("2026-11-22T10:30:00Z");
    assert_eq!(due.len(), 1);

    test.apply("flightStateUpdate", json!({"flight": "I768", "state": "baggage"}));
    let rejected = ApplyOutcome::Rejected(Rejection::NotDue);
    assert_eq!(test.apply_update(due[0].clone()), rejected);
    test.now = "2026-11-22T10:50:00Z".parse().unwrap();
    let due = test.due_expiries("2026-11-22T10:50:00Z");
    let ApplyOutcome::Changed(event) = test.apply_update(due[0].clone()) else {
        panic!("the row has not expired")
    };
    assert_eq!((event.name(), event.data()), ("flightRemoval", r#"{"flight":"I768"}"#.to_owned()));
    assert!(test.boards.board(&main_board()).unwrap().is_empty());
}

#[test]
fn new_delays_apply_to_existing_rows() {
    let mut test = TestBoards::new(json!({}));
    test.apply("flightAddition", json!({"flight": "I768", "state": "landed"}));
    test.apply("boardUpdate", json!({"removeAfter": {"landed": "5m"}}));
    assert_eq!(test.due_expiries("2026-11-22T10:05:00Z").len(), 1);
    test.apply("boardUpdate", json!({"removeAfter": {"landed": "never"}}));
    assert_eq!(test.due_expiries("2026-11-23T10:00:00Z").len(), 0);
}

#[test]
fn restored_rows_expire_on_time() {
    let mut test = TestBoards::new(json!({}));
    test.apply("flightAddition", json!({"flight": "I768", "state": "landed"}));
    test.apply("flightAddition", json!({"flight": "G119", "state": "departed"}));
    test.apply("flightAddition", json!({"flight": "X1", "state": "landing"}));
    let restored = test.restored();
    for (minutes, count) in [(14, 0), (15, 1), (29, 1), (30, 2), (3_000, 2)] {
        let now = test.now.checked_add(minutes.minutes()).unwrap();
        assert_eq!(restored.due_expiries(now).count(), count, "after {minutes} minutes");
        assert!(restored.due_expiries(now).eq(test.boards.due_expiries(now)));
    }
}
