//! Each rule by an example.

use feeds::{AnswerOutcome, DeltaRow, RefusedRow};
use flight::{BoardKind, Change};
use jiff::SignedDuration;
use serde_json::json;

use super::board::{FedBoard, answer, departure, flight, full, full_over};

fn board() -> FedBoard {
    FedBoard::new("2026-11-22T08:00:00Z")
}

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

#[test]
fn unchanged_answer_gives_no_changes() {
    let mut board = board();
    let rows = full(&[departure("I768", "10:00", json!({"gate": "4", "state": "boarding"}))]);
    assert_eq!(board.read(&rows).len(), 1);
    board.pass(minutes(2));
    assert_eq!(board.read(&rows), []);
    board.restart();
    assert_eq!(board.read(&rows), []);
}

#[test]
fn full_row_clears_absent_fields() {
    let mut board = board();
    let row = departure("I768", "10:00", json!({"gate": "4", "state": "boarding"}));
    board.read(&full(&[row]));
    board.pass(minutes(2));
    board.read(&full(&[departure("I768", "10:00", json!({}))]));
    let expected = departure("I768", "10:00", json!({"state": "boarding"}));
    assert_eq!(board.row("I768"), Some(expected), "the state is kept, the gate is not");
}

#[test]
fn delta_row_keeps_absent_fields() {
    let mut board = board();
    board.read(&full(&[departure("I768", "10:00", json!({"gate": "4"}))]));
    let mut delta = answer(&[]);
    let patch = json!({"flight": "I768", "date": "2026-11-22", "state": "boarding"});
    let patch = serde_json::from_value(patch).unwrap();
    delta.delta_rows.push(DeltaRow { kind: BoardKind::Departures, patch });
    board.read(&AnswerOutcome::Partial { answer: delta, reason: None });
    let expected = departure("I768", "10:00", json!({"gate": "4", "state": "boarding"}));
    assert_eq!(board.row("I768"), Some(expected));
}

#[test]
fn fields_of_others_are_left_alone() {
    let mut board = board();
    let row = departure("I768", "10:00", json!({"gate": "4", "checkIn": "C", "remark": "Meal"}));
    board.apply(Change::PutFlight(flight(&row)));
    board.read(&full(&[departure("I768", "10:00", json!({"gate": "5"}))]));
    let row = departure("I768", "10:00", json!({"gate": "5", "checkIn": "C", "remark": "Meal"}));
    assert_eq!(board.row("I768"), Some(row));
}

#[test]
fn held_fields_are_left_alone() {
    let mut board = board();
    let fields = json!({"gate": "4", "state": "boarding", "held": ["gate"]});
    board.apply(Change::PutFlight(flight(&departure("I768", "10:00", fields))));
    board.read(&full(&[departure("I768", "10:00", json!({"gate": "5", "state": "final call"}))]));
    board.read(&full(&[departure("I768", "10:00", json!({"state": "final call"}))]));
    let fields = json!({"gate": "4", "state": "final call", "held": ["gate"]});
    assert_eq!(board.row("I768"), Some(departure("I768", "10:00", fields)));
}

#[test]
fn held_row_stays_as_it_is() {
    let mut board = board();
    let held = departure("I768", "10:00", json!({"gate": "4", "held": ["flight"]}));
    board.apply(Change::PutFlight(flight(&held)));
    let steady = departure("AF1", "11:00", json!({}));
    board.read(&full(std::slice::from_ref(&steady)));
    for _ in 0..4 {
        board.pass(minutes(6));
        assert_eq!(board.read(&full(std::slice::from_ref(&steady))), [], "it is not listed");
    }
    let row = departure("I768", "10:00", json!({"gate": "5", "state": "boarding"}));
    assert_eq!(board.read(&full(&[steady, row])), [], "it is listed");
    let mut gone = answer(&[]);
    gone.removed = vec![(BoardKind::Departures, flight(&held).key().clone())];
    assert_eq!(board.read(&AnswerOutcome::Partial { answer: gone, reason: None }), []);
    assert_eq!(board.row("I768"), Some(held));
}

#[test]
fn second_leg_keeps_both_rows() {
    let mut board = board();
    let with_leg =
        |time: &str, state: &str| departure("ET645", time, json!({"leg": time, "state": state}));
    board.read(&full(&[departure("ET645", "10:00", json!({"state": "scheduled"}))]));
    let both = full(&[with_leg("10:00", "boarding"), with_leg("23:55", "scheduled")]);
    let changes = board.read(&both);
    assert!(matches!(&changes[..], [Change::PatchFlight(_), Change::PutFlight(_)]), "{changes:?}");
    let rows = board.rows().into_iter().map(|row| row.key().leg().map(str::to_owned));
    assert_eq!(rows.collect::<Vec<_>>(), [None, Some("23:55".to_owned())]);
    assert_eq!(board.read(&both), []);
    let last = full(&[departure("ET645", "23:55", json!({"state": "gate open"}))]);
    assert_eq!(board.read(&last).len(), 1);
    let rows = board.rows().into_iter().map(|row| serde_json::to_value(row).unwrap());
    let rows = rows.map(|row| json!([row["departure"], row["state"]])).collect::<Vec<_>>();
    let first = json!(["2026-11-22T10:00:00Z", "boarding"]);
    assert_eq!(rows, [first, json!(["2026-11-22T23:55:00Z", "gate open"])]);
}

#[test]
fn times_compare_by_the_minute() {
    let mut board = board();
    let row = |time| departure("I768", "10:00", json!({"actual": time}));
    board.read(&full(&[row("2026-11-22T10:04:00+00:00")]));
    board.pass(minutes(2));
    assert_eq!(board.read(&full(&[row("2026-11-22T11:04:59+01:00")])), []);
    assert_eq!(board.read(&full(&[row("2026-11-22T10:05:00Z")])).len(), 1);
}

#[test]
fn row_leaves_after_three_full_answers() {
    let mut board = board();
    let kept = || departure("I768", "10:00", json!({}));
    board.read(&full(&[kept(), departure("AF1", "11:00", json!({}))]));
    for _ in 0..3 {
        assert_eq!(board.read(&full(&[kept()])), []);
        board.pass(minutes(4));
        assert_eq!(board.read(&AnswerOutcome::failed("no route to host")), []);
        assert_eq!(board.read(&AnswerOutcome::Unchanged), []);
    }
    board.read(&full(&[kept()]));
    assert_eq!(board.numbers(), ["I768"]);
}

#[test]
fn late_row_outlasts_the_covered_span() {
    let mut board = board();
    let over = |rows: &[_]| full_over("2026-11-22T07:00:00Z".."2026-11-22T15:00:00Z", rows);
    let kept = || departure("I768", "10:00", json!({}));
    let late = departure("AF1", "11:00", json!({"estimated": "2026-11-22T15:30:00Z"}));
    board.read(&over(&[kept(), late]));
    for _ in 0..4 {
        board.pass(minutes(4));
        assert_eq!(board.read(&over(&[kept()])), []);
    }
    assert_eq!(board.numbers().len(), 2);
}

#[test]
fn listed_row_starts_its_absence_again() {
    let mut board = board();
    let both = full(&[departure("I768", "10:00", json!({})), departure("AF1", "11:00", json!({}))]);
    let one = full(&[departure("I768", "10:00", json!({}))]);
    board.read(&both);
    for answer in [&one, &one, &both, &one, &one] {
        board.pass(minutes(6));
        assert_eq!(board.read(answer), []);
    }
}

#[test]
fn rows_outside_the_span_stay() {
    let mut board = board();
    let both = [departure("I768", "10:00", json!({})), departure("AF1", "18:00", json!({}))];
    board.read(&full(&both));
    for _ in 0..5 {
        board.pass(minutes(6));
        let morning = "2026-11-22T06:00:00Z".."2026-11-22T12:00:00Z";
        assert_eq!(board.read(&full_over(morning, &both[..1])), []);
    }
}

#[test]
fn short_answers_remove_nothing() {
    let mut board = board();
    let rows: Vec<_> = (0..6).map(|n| departure(&format!("AF{n}"), "10:00", json!({}))).collect();
    board.read(&full(&rows));
    for length in [0, 2, 1, 0, 2, 2] {
        board.pass(minutes(9));
        assert_eq!(board.read(&full(&rows[..length])), [], "{length} rows");
    }
    let partial = AnswerOutcome::Partial { answer: answer(&rows[..5]), reason: None };
    for _ in 0..5 {
        board.pass(minutes(6));
        assert_eq!(board.read(&partial), []);
    }
}

#[test]
fn length_is_compared_with_last_answer() {
    let mut board = board();
    let over = |n| departure(&format!("AF{n}"), "06:00", json!({"state": "departed"}));
    let rows: Vec<_> = (0..8).map(over).collect();
    let live = departure("I768", "10:00", json!({}));
    let all: Vec<_> = rows.iter().cloned().chain([live]).collect();
    board.read(&full(&all));
    board.pass(minutes(20));
    assert_eq!(board.numbers(), ["I768"], "the others have expired");
    board.read(&full(&all));
    for _ in 0..5 {
        board.pass(minutes(6));
        assert_eq!(board.read(&full(&rows[..3])), []);
    }
}

#[test]
fn refused_row_counts_as_listed() {
    let mut board = board();
    let rows = [departure("I768", "10:00", json!({})), departure("AF1", "11:00", json!({}))];
    board.read(&full(&rows));
    let mut read = answer(&rows[..1]);
    let refused = |row: &str| RefusedRow {
        row: row.to_owned(),
        field: "gate".to_owned(),
        reason: "is too long".to_owned(),
    };
    for number in ["AF1", ""] {
        read.refused = vec![refused(number)];
        for _ in 0..5 {
            board.pass(minutes(6));
            let AnswerOutcome::Full { covers, .. } = full(&[]) else { unreachable!() };
            let outcome = AnswerOutcome::Full { answer: read.clone(), covers };
            assert_eq!(board.read(&outcome), [], "refused: {number}");
        }
    }
}

#[test]
fn source_removes_a_row_at_once() {
    let mut board = board();
    board.read(&full(&[departure("I768", "10:00", json!({}))]));
    let key = board.rows()[0].key().clone();
    let mut gone = answer(&[]);
    gone.removed = vec![(BoardKind::Arrivals, key.clone())];
    let partial = |answer| AnswerOutcome::Partial { answer, reason: None };
    assert_eq!(board.read(&partial(gone.clone())), [], "another board");
    gone.removed.push((BoardKind::Departures, key.clone()));
    assert_eq!(board.read(&partial(gone.clone())), [Change::RemoveFlight(key)]);
    assert_eq!(board.read(&partial(gone)), [], "it is gone");
}

#[test]
fn expired_row_is_not_added_again() {
    let mut board = board();
    let row = |state: &str| full(&[departure("I768", "07:55", json!({"state": state}))]);
    board.read(&row("departed"));
    board.pass(minutes(16));
    assert_eq!(board.numbers(), [""; 0], "it has expired");
    for _ in 0..4 {
        assert_eq!(board.read(&row("departed")), []);
        board.pass(minutes(6));
    }
    board.restart();
    board.apply(Change::PutFlight(flight(&departure("AF1", "11:00", json!({})))));
    assert_eq!(board.read(&row("departed")), [], "its time shows that it has expired");
    board.pass(minutes(6));
    assert_eq!(board.read(&row("departed")), []);
    assert_eq!(board.read(&row("expected")), [], "an older answer, perhaps");
    board.pass(minutes(1));
    assert_eq!(board.read(&row("expected")).len(), 1, "it is not over");
}

#[test]
fn emptied_board_stays_empty_after_restart() {
    let mut board = board();
    let row = full(&[departure("I768", "07:55", json!({"state": "departed"}))]);
    board.read(&row);
    board.pass(minutes(16));
    board.restart();
    board.reconciler.resume();
    assert_eq!(board.read(&row), []);
}

#[test]
fn finished_rows_of_yesterday_stay_out() {
    let mut board = board();
    let row = json!({"flight": "I768", "date": "2026-11-21", "state": "departed"});
    assert_eq!(board.read(&full(&[row])), []);
    let row = json!({
        "flight": "I768", "departure": "2026-11-21T23:50:00Z",
        "actual": "2026-11-21T23:55:00Z", "state": "departed",
    });
    assert_eq!(board.read(&full(std::slice::from_ref(&row))), []);
    let mut row = row;
    row["actual"] = json!("2026-11-22T00:05:00Z");
    assert_eq!(board.read(&full(&[row])).len(), 1, "it departed today");
    let row = json!({
        "flight": "G119", "date": "2026-11-21", "departure": "2026-11-21T23:50:00Z",
        "actual": "2026-11-22T00:05:00Z", "state": "departed",
    });
    assert_eq!(board.read(&full(&[row])).len(), 1, "it departed today, whatever its date");
}

#[test]
fn new_board_gets_finished_rows() {
    let mut board = board();
    let row = departure("I768", "06:00", json!({"state": "departed"}));
    board.read(&full(&[row]));
    assert_eq!(board.numbers(), ["I768"]);
}

#[test]
fn returning_value_must_stay_a_minute() {
    let mut board = board();
    let at = |gate: &str| full(&[departure("I768", "10:00", json!({"gate": gate}))]);
    let seconds = SignedDuration::from_secs;
    board.read(&at("4"));
    assert_eq!(board.read(&at("5")).len(), 1);
    for gate in ["4", "5", "4", "5"] {
        board.pass(seconds(20));
        assert_eq!(board.read(&at(gate)), []);
    }
    board.read(&at("6"));
    board.pass(seconds(20));
    assert_eq!(board.read(&at("5")), []);
    board.pass(seconds(50));
    assert_eq!(board.read(&AnswerOutcome::Unchanged), []);
    board.pass(seconds(10));
    assert_eq!(board.read(&AnswerOutcome::Unchanged).len(), 1);
    assert_eq!(board.read(&at("5")), []);
    board.pass(minutes(2));
    assert_eq!(board.read(&at("6")).len(), 1, "the last change is long past");
}

#[test]
fn new_state_takes_its_values_along() {
    let mut board = board();
    let row = |fields| full(&[departure("I768", "10:00", fields)]);
    board.read(&row(json!({"state": "scheduled"})));
    board.read(&row(json!({"state": "expected", "estimated": "2026-11-22T10:20:00Z"})));
    board.pass(SignedDuration::from_secs(1));
    board.read(&row(json!({"state": "departed", "actual": "2026-11-22T10:19:00Z"})));
    let row = board.row("I768").unwrap();
    assert_eq!(row["state"], "departed");
    assert_eq!(row.get("estimated"), None, "it has left");
}

#[test]
fn postponed_flight_keeps_its_row() {
    let mut board = board();
    board.read(&full(&[departure("CX362", "10:00", json!({"gate": "4"}))]));
    let changes = board.read(&full(&[departure("CX362D", "10:00", json!({"gate": "5"}))]));
    assert!(matches!(changes.as_slice(), [Change::PatchFlight(_)]));
    assert_eq!(board.row("CX362").unwrap()["gate"], "5");
    let both = full(&[
        departure("CX362", "10:00", json!({"gate": "5"})),
        departure("CX362D", "10:00", json!({"gate": "5"})),
    ]);
    board.read(&both);
    assert_eq!(board.numbers(), ["CX362", "CX362D"], "two flights of one answer are two");
    let elsewhere = departure("AF1", "11:00", json!({}));
    board.read(&full(&[elsewhere]));
    let elsewhere = departure("AF1D", "11:00", json!({"destination": "PAR"}));
    board.read(&full(&[elsewhere]));
    assert_eq!(board.numbers(), ["AF1", "AF1D", "CX362", "CX362D"], "to another airport");
}
