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

#[test]
fn excluded_versions_are_rejected() {
    let mut test = TestBoards::new(json!({}));
    let put = |gate: &str, versions: Vec<u64>| {
        let put = update("flightAddition", json!({"flight": "I768", "gate": gate}));
        put.with_precondition(Some(Precondition::OtherVersion(versions)))
    };
    assert!(matches!(test.apply_update(put("1", vec![1])), ApplyOutcome::Changed(_)));
    let known = test.seq;
    let same = ApplyOutcome::Rejected(Rejection::SameVersion);
    assert_eq!(test.apply_update(put("2", vec![1, known])), same);
    assert!(matches!(test.apply_update(put("2", vec![1])), ApplyOutcome::Changed(_)));
}

#[test]
fn first_failed_condition_is_reported() {
    let mut test = TestBoards::new(json!({}));
    test.apply("flightAddition", json!({"flight": "I768"}));
    let version = test.seq;
    let put = |conditions: [Precondition; 2]| {
        let put = update("flightAddition", json!({"flight": "I768", "gate": "1"}));
        put.with_precondition(Some(Precondition::All(conditions.into())))
    };
    let (stale, current) = (Precondition::Version(vec![1]), Precondition::Version(vec![version]));
    let excluded = Precondition::OtherVersion(vec![version]);
    let rejected = ApplyOutcome::Rejected(Rejection::VersionMismatch);
    assert_eq!(test.apply_update(put([stale, excluded.clone()])), rejected);
    let rejected = ApplyOutcome::Rejected(Rejection::SameVersion);
    assert_eq!(test.apply_update(put([current.clone(), excluded])), rejected);
    let other = Precondition::OtherVersion(vec![1]);
    assert!(matches!(test.apply_update(put([current, other])), ApplyOutcome::Changed(_)));
}

/// Any change of a board is a new version of it. A closed board counts as absent.
#[test]
fn boards_are_checked_as_rows_are() {
    let mut test = TestBoards::new(json!({}));
    let close = |precondition| {
        update("closedConnection", json!({})).with_board_precondition(Some(precondition))
    };
    let opened = test.seq;
    test.apply("flightAddition", json!({"flight": "I768"}));
    let head = test.seq;
    let stale = ApplyOutcome::Rejected(Rejection::VersionMismatch);
    assert_eq!(test.apply_update(close(Precondition::Version(vec![opened]))), stale);
    let exists = ApplyOutcome::Rejected(Rejection::AlreadyExists);
    assert_eq!(test.apply_update(close(Precondition::Absent)), exists);
    let closed = test.apply_update(close(Precondition::Version(vec![head])));
    assert!(matches!(closed, ApplyOutcome::Changed(_)));
    assert_eq!(test.apply_update(close(Precondition::Present)), stale);
    let open = update("boardUpdate", json!({"title": "Again"}));
    let open = open.with_board_precondition(Some(Precondition::Absent));
    assert!(matches!(test.apply_update(open), ApplyOutcome::Changed(_)));
}

#[test]
fn conditions_follow_their_own_changes() {
    let mut condition = Precondition::All(vec![
        Precondition::Version(vec![5, 9]),
        Precondition::OtherVersion(vec![3]),
    ]);
    let unchanged = condition.clone();
    condition.advance(7);
    assert_eq!(condition, unchanged, "the update changed nothing");
    condition.advance(12);
    let expected = [Precondition::Version(vec![12]), Precondition::OtherVersion(vec![3])];
    assert_eq!(condition, Precondition::All(expected.into()));
}
