//! Whether what followers are shown may be behind what others have written: the journal has lost touch
//! with the others, or the fold does not get on. Both are told alike, in heartbeats.

use std::sync::Arc;
use std::time::Duration;

use journal::Journal;
use tokio::time::{Instant, MissedTickBehavior};

use crate::health::Health;
use crate::publisher::Waiting;

/// How long it may be unknown whether there are newer updates before followers are told so. Longer than
/// a journal with many writers takes to look, twice over.
pub const BEHIND_AFTER: Duration = Duration::from_secs(12);

/// How often it is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Runs until it is aborted, or the fold has ended.
pub(crate) async fn run<J: Journal>(journal: Arc<J>, waiting: Arc<Waiting>, health: Arc<Health>) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let now = Instant::now();
        let sure_at = now.checked_sub(journal.staleness().unwrap_or_default()).unwrap_or(now);
        // However long it takes: meanwhile it becomes more and more behind.
        if waiting.until_applied(journal.tail()).await.is_err() {
            return;
        }
        health.was_up_to_date(sure_at);
    }
}
