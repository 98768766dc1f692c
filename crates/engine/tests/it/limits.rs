//! Limits that are checked before an update is written.

use engine::{Engine, EngineLimits, PublishError, PublishOutcome, UpdateEffect};
use flight::{
    BoardName, BoardSettings, Change, IdempotencyKey, PublisherName, Rejection, StateLimits, Update,
};
use journal::MemoryJournal;
use serde_json::{Value, json};

fn update(event: &str, data: Value) -> Update {
    let board = BoardName::parse("main").unwrap();
    let change = Change::parse(&board, event, &data).unwrap();
    Update::new(board, change)
}

fn row(number: usize) -> Update {
    update("flightAddition", json!({"flight": format!("F{number}")}))
}

async fn engine(limits: EngineLimits) -> Engine {
    Engine::start_with_limits(MemoryJournal::default(), 1024 * 1024, limits).await.unwrap()
}

async fn publish(engine: &Engine, update: Update) -> PublishOutcome {
    engine.publisher().publish_one(update).await.unwrap()
}

/// The position of an accepted update.
async fn seq(engine: &Engine, update: Update) -> u64 {
    publish(engine, update).await.unwrap().id.unwrap().seq.0
}

#[tokio::test]
async fn refused_updates_are_not_written() {
    let engine = engine(EngineLimits::default()).await;
    let before = seq(&engine, row(0)).await;
    let other = BoardName::parse("other").unwrap();
    let change = Change::parse(&other, "flightAddition", &json!({"flight": "A"})).unwrap();
    let patch = update("flightStateUpdate", json!({"flight": "X", "gate": "1"}));
    for (update, rejection) in [
        (Update::new(other, change), Rejection::UnknownBoard),
        (patch, Rejection::UnknownFlight),
        (update("flightRemoval", json!({"flight": "X"})), Rejection::UnknownFlight),
    ] {
        for _ in 0..10 {
            assert_eq!(publish(&engine, update.clone()).await.unwrap_err(), rejection);
        }
    }
    assert_eq!(seq(&engine, row(1)).await, before + 1);
    let metrics = engine.metrics_text();
    let line = "flightboard_updates_not_written_total{outcome=\"refused\"} 30";
    assert!(metrics.contains(line), "{metrics}");
}

#[tokio::test]
async fn repetitions_are_not_written() {
    let engine = engine(EngineLimits::default()).await;
    let key = IdempotencyKey::parse("k1").unwrap();
    let once = row(0).with_idempotency_key(Some(key));
    let first = publish(&engine, once.clone()).await.unwrap();
    for _ in 0..10 {
        let again = publish(&engine, once.clone()).await.unwrap();
        assert_eq!((again.effect, again.id), (UpdateEffect::Repeated, first.id));
        assert!(!again.created && again.row.is_some());
    }
    assert_eq!(seq(&engine, row(1)).await, first.id.unwrap().seq.0 + 1);
}

/// Each update of a batch is judged by the state that those before it leave.
#[tokio::test]
async fn batches_are_published_in_order() {
    let engine = engine(EngineLimits::default()).await;
    let patch =
        |number| update("flightStateUpdate", json!({"flight": format!("F{number}"), "gate": "1"}));
    let batch = (0..500).flat_map(|number| [row(number), patch(number)]);
    let outcomes = engine.publisher().publish(batch.collect()).await;
    assert_eq!(outcomes.len(), 1_000);
    let mut last = 0;
    for outcome in outcomes {
        let applied = outcome.unwrap().unwrap();
        assert_eq!(applied.effect, UpdateEffect::Changed);
        let seq = applied.id.unwrap().seq.0;
        assert!(seq > last);
        last = seq;
    }
}

#[tokio::test]
async fn limits_of_the_server_are_kept() {
    let state = StateLimits { max_flights: 300, ..StateLimits::default() };
    let engine = engine(EngineLimits { state, ..EngineLimits::default() }).await;
    let outcomes = engine.publisher().publish((0..1_000).map(row).collect()).await;
    for (number, outcome) in outcomes.into_iter().enumerate() {
        let expected = (number >= 300).then_some(Rejection::BoardFull { max_flights: 300 });
        assert_eq!(outcome.unwrap().err(), expected, "{number}");
    }
}

#[tokio::test(start_paused = true)]
async fn rates_are_kept_per_publisher() {
    let limits = EngineLimits { publish_rate: 10, ..EngineLimits::default() };
    let engine = engine(limits).await;
    let named = |name: &str| {
        let name = PublisherName::parse(name).unwrap();
        move |number| row(number).published_by(Some(name.clone()))
    };
    let publisher = engine.publisher();
    let outcomes = publisher.publish((0..1_000).map(named("big")).collect()).await;
    let refused = |outcome: &Result<_, PublishError>| {
        matches!(outcome, Err(PublishError::RateExceeded { .. }))
    };
    assert!(!refused(&outcomes[0]) && refused(&outcomes[999]));
    assert!(publisher.publish_one(named("small")(0)).await.is_ok());
    // Without a credential there is no rate.
    let outcomes = publisher.publish((0..1_000).map(row).collect()).await;
    assert!(!outcomes.iter().any(refused));
    let metrics = engine.metrics_text();
    assert!(metrics.contains("flightboard_publishes_over_rate_total "), "{metrics}");
    assert!(!metrics.contains("flightboard_publishes_over_rate_total 0"), "{metrics}");
}

#[tokio::test]
async fn recent_events_share_their_memory() {
    const MAX_WINDOW_BYTES: usize = 50_000;
    const BOARDS: usize = 20;
    let limits = EngineLimits { max_window_bytes: MAX_WINDOW_BYTES, ..EngineLimits::default() };
    let engine = engine(limits).await;
    for number in 0..BOARDS {
        let board = BoardName::parse(&format!("board{number}")).unwrap();
        let settings = Box::new(BoardSettings::with_defaults(board.clone()));
        let open = Update::new(board.clone(), Change::PutBoard(settings));
        publish(&engine, open).await.unwrap();
        let rows = (0..400).map(|number| {
            let data = json!({"flight": format!("F{number}")});
            Update::new(board.clone(), Change::parse(&board, "flightAddition", &data).unwrap())
        });
        engine.publisher().publish(rows.collect()).await;
    }
    let metrics = engine.metrics_text();
    let bytes = metrics.lines().find_map(|line| line.strip_prefix("flightboard_window_bytes "));
    let bytes: usize = bytes.unwrap().parse().unwrap();
    assert!((MAX_WINDOW_BYTES / 2..2 * MAX_WINDOW_BYTES).contains(&bytes), "{bytes} bytes");
}
