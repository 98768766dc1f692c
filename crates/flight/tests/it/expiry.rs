//! Rows leave by themselves after a final state.

use flight::{ApplyOutcome, Boards, Rejection};
use jiff::ToSpan;
use serde_json::{Value, json};

use crate::fold::{Fold, main};

/// How long after 10:00 UTC the row given at 10:00 UTC is due, in minutes.
#[track_caller]
fn check(settings: Value, row: Value, expected: Option<i64>) {
    let mut fold = Fold::new(settings);
    fold.apply("flightAddition", row);
    let due = |minutes: i64| {
        let now = fold.now.checked_add(minutes.minutes()).unwrap();
        !fold.boards.due_expiries(now).is_empty()
    };
    assert_eq!((-60..3_000).find(|minutes| due(*minutes)), expected);
}

#[test]
fn stays_are_those_of_the_state() {
    let row = |state: &str| json!({"flight": "I768", "state": state});
    for (state, stay) in
        [("landed", 30), ("at gate", 30), ("baggage", 30), ("departed", 15), ("Landed", 30)]
    {
        check(json!({}), row(state), Some(stay));
    }
    check(json!({}), row("landing"), None);
    check(json!({}), row(""), None);
    check(json!({"removeAfter": {"landed": "1h"}}), row("landed"), Some(60));
    check(json!({"removeAfter": {"landed": "never"}}), row("landed"), None);
}

#[test]
fn cancelled_rows_stay_until_past_their_scheduled_time() {
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
fn a_stay_begins_with_the_state_not_with_later_news() {
    let mut fold = Fold::new(json!({}));
    fold.apply("flightAddition", json!({"flight": "I768", "state": "landed"}));
    fold.now = "2026-11-22T10:20:00Z".parse().unwrap();
    fold.apply("flightStateUpdate", json!({"flight": "I768", "belt": "3"}));
    let due = fold.boards.due_expiries("2026-11-22T10:30:00Z".parse().unwrap());
    assert_eq!(due.len(), 1);

    fold.apply("flightStateUpdate", json!({"flight": "I768", "state": "baggage"}));
    assert_eq!(fold.apply_record(due[0].clone()), ApplyOutcome::Rejected(Rejection::NotDue));
    fold.now = "2026-11-22T10:50:00Z".parse().unwrap();
    let due = fold.boards.due_expiries(fold.now);
    let ApplyOutcome::Changed(event) = fold.apply_record(due[0].clone()) else {
        panic!("still there")
    };
    assert_eq!((event.name(), event.data()), ("flightRemoval", r#"{"flight":"I768"}"#.to_owned()));
    assert!(fold.boards.board(&main()).unwrap().is_empty());
}

#[test]
fn new_settings_hold_for_the_rows_that_are_there() {
    let mut fold = Fold::new(json!({}));
    fold.apply("flightAddition", json!({"flight": "I768", "state": "landed"}));
    fold.apply("boardUpdate", json!({"removeAfter": {"landed": "5m"}}));
    assert_eq!(fold.boards.due_expiries("2026-11-22T10:05:00Z".parse().unwrap()).len(), 1);
}

#[test]
fn a_restored_timetable_lets_the_same_rows_leave() {
    let mut fold = Fold::new(json!({}));
    fold.apply("flightAddition", json!({"flight": "I768", "state": "landed"}));
    fold.apply("flightAddition", json!({"flight": "G119", "state": "departed"}));
    fold.apply("flightAddition", json!({"flight": "X1", "state": "landing"}));
    let restored = Boards::restore(&fold.boards.checkpoint()).unwrap();
    for (minutes, rows) in [(14, 0), (15, 1), (29, 1), (30, 2), (3_000, 2)] {
        let now = fold.now.checked_add(minutes.minutes()).unwrap();
        assert_eq!(restored.due_expiries(now).len(), rows, "after {minutes} minutes");
        assert_eq!(restored.due_expiries(now), fold.boards.due_expiries(now));
    }
}
