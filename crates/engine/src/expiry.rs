//! Publishes the removal of rows that have been in a final state for long enough. The fold decides.
//!
//! Every replica publishes it under the same deduplication id, so the journal stores it once.

use std::sync::Arc;
use std::time::Duration;

use flight::{Boards, Update};
use jiff::Timestamp;
use tokio::time::MissedTickBehavior;

use crate::boards::LiveBoards;
use crate::error_chain::error_chain;
use crate::health::Health;
use crate::publisher::{MAX_PUBLISHED_AT_ONCE, Publisher};

/// Time between two checks, and so how late a row may be removed.
const EXPIRY_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Runs until it is aborted.
pub(crate) async fn run(boards: Arc<LiveBoards>, publisher: Arc<Publisher>, health: Arc<Health>) {
    let mut ticks = tokio::time::interval(EXPIRY_CHECK_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // The rows are still due when the journal accepts updates again.
        if health.journal_unavailable() {
            continue;
        }
        let due = boards.read(|boards, _| due_expiries(boards, Timestamp::now()));
        if due.is_empty() {
            continue;
        }
        if let Err(error) = publisher.publish_internal(due).await {
            let error = error_chain(&error);
            tracing::warn!("cannot remove expired rows, trying again: {error}");
        }
    }
}

/// The removals that are due, each with a deduplication id. The id includes the row's version: a row
/// that is put back and expires again needs another removal.
fn due_expiries(boards: &Boards, now: Timestamp) -> Vec<(String, Update)> {
    let mut due = Vec::new();
    for update in boards.due_expiries(now).take(MAX_PUBLISHED_AT_ONCE) {
        let board = update.board();
        let Some(key) = update.change().flight() else { continue };
        let Some(row) = boards.board(board).and_then(|board| board.find(key).ok()) else {
            continue;
        };
        let id = format!("expiry {board} {} {}", row.flight().key(), row.version());
        due.push((id, update));
    }
    due
}
