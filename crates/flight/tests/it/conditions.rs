//! `If-Match` and `If-None-Match`, decided by the fold.

use flight::{ApplyOutcome, Precondition, Rejection};
use serde_json::json;

use crate::fold::{Fold, record};

#[test]
fn a_lost_update_is_refused() {
    let mut fold = Fold::new(json!({}));
    fold.apply("flightAddition", json!({"flight": "I768", "gate": "1"}));
    let seen = fold.seq;
    let patch = |gate: &str| {
        let patch = record("flightStateUpdate", json!({"flight": "I768", "gate": gate}));
        patch.with_precondition(Some(Precondition::Version(vec![seen])))
    };
    assert!(matches!(fold.apply_record(patch("2")), ApplyOutcome::Changed(_)));
    assert_eq!(fold.apply_record(patch("3")), ApplyOutcome::Rejected(Rejection::VersionMismatch));
}

#[test]
fn conditions_on_presence() {
    let mut fold = Fold::new(json!({}));
    let put = || record("flightAddition", json!({"flight": "I768"}));
    let only_new = || put().with_precondition(Some(Precondition::Absent));
    let only_old = || put().with_precondition(Some(Precondition::Present));
    let unmet = ApplyOutcome::Rejected(Rejection::VersionMismatch);

    assert_eq!(fold.apply_record(only_old()), unmet);
    assert!(matches!(fold.apply_record(only_new()), ApplyOutcome::Changed(_)));
    assert_eq!(fold.apply_record(only_new()), ApplyOutcome::Rejected(Rejection::AlreadyExists));
    assert!(matches!(fold.apply_record(only_old()), ApplyOutcome::Unchanged { .. }));
}
