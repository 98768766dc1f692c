//! Boards and rows have their bounds, and what is refused at one is not half done.

use flight::{
    ApplyOutcome, BoardName, BoardSettings, Change, MAX_BOARDS, MAX_FLIGHTS, Rejection, Update,
};
use serde_json::json;

use crate::fold::{Fold, main};

#[test]
fn a_full_board_takes_no_more_rows_but_changes_those_it_has() {
    let mut fold = Fold::new(json!({}));
    for number in 0..MAX_FLIGHTS {
        fold.apply("flightAddition", json!({"flight": format!("F{number}")}));
    }
    let one_more = json!({"flight": "X1"});
    let refused = fold.apply("flightAddition", one_more.clone());
    assert_eq!(refused, ApplyOutcome::Rejected(Rejection::BoardFull));
    assert_eq!(fold.boards.board(&main()).unwrap().len(), MAX_FLIGHTS);
    let replaced = fold.apply("flightAddition", json!({"flight": "F0", "gate": "1"}));
    assert!(matches!(replaced, ApplyOutcome::Changed(_)));
    fold.apply("flightRemoval", json!({"flight": "F1"}));
    assert!(matches!(fold.apply("flightAddition", one_more), ApplyOutcome::Changed(_)));
}

#[test]
fn the_longest_closed_board_makes_room_for_a_new_one() {
    let mut fold = Fold::new(json!({}));
    let name = |number: usize| BoardName::parse(&format!("b{number}")).unwrap();
    let open = |fold: &mut Fold, number: usize| {
        let settings = Box::new(BoardSettings::with_defaults(name(number)));
        fold.apply_record(Update::new(name(number), Change::PutBoard(settings)))
    };
    for number in 1..MAX_BOARDS {
        assert!(matches!(open(&mut fold, number), ApplyOutcome::Changed(_)));
    }
    assert_eq!(open(&mut fold, MAX_BOARDS), ApplyOutcome::Rejected(Rejection::TooManyBoards));

    for number in [7, 3] {
        let close = Change::CloseBoard { reason: "moved".to_owned() };
        fold.apply_record(Update::new(name(number), close));
    }
    assert!(matches!(open(&mut fold, MAX_BOARDS), ApplyOutcome::Changed(_)));
    assert!(fold.boards.board(&name(7)).is_none(), "it was closed first");
    assert!(fold.boards.board(&name(3)).is_some());
    assert_eq!(fold.boards.iter().count(), MAX_BOARDS);
}
