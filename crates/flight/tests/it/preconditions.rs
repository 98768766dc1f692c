//! `If-Match` and `If-None-Match`, which the fold evaluates.

use flight::{ApplyOutcome, Precondition, Rejection};
use serde_json::json;

use crate::test_boards::{TestBoards, update};

#[test]
fn stale_version_is_rejected() {
    let mut test = TestBoards::new(json!({}));
    test.apply("flightAddition", json!({"flight": "I768", "gate": "1"}));
    let known = test.seq;
    let patch = |gate: &str| {
        let patch = update("flightStateUpdate", json!({"flight": "I768", "gate": gate}));
        patch.with_precondition(Some(Precondition::Version(vec![known])))
    };
    assert!(matches!(test.apply_update(patch("2")), ApplyOutcome::Changed(_)));
    let rejected = ApplyOutcome::Rejected(Rejection::VersionMismatch);
    assert_eq!(test.apply_update(patch("3")), rejected);
}

#[test]
fn presence_and_absence_are_checked() {
    let mut test = TestBoards::new(json!({}));
    let put = || update("flightAddition", json!({"flight": "I768"}));
    let if_absent = || put().with_precondition(Some(Precondition::Absent));
    let if_present = || put().with_precondition(Some(Precondition::Present));

    let missing = ApplyOutcome::Rejected(Rejection::VersionMismatch);
    assert_eq!(test.apply_update(if_present()), missing);
    assert!(matches!(test.apply_update(if_absent()), ApplyOutcome::Changed(_)));
    let exists = ApplyOutcome::Rejected(Rejection::AlreadyExists);
    assert_eq!(test.apply_update(if_absent()), exists);
    assert!(matches!(test.apply_update(if_present()), ApplyOutcome::Unchanged { .. }));
}
