//! Measures how far the boards may be behind the journal: because the journal has lost contact with
//! its other writers, or because the applier does not keep up. Heartbeats report both alike.

use std::sync::Arc;
use std::time::Duration;

use journal::Journal;
use tokio::time::{Instant, MissedTickBehavior};

use crate::health::Health;
use crate::waiters::Waiters;

/// Time between two measurements.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Runs until it is aborted or the applier has stopped.
pub(crate) async fn run<J: Journal>(journal: Arc<J>, waiters: Arc<Waiters>, health: Arc<Health>) {
    let mut ticks = tokio::time::interval(CHECK_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let now = Instant::now();
        // The moment at which the journal surely knew its newest record.
        let known_at = now.checked_sub(journal.staleness().unwrap_or_default()).unwrap_or(now);
        // No timeout: while the applier is behind, the staleness grows.
        if waiters.wait_applied(journal.tail()).await.is_err() {
            return;
        }
        health.mark_current(known_at);
    }
}
