//! Golden files: updates that are accepted or rejected, and the events and rows of update sequences.

use flight::{ApplyOutcome, Boards, Change, Rejection, Update};
use serde::Deserialize;
use serde_json::Value;

use crate::test_boards::main_board;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UpdateCase {
    name: String,
    event: String,
    data: Value,
    #[serde(default)]
    accepted: bool,
    refused: Option<ExpectedError>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedError {
    field: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FoldCase {
    name: String,
    steps: Vec<FoldStep>,
    rows: Vec<Value>,
    source: Option<Value>,
    #[serde(default)]
    closed: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FoldStep {
    at: jiff::Timestamp,
    event: String,
    data: Value,
    /// True for the update of a feed.
    #[serde(default)]
    feed: bool,
    gives: Option<ExpectedEvent>,
    unchanged: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedEvent {
    event: String,
    data: Value,
}

#[test]
fn rejected_updates_name_field_and_reason() {
    let cases: Vec<UpdateCase> =
        serde_json::from_str(include_str!("../data/updates.json")).unwrap();
    for case in cases {
        let name = &case.name;
        match (Change::parse(&main_board(), &case.event, &case.data), case.refused) {
            (Ok(change), None) if case.accepted => check_round_trip(&change, name),
            (Err(error), Some(expected)) => {
                assert_eq!(
                    (error.field, error.reason),
                    (expected.field, expected.reason),
                    "{name}"
                );
            }
            (outcome, _) => panic!("{name}: {outcome:?}"),
        }
    }
}

#[test]
fn update_sequences_match_golden_events() {
    let cases: Vec<FoldCase> = serde_json::from_str(include_str!("../data/folds.json")).unwrap();
    for case in cases {
        let mut boards = Boards::default();
        for (seq, step) in (1..).zip(&case.steps) {
            let change = Change::parse(&main_board(), &step.event, &step.data).unwrap();
            let update = Update::new(main_board(), change);
            let update = if step.feed { update.from_feed() } else { update };
            let outcome = boards.apply(seq, step.at, &update);
            let context = format!("{}, step {seq}", case.name);
            match (outcome, &step.gives, &step.unchanged) {
                (ApplyOutcome::Changed(event), Some(expected), None) => {
                    let data: Value = serde_json::from_str(&event.data()).unwrap();
                    assert_eq!(
                        (event.name(), &data),
                        (&*expected.event, &expected.data),
                        "{context}"
                    );
                }
                (outcome, None, Some(expected)) => {
                    assert_eq!(unchanged_cause(&outcome), *expected, "{context}");
                }
                (outcome, ..) => panic!("{context}: {outcome:?}"),
            }
        }
        let timetable = boards.board(&main_board()).unwrap();
        let rows = timetable.rows().into_iter();
        let rows: Vec<_> = rows.map(|row| serde_json::to_value(row.row()).unwrap()).collect();
        assert_eq!(rows, case.rows, "{}", case.name);
        let source = timetable.source().map(|source| serde_json::to_value(source).unwrap());
        assert_eq!(source, case.source, "{}", case.name);
        assert_eq!(timetable.close_reason().is_some(), case.closed, "{}", case.name);
        let restored = Boards::restore(&boards.checkpoint().encode()).unwrap();
        assert_eq!(restored, boards, "{}: a checkpoint is the whole state", case.name);
    }
}

fn check_round_trip(change: &Change, name: &str) {
    let json = serde_json::to_string(&Update::new(main_board(), change.clone())).unwrap();
    let decoded: Update = serde_json::from_str(&json).unwrap();
    assert_eq!(decoded.change(), change, "{name}: {json}");
}

fn unchanged_cause(outcome: &ApplyOutcome) -> String {
    let rejection = match outcome {
        ApplyOutcome::Unchanged { .. } => return "same".to_owned(),
        ApplyOutcome::Rejected(rejection) => rejection,
        outcome => panic!("no golden step gives {outcome:?}"),
    };
    match rejection {
        Rejection::UnknownBoard => "unknown board".to_owned(),
        Rejection::BoardClosed => "closed board".to_owned(),
        Rejection::UnknownFlight => "unknown flight".to_owned(),
        Rejection::AmbiguousFlight { keys } => {
            let keys: Vec<_> = keys.iter().map(ToString::to_string).collect();
            format!("ambiguous flight: {}", keys.join("; "))
        }
        rejection => panic!("no golden step gives {rejection:?}"),
    }
}
