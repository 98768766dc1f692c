//! `If-Match` and `If-None-Match`, decided by the fold.

use flight::{Applied, Condition, Why};
use serde_json::json;

use crate::fold::{Fold, record};

#[test]
fn a_lost_update_is_refused() {
    let mut fold = Fold::new(json!({}));
    fold.apply("flightAddition", json!({"flight": "I768", "gate": "1"}));
    let seen = fold.seq;
    let patch = |gate: &str| {
        let patch = record("flightStateUpdate", json!({"flight": "I768", "gate": gate}));
        patch.on_condition(Some(Condition::Version(vec![seen])))
    };
    assert!(matches!(fold.apply_record(patch("2")), Applied::Changed(_)));
    assert_eq!(fold.apply_record(patch("3")), Applied::Unchanged(Why::OtherVersion));
}

#[test]
fn conditions_on_presence() {
    let mut fold = Fold::new(json!({}));
    let put = || record("flightAddition", json!({"flight": "I768"}));
    let only_new = || put().on_condition(Some(Condition::Absent));
    let only_old = || put().on_condition(Some(Condition::Present));
    let unmet = Applied::Unchanged(Why::OtherVersion);

    assert_eq!(fold.apply_record(only_old()), unmet);
    assert!(matches!(fold.apply_record(only_new()), Applied::Changed(_)));
    assert_eq!(fold.apply_record(only_new()), Applied::Unchanged(Why::AlreadyThere));
    assert!(matches!(fold.apply_record(only_old()), Applied::Unchanged(Why::Same { .. })));
}
