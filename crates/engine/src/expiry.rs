//! Publishes the removal of rows that have been in a final state for long enough, and the lateness of
//! sources that have not answered for too long. The fold decides.
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

/// Time between two checks, and so how late a row may be removed or a source marked.
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
        let due = boards.read(|boards, _| due_updates(boards, Timestamp::now()));
        if due.is_empty() {
            continue;
        }
        if let Err(error) = publisher.publish_internal(due).await {
            let error = error_chain(&error);
            tracing::warn!(
                "cannot remove expired rows or mark late sources, trying again: {error}"
            );
        }
    }
}

/// The removals and latenesses that are due, each with a deduplication id. The id includes the version of
/// the row or source: one that is put back and is due again needs another update.
fn due_updates(boards: &Boards, now: Timestamp) -> Vec<(String, Update)> {
    let latenesses = boards.due_latenesses(now).filter_map(|update| {
        let version = boards.board(update.board())?.source_version()?;
        Some((format!("lateness {} {version}", update.board()), update))
    });
    let expiries = boards.due_expiries(now).filter_map(|update| {
        let board = update.board();
        let row = boards.board(board)?.find(update.change().flight()?).ok()?;
        Some((format!("expiry {board} {} {}", row.flight().key(), row.version()), update))
    });
    latenesses.chain(expiries).take(MAX_PUBLISHED_AT_ONCE).collect()
}
