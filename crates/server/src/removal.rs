//! Asks for the removal of rows whose stay in a final state is over. The fold decides.
//!
//! Every replica asks, and all ask under the same name, so that one record is written.

use std::sync::Arc;
use std::time::Duration;

use flight::{Boards, Update};
use jiff::Timestamp;
use tokio::time::MissedTickBehavior;

use crate::health::{Health, with_causes};
use crate::live::Live;
use crate::publisher::{MAX_PUBLISHED_AT_ONCE, Publisher};

/// How late a row may leave.
const EVERY: Duration = Duration::from_secs(1);

/// Runs until it is aborted.
pub(crate) async fn run(live: Arc<Live>, publisher: Arc<Publisher>, health: Arc<Health>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // The rows are due still when the journal takes updates again.
        if health.journal_at_fault() {
            continue;
        }
        let due = live.look(|boards, _| named(boards, Timestamp::now()));
        if due.is_empty() {
            continue;
        }
        match publisher.settle(due).await {
            Ok(()) => {}
            // The rows are due still; the next tick tries again.
            Err(error) => tracing::warn!("rows stay too long: {}", with_causes(&error)),
        }
    }
}

/// What is due, each removal with a name that says which row is meant, and of which version: should it
/// come to stay again, its next removal is another.
fn named(boards: &Boards, now: Timestamp) -> Vec<(String, Update)> {
    let name = |record: Update| {
        let board = record.board();
        let row = boards.board(board)?.find(record.change().flight()?).ok()?;
        Some((format!("expiry {board} {} {}", row.flight().key(), row.version()), record))
    };
    boards.due_expiries(now).into_iter().take(MAX_PUBLISHED_AT_ONCE).filter_map(name).collect()
}
