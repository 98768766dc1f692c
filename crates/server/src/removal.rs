//! Asks for the removal of rows whose stay in a final state is over. The fold decides.

use std::sync::Arc;
use std::time::Duration;

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
        let mut due = live.look(|boards, _| boards.due(Timestamp::now()));
        due.truncate(MAX_PUBLISHED_AT_ONCE);
        if due.is_empty() {
            continue;
        }
        match publisher.publish(due).await {
            Ok(_) => {}
            // The rows are due still; the next tick tries again.
            Err(error) => tracing::warn!("rows stay too long: {}", with_causes(&error)),
        }
    }
}
