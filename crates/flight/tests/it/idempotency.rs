//! Idempotency keys make retries harmless.

use flight::{ApplyOutcome, MAX_IDEMPOTENCY_KEYS, Rejection};
use serde_json::json;

use crate::test_boards::TestBoards;

#[test]
fn repeated_update_is_not_applied_again() {
    let mut test = TestBoards::new(json!({}));
    let landed = json!({"flight": "I768", "state": "landed"});
    test.apply_once("k1", "flightAddition", landed.clone());
    let version = test.seq;
    test.apply("flightRemoval", json!({"flight": "I768"}));

    test.restart();
    let repeated = test.apply_once("k1", "flightAddition", landed.clone());
    assert_eq!(repeated, ApplyOutcome::Repeated { version });
    let other = test.apply_once("k1", "flightAddition", json!({"flight": "I768"}));
    assert_eq!(other, ApplyOutcome::Rejected(Rejection::KeyReused));

    test.now = "2026-11-23T10:00:01Z".parse().unwrap();
    let after_retention = test.apply_once("k1", "flightAddition", landed);
    assert!(matches!(after_retention, ApplyOutcome::Changed(_)));
}

#[test]
fn rejected_update_can_be_retried() {
    let mut test = TestBoards::new(json!({}));
    let patch = json!({"flight": "I768", "state": "landed"});
    let rejected = test.apply_once("k1", "flightStateUpdate", patch.clone());
    assert_eq!(rejected, ApplyOutcome::Rejected(Rejection::UnknownFlight));
    test.apply("flightAddition", json!({"flight": "I768"}));
    let retried = test.apply_once("k1", "flightStateUpdate", patch);
    assert!(matches!(retried, ApplyOutcome::Changed(_)));
}

#[test]
fn oldest_key_is_forgotten_first() {
    let mut test = TestBoards::new(json!({}));
    let row = json!({"flight": "I768"});
    for key in 0..=MAX_IDEMPOTENCY_KEYS {
        test.apply_once(&key.to_string(), "flightAddition", row.clone());
    }
    // A restored log numbers its entries from 0 again.
    for restart in [false, true] {
        if restart {
            test.restart();
        }
        let second = test.apply_once("1", "flightAddition", row.clone());
        assert!(matches!(second, ApplyOutcome::Repeated { .. }));
    }
    let first = test.apply_once("0", "flightAddition", row.clone());
    assert!(matches!(first, ApplyOutcome::Unchanged { .. }));
    let second = test.apply_once("1", "flightAddition", row);
    assert!(matches!(second, ApplyOutcome::Unchanged { .. }), "it was the oldest then");
}
