//! Updates of feeds: messages that overtake each other, sources that are late, leases, and checkpoints
//! from before boards had any of them.

use flight::{
    ApplyOutcome, Boards, Change, FeedClaim, MAX_REMOVED_ROWS, Rejection, SourceStatus, Update,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::test_boards::{TestBoards, main_board, update};

/// A checkpoint that the program wrote before keys had legs and boards had sources: a board of two rows,
/// one of them in a final state, and an idempotency key.
const OLD_CHECKPOINT: &str = include_str!("../data/checkpoint.json");

impl TestBoards {
    fn apply_as_of(&mut self, time: &str, event: &str, data: Value) -> ApplyOutcome {
        let time = format!("2026-11-22T{time}:00Z").parse().unwrap();
        self.apply_update(update(event, data).as_of(time))
    }

    fn claim(&mut self, holder: &str) -> ApplyOutcome {
        let claim = FeedClaim { holder: holder.to_owned(), millis: 60_000 };
        self.apply_update(Update::new(main_board(), Change::ClaimFeed(claim)))
    }

    fn gate(&self) -> Option<String> {
        let board = self.boards.board(&main_board()).unwrap();
        let row = json!(board.rows().first()?.row());
        Some(row["gate"].as_str().unwrap_or_default().to_owned())
    }

    fn status(&self) -> SourceStatus {
        self.boards.board(&main_board()).unwrap().source().unwrap().status
    }

    fn due_latenesses(&self) -> Vec<Update> {
        self.boards.due_latenesses(self.now).collect()
    }
}

fn row(gate: &str) -> Value {
    json!({"flight": "SK1", "date": "2026-11-22", "gate": gate})
}

fn key() -> Value {
    json!({"flight": "SK1", "date": "2026-11-22"})
}

fn source(last_answer: Timestamp, status: &str) -> Value {
    json!({"name": "Oslo", "attribution": "Data from Oslo", "lastAnswer": last_answer,
        "status": status, "lateAfter": 60})
}

fn is_changed(outcome: &ApplyOutcome) -> bool {
    matches!(outcome, ApplyOutcome::Changed(_))
}

const OVERTAKEN: ApplyOutcome = ApplyOutcome::Rejected(Rejection::Overtaken);

#[test]
fn overtaken_updates_are_rejected() {
    let mut test = TestBoards::new(json!({}));
    assert!(is_changed(&test.apply_as_of("09:00", "flightAddition", row("1"))));
    assert!(is_changed(&test.apply_as_of("09:05", "flightStateUpdate", row("2"))));
    test.restart();
    for event in ["flightStateUpdate", "flightAddition"] {
        assert_eq!(test.apply_as_of("09:04", event, row("1")), OVERTAKEN);
    }
    assert_eq!(test.apply_as_of("09:04", "flightRemoval", key()), OVERTAKEN);
    // The same message again, a part of it, and an update that has no time.
    assert!(!is_changed(&test.apply_as_of("09:05", "flightStateUpdate", row("2"))));
    assert!(is_changed(&test.apply_as_of("09:05", "flightStateUpdate", row("3"))));
    assert!(is_changed(&test.apply("flightStateUpdate", row("4"))));
    // A later message without a change counts as well.
    assert!(!is_changed(&test.apply_as_of("09:10", "flightStateUpdate", row("4"))));
    assert_eq!(test.apply_as_of("09:09", "flightStateUpdate", row("5")), OVERTAKEN);
    assert_eq!(test.gate().unwrap(), "4");
}

#[test]
fn old_messages_restore_no_row() {
    let mut test = TestBoards::new(json!({}));
    test.apply_as_of("09:00", "flightAddition", row("1"));
    let removal = json!({"flight": "SK1"});
    assert!(is_changed(&test.apply_as_of("09:05", "flightRemoval", removal)));
    test.restart();
    // Also not the message of the same moment.
    for time in ["09:00", "09:05"] {
        assert_eq!(test.apply_as_of(time, "flightAddition", row("1")), OVERTAKEN);
    }
    assert!(is_changed(&test.apply("flightAddition", row("2"))), "a person may");
    assert_eq!(test.apply_as_of("09:04", "flightStateUpdate", row("1")), OVERTAKEN);
    // A row that a person removed, or that has expired, is gone for repeated messages too.
    test.apply_as_of("09:10", "flightStateUpdate", row("3"));
    test.apply("flightRemoval", key());
    assert_eq!(test.apply_as_of("09:10", "flightAddition", row("3")), OVERTAKEN);
    assert!(is_changed(&test.apply_as_of("09:11", "flightAddition", row("4"))));
}

#[test]
fn removals_may_precede_their_rows() {
    let mut test = TestBoards::new(json!({}));
    let outcome = test.apply_as_of("09:05", "flightRemoval", key());
    assert_eq!(outcome, ApplyOutcome::Rejected(Rejection::UnknownFlight));
    assert_eq!(test.apply_as_of("09:04", "flightAddition", row("1")), OVERTAKEN);
    assert!(is_changed(&test.apply_as_of("09:06", "flightAddition", row("1"))));
}

#[test]
fn oldest_removals_are_forgotten() {
    let mut test = TestBoards::new(json!({}));
    let start: Timestamp = "2026-11-22T00:00:00Z".parse().unwrap();
    for number in 0..=MAX_REMOVED_ROWS {
        let removal = update("flightRemoval", json!({"flight": format!("F{number}")}));
        test.apply_update(removal.as_of(start + SignedDuration::from_secs(number as i64)));
    }
    let mut add = |flight: &str| {
        test.apply_update(update("flightAddition", json!({"flight": flight})).as_of(start))
    };
    assert!(is_changed(&add("F0")), "it was removed first");
    assert_eq!(add("F1"), OVERTAKEN);
}

#[test]
fn sources_become_late_by_record_time() {
    let mut test = TestBoards::new(json!({}));
    let answered = test.now;
    test.apply("sourceUpdate", source(answered, "current"));
    test.apply("flightAddition", row("1"));
    test.now = answered + SignedDuration::from_secs(59);
    assert_eq!(test.due_latenesses(), []);
    let early = test.apply_update(Update::new(main_board(), Change::MarkSourceLate));
    assert_eq!(early, ApplyOutcome::Rejected(Rejection::NotDue));
    test.now = answered + SignedDuration::from_secs(60);
    let [mark] = &*test.due_latenesses() else { panic!("it is late") };
    let ApplyOutcome::Changed(event) = test.apply_update(mark.clone()) else { panic!("it is due") };
    assert_eq!(event.name(), "sourceUpdate");
    assert_eq!(serde_json::from_str::<Value>(&event.data()).unwrap(), source(answered, "late"));
    assert_eq!(test.boards.board(&main_board()).unwrap().head(), test.seq);
    assert_eq!(test.boards.board(&main_board()).unwrap().len(), 1, "its rows stay");
    assert_eq!(test.due_latenesses(), [], "once");
    // It answers again, and then fails: an error is known to be one.
    test.restart();
    test.apply("sourceUpdate", source(test.now, "current"));
    assert_eq!(test.status(), SourceStatus::Current);
    test.apply("sourceUpdate", source(test.now, "failing"));
    test.now += SignedDuration::from_hours(1);
    assert_eq!((test.due_latenesses(), test.status()), (vec![], SourceStatus::Failing));
}

#[test]
fn leases_exclude_others_until_they_end() {
    let mut test = TestBoards::new(json!({}));
    let start = test.now;
    let head = test.boards.board(&main_board()).unwrap().head();
    assert_eq!(test.claim("a"), ApplyOutcome::Unchanged { version: head }, "no event");
    test.now = start + SignedDuration::from_secs(50);
    assert_eq!(test.claim("b"), ApplyOutcome::Rejected(Rejection::LeaseHeld));
    test.claim("a");
    test.restart();
    test.now = start + SignedDuration::from_secs(109);
    assert_eq!(test.claim("b"), ApplyOutcome::Rejected(Rejection::LeaseHeld), "it was renewed");
    test.now = start + SignedDuration::from_secs(110);
    assert_eq!(test.claim("b"), ApplyOutcome::Unchanged { version: head });
    assert_eq!(test.claim("a"), ApplyOutcome::Rejected(Rejection::LeaseHeld));
    let lease = test.boards.board(&main_board()).unwrap().feed_lease().unwrap();
    assert_eq!((&*lease.holder, lease.until), ("b", test.now + SignedDuration::from_mins(1)));
}

#[test]
fn reopened_board_forgets_its_feed() {
    let mut test = TestBoards::new(json!({}));
    test.apply("sourceUpdate", source(test.now, "current"));
    test.claim("a");
    test.apply_as_of("09:00", "flightRemoval", key());
    test.apply("closedConnection", json!({}));
    let closed = test.apply("sourceUpdate", source(test.now, "current"));
    assert_eq!(closed, ApplyOutcome::Rejected(Rejection::BoardClosed));
    test.apply("boardUpdate", json!({}));
    let board = test.boards.board(&main_board()).unwrap();
    assert_eq!((board.source(), board.feed_lease()), (None, None));
    assert!(is_changed(&test.apply_as_of("09:00", "flightAddition", row("1"))));
}

#[test]
fn old_checkpoints_are_restored_and_rewritten() {
    let mut boards = Boards::restore(OLD_CHECKPOINT.trim().as_bytes()).unwrap();
    // Servers of both versions may share a journal during an upgrade.
    assert_eq!(String::from_utf8(boards.checkpoint().encode()).unwrap(), OLD_CHECKPOINT.trim());
    let board = boards.board(&main_board()).unwrap();
    let rows = board.rows().into_iter().map(|row| json!(row.row()));
    let gates: Vec<_> = rows.map(|row| row["gate"].clone()).collect();
    assert_eq!((gates, board.source()), (vec![json!("B7"), Value::Null], None));
    let due: Vec<_> = boards.due_expiries("2026-11-22T10:17:00Z".parse().unwrap()).collect();
    assert_eq!(due.len(), 1, "{due:?}");
    let now = "2026-11-22T10:06:00Z".parse().unwrap();
    let leg = json!({"flight": "SK1", "date": "2026-11-22", "leg": "23:55"});
    assert!(is_changed(&boards.apply(9, now, &update("flightAddition", leg.clone()))));
    let patch = json!({"flight": "SK1", "leg": "23:55", "gate": "C1"});
    assert!(is_changed(&boards.apply(10, now, &update("flightStateUpdate", patch))));
    assert_eq!(Boards::restore(&boards.checkpoint().encode()).unwrap(), boards);
}

#[test]
fn last_updates_are_those_of_publishers() {
    let mut test = TestBoards::new(json!({}));
    let opened = test.now;
    let last_update = |test: &TestBoards| test.boards.board(&main_board()).unwrap().last_update();
    assert_eq!(last_update(&test), Some(opened));

    let minute = SignedDuration::from_mins(1);
    test.now += minute;
    test.apply("flightStateUpdate", row("A1"));
    test.claim("one");
    test.apply("sourceUpdate", source(opened, "failing"));
    assert_eq!(last_update(&test), Some(opened), "refused, the server's own, and no answer");

    for (event, data) in [
        ("flightAddition", row("A1")),
        ("flightAddition", row("A1")),
        ("sourceUpdate", source(test.now, "current")),
        ("flightRemoval", key()),
    ] {
        test.now += minute;
        test.apply(event, data);
        assert_eq!(last_update(&test), Some(test.now), "{event}");
    }
    assert_eq!(test.restored(), test.boards);
}
