//! Idempotency keys make a repetition harmless.

use flight::{ApplyOutcome, Boards, MAX_IDEMPOTENCY_KEYS, Rejection};
use serde_json::json;

use crate::fold::Fold;

#[test]
fn a_repetition_changes_nothing_even_when_it_would() {
    let mut fold = Fold::new(json!({}));
    let landed = json!({"flight": "I768", "state": "landed"});
    fold.apply_once("k1", "flightAddition", landed.clone());
    let version = fold.seq;
    fold.apply("flightRemoval", json!({"flight": "I768"}));

    fold.boards = Boards::restore(&fold.boards.checkpoint()).unwrap();
    let repeated = fold.apply_once("k1", "flightAddition", landed.clone());
    assert_eq!(repeated, ApplyOutcome::Repeated { version });
    let other = fold.apply_once("k1", "flightAddition", json!({"flight": "I768"}));
    assert_eq!(other, ApplyOutcome::Rejected(Rejection::KeyReused));

    fold.now = "2026-11-23T10:00:01Z".parse().unwrap();
    assert!(matches!(fold.apply_once("k1", "flightAddition", landed), ApplyOutcome::Changed(_)));
}

#[test]
fn what_was_refused_may_be_tried_again() {
    let mut fold = Fold::new(json!({}));
    let patch = json!({"flight": "I768", "state": "landed"});
    let refused = fold.apply_once("k1", "flightStateUpdate", patch.clone());
    assert_eq!(refused, ApplyOutcome::Rejected(Rejection::UnknownFlight));
    fold.apply("flightAddition", json!({"flight": "I768"}));
    assert!(matches!(fold.apply_once("k1", "flightStateUpdate", patch), ApplyOutcome::Changed(_)));
}

#[test]
fn the_oldest_key_is_forgotten_first() {
    let mut fold = Fold::new(json!({}));
    let row = json!({"flight": "I768"});
    for key in 0..=MAX_IDEMPOTENCY_KEYS {
        fold.apply_once(&key.to_string(), "flightAddition", row.clone());
    }
    let repeat = |fold: &mut Fold, key: &str| fold.apply_once(key, "flightAddition", row.clone());
    assert!(matches!(repeat(&mut fold, "1"), ApplyOutcome::Repeated { .. }));
    assert!(matches!(repeat(&mut fold, "0"), ApplyOutcome::Unchanged { .. }));
}
