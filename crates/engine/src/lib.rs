//! The life of an update: publish, append, apply, encode, fan out.
//!
//! The publisher appends an update to the journal. The applier follows the journal and applies each
//! record, in order, to the boards; it encodes the resulting event once, hands the frame to the
//! board's channel, and completes the publisher's request. The engine does not know HTTP, nor which
//! journal it has.
//!
//! ```
//! use engine::Engine;
//! use flight::{BoardName, Change};
//! use serde_json::json;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = Engine::start(journal::MemoryJournal::default(), 1024 * 1024).await?;
//! let board = BoardName::parse("main")?;
//! let change = Change::parse(&board, "flightAddition", &json!({"flight": "I768"}))?;
//! let applied = engine.publish(board, change).await?.expect("a new row is accepted");
//! assert!(applied.created);
//! engine.close().await;
//! # Ok(())
//! # }
//! ```

/// Start, publish, stop.
mod engine;

/// Appends updates to the journal and waits for their outcome.
mod publisher;

/// Turns of publishers.
mod turns;

/// The rate of each publisher.
mod publish_rate;

/// Proof that these boards have the updates of other replicas.
mod read_barrier;

/// The limits of one engine.
mod limits;

/// The requests that wait for the applier.
mod waiters;

/// The payload of a journal record: an update and its request id.
mod envelope;

/// The task that follows the journal and applies its records.
mod applier;

/// The current timetables and the channels of their followers.
mod boards;

/// Events encoded for followers.
pub mod frames;

/// The rows of a board as of one event.
mod board_snapshot;

/// The rows of a board, encoded in pieces.
mod row_pieces;

/// The encoded rows that readers hold.
mod snapshot_pool;

/// Publishes the removal of rows that have expired, and the lateness of sources.
mod expiry;

/// Measures how far the boards may be behind the journal.
mod staleness;

/// Probes the journal while no update is published.
mod journal_probe;

/// Rebuilds the timetables from a journal's records, without serving them.
mod replay;

/// Reads the events of the journal a second time.
mod event_reader;

/// Tells when records are ahead of the clock.
mod clock_check;

/// Background tasks that survive their panics.
mod supervision;

/// Readiness, and the reason if the engine is not ready.
mod health;

/// Counters and gauges for `/metrics`.
mod metrics;

/// The time that the phases of an update take.
mod phase_times;

/// Counters and gauges of feeds.
mod feed_metrics;

/// Counters and gauges of TLS.
mod tls_metrics;

/// Counters of refused requests.
mod request_metrics;

/// The metrics of the process.
mod process_metrics;

/// The lease of a board's feed.
mod feed_lease;

/// An error and its causes in one line.
mod error_chain;

pub use applier::{ApplyError, RestoreError};
pub use boards::{
    AppliedUpdate, BoardRows, BoardStatus, LiveBoards, PublishOutcome, UpdateEffect, reach_back,
};
pub use engine::{DEFAULT_BOARD, Engine, StartError};
pub use envelope::EnvelopeError;
pub use error_chain::error_chain;
pub use event_reader::{EventReader, RecordedEvent};
pub use feed_metrics::FeedFigures;
pub use health::{CLOCK_TOLERANCE, Health, STALE_AFTER};
pub use limits::{EngineLimits, MAX_WINDOW_BYTES, PUBLISH_RATE, SNAPSHOT_BYTES};
pub use metrics::{LogCounters, Metrics};
pub use publisher::{MAX_PUBLISHED_AT_ONCE, PublishError, Publisher, UNKNOWN_OUTCOME_TIMEOUT};
pub use replay::{Replay, subject_of};
pub use request_metrics::{RequestMetrics, RightRefusal, StreamLimit};
pub use tls_metrics::HandshakeResult;
