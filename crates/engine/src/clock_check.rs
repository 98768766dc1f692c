//! Compares the time of the newest record with the clock. Record times never decrease, so records that were written
//! while a clock was ahead determine the times of those after them.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::MissedTickBehavior;

use crate::boards::LiveBoards;
use crate::health::Health;

const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Runs until it is aborted.
pub(crate) async fn run(boards: Arc<LiveBoards>, health: Arc<Health>) {
    let mut ticks = tokio::time::interval(CHECK_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let newest = boards.newest_time();
        let ahead = newest.duration_since(Timestamp::now());
        // Usually negative.
        health.record_clock(ahead.try_into().unwrap_or_default());
    }
}
