//! Idempotency keys make retries harmless.

use flight::{
    ApplyOutcome, IdempotencyKey, MAX_IDEMPOTENCY_KEYS, PublisherName, Rejection, Update,
};
use serde_json::json;

use crate::test_boards::{TestBoards, update};

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

#[test]
fn publishers_have_their_own_keys() {
    let mut test = TestBoards::new(json!({}));
    let publish = |test: &mut TestBoards, publisher: Option<&str>, state: &str| {
        let publisher = publisher.map(|name| PublisherName::parse(name).unwrap());
        let key = IdempotencyKey::parse("k1").unwrap();
        let row = json!({"flight": "I768", "state": state});
        let update = update("flightAddition", row).with_idempotency_key(Some(key));
        test.apply_update(update.published_by(publisher))
    };
    for (publisher, state) in [(None, "landing"), (Some("ops"), "landed"), (Some("osl"), "at gate")]
    {
        let first = publish(&mut test, publisher, state);
        assert!(matches!(first, ApplyOutcome::Changed(_)), "{publisher:?}: {first:?}");
        let again = publish(&mut test, publisher, state);
        assert_eq!(again, ApplyOutcome::Repeated { version: test.seq - 1 }, "{publisher:?}");
    }
    let reused = publish(&mut test, Some("ops"), "at gate");
    assert_eq!(reused, ApplyOutcome::Rejected(Rejection::KeyReused));
}

#[test]
fn records_name_their_publisher() {
    let row = update("flightAddition", json!({"flight": "I768"}));
    let anonymous = serde_json::to_value(&row).unwrap();
    assert_eq!(anonymous.get("publisher"), None, "as earlier versions wrote it");
    let read: Update = serde_json::from_value(anonymous).unwrap();
    assert_eq!(read.publisher(), None);

    let publisher = PublisherName::parse("ops@example.com").unwrap();
    let named = serde_json::to_value(row.published_by(Some(publisher.clone()))).unwrap();
    assert_eq!(named["publisher"], "ops@example.com");
    let read: Update = serde_json::from_value(named).unwrap();
    assert_eq!(read.publisher(), Some(&publisher));
}

#[test]
fn publisher_names_are_visible_ascii() {
    for name in ["", "two words", "line\nend", "Zürich", &"n".repeat(129)] {
        assert!(PublisherName::parse(name).is_err(), "{name:?}");
    }
    assert!(PublisherName::parse(&"n".repeat(128)).is_ok());
}
