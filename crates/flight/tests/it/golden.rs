//! Updates accepted and refused; sequences of updates and the events and rows that they give.

use flight::{ApplyOutcome, BoardName, Boards, Change, Rejection, Update};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UpdateCase {
    name: String,
    event: String,
    data: Value,
    #[serde(default)]
    accepted: bool,
    refused: Option<Refusal>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refusal {
    field: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FoldCase {
    name: String,
    steps: Vec<Step>,
    rows: Vec<Value>,
    #[serde(default)]
    closed: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    at: jiff::Timestamp,
    event: String,
    data: Value,
    gives: Option<Given>,
    unchanged: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    event: String,
    data: Value,
}

#[test]
fn updates_are_accepted_or_refused_with_field_and_reason() {
    let cases: Vec<UpdateCase> =
        serde_json::from_str(include_str!("../data/updates.json")).unwrap();
    for case in cases {
        let name = &case.name;
        match (Change::parse(&main(), &case.event, &case.data), case.refused) {
            (Ok(update), None) if case.accepted => is_read_back_as_it_was(&update, name),
            (Err(error), Some(refused)) => {
                assert_eq!((error.field, error.reason), (refused.field, refused.reason), "{name}");
            }
            (outcome, _) => panic!("{name}: {outcome:?}"),
        }
    }
}

#[test]
fn sequences_give_these_events_and_rows() {
    let cases: Vec<FoldCase> = serde_json::from_str(include_str!("../data/folds.json")).unwrap();
    for case in cases {
        let mut boards = Boards::default();
        for (seq, step) in (1..).zip(&case.steps) {
            let update = Change::parse(&main(), &step.event, &step.data).unwrap();
            let applied = boards.apply(seq, step.at, &Update::new(main(), update));
            let place = format!("{}, step {seq}", case.name);
            match (applied, &step.gives, &step.unchanged) {
                (ApplyOutcome::Changed(event), Some(given), None) => {
                    let data: Value = serde_json::from_str(&event.data()).unwrap();
                    assert_eq!((event.name(), &data), (&*given.event, &given.data), "{place}");
                }
                (outcome, None, Some(expected)) => {
                    assert_eq!(unchanged_cause(&outcome), *expected, "{place}");
                }
                (applied, ..) => panic!("{place}: {applied:?}"),
            }
        }
        let timetable = boards.board(&main()).unwrap();
        let rows = timetable.rows().into_iter();
        let rows: Vec<_> = rows.map(|row| serde_json::to_value(row.flight()).unwrap()).collect();
        assert_eq!(rows, case.rows, "{}", case.name);
        assert_eq!(timetable.close_reason().is_some(), case.closed, "{}", case.name);
        let restored = Boards::restore(&boards.checkpoint()).unwrap();
        assert_eq!(restored, boards, "{}: a checkpoint is the whole state", case.name);
    }
}

fn is_read_back_as_it_was(update: &Change, name: &str) {
    let kept = serde_json::to_string(&Update::new(main(), update.clone())).unwrap();
    let read: Update = serde_json::from_str(&kept).unwrap();
    assert_eq!(read.change(), update, "{name}: {kept}");
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
        Rejection::AmbiguousFlight { dates } => {
            let dates: Vec<_> = dates.iter().map(ToString::to_string).collect();
            format!("ambiguous flight: {}", dates.join(", "))
        }
        rejection => panic!("no golden step gives {rejection:?}"),
    }
}

fn main() -> BoardName {
    BoardName::parse("main").unwrap()
}
