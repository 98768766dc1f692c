//! Bounds of boards and rows. An update rejected at a bound changes nothing.

use flight::{
    ApplyOutcome, BoardName, BoardSettings, Change, MAX_BOARDS, MAX_FLIGHTS, Rejection, Update,
};
use serde_json::json;

use crate::test_boards::{TestBoards, main_board};

#[test]
fn full_board_rejects_new_rows_only() {
    let mut test = TestBoards::new(json!({}));
    for number in 0..MAX_FLIGHTS {
        test.apply("flightAddition", json!({"flight": format!("F{number}")}));
    }
    let new = json!({"flight": "X1"});
    let outcome = test.apply("flightAddition", new.clone());
    assert_eq!(outcome, ApplyOutcome::Rejected(Rejection::BoardFull { max_flights: MAX_FLIGHTS }));
    assert_eq!(test.boards.board(&main_board()).unwrap().len(), MAX_FLIGHTS);
    let outcome = test.apply("flightAddition", json!({"flight": "F0", "gate": "1"}));
    assert!(matches!(outcome, ApplyOutcome::Changed(_)));
    test.apply("flightRemoval", json!({"flight": "F1"}));
    assert!(matches!(test.apply("flightAddition", new), ApplyOutcome::Changed(_)));
}

#[test]
fn new_board_replaces_first_closed_board() {
    let mut test = TestBoards::new(json!({}));
    for number in 1..MAX_BOARDS {
        assert!(matches!(open(&mut test, number), ApplyOutcome::Changed(_)));
    }
    assert_eq!(open(&mut test, MAX_BOARDS), ApplyOutcome::Rejected(Rejection::TooManyBoards));

    for number in [7, 3] {
        let close = Change::CloseBoard { reason: "moved".to_owned() };
        test.apply_update(Update::new(name(number), close));
    }
    assert!(matches!(open(&mut test, MAX_BOARDS), ApplyOutcome::Changed(_)));
    assert!(test.boards.board(&name(7)).is_none(), "it was closed first");
    assert!(test.boards.board(&name(3)).is_some());
    assert_eq!(test.boards.iter().count(), MAX_BOARDS);
}

fn open(test: &mut TestBoards, number: usize) -> ApplyOutcome {
    let settings = Box::new(BoardSettings::with_defaults(name(number)));
    test.apply_update(Update::new(name(number), Change::PutBoard(settings)))
}

fn name(number: usize) -> BoardName {
    BoardName::parse(&format!("b{number}")).unwrap()
}

/// Earlier versions accepted these characters.
#[test]
fn old_records_keep_direction_marks() {
    let record = json!({
        "board": "main",
        "update": {"event": "flightAddition", "data": {"flight": "I768", "remark": "\u{202e}A12"}},
    });
    let record: Update = serde_json::from_value(record).unwrap();
    let mut test = TestBoards::new(json!({}));
    assert!(matches!(test.apply_update(record), ApplyOutcome::Changed(_)));
    assert_eq!(test.restored(), test.boards);
}
