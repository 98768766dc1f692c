//! Probes the journal while no update is published: so the server becomes ready again without a
//! publisher, and a failing disk is noticed before the first publisher of the day. In between it checks every second
//! that the journal's storage is in its place, which costs less.

use std::sync::Arc;
use std::time::Duration;

use journal::Journal;
use tokio::time::MissedTickBehavior;

use crate::health::Health;

/// Time between two probes of an unavailable journal, and so how late its recovery may be noticed.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// Time without an append after which an available journal is probed: one heartbeat.
const IDLE_INTERVAL: Duration = Duration::from_secs(15);

/// Time after which an unanswered probe makes the journal count as unavailable. Failing disks often
/// hang before they return errors.
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);

/// Runs until it is aborted.
pub(crate) async fn run<J: Journal>(journal: Arc<J>, health: Arc<Health>) {
    let mut ticks = tokio::time::interval(RETRY_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if health.journal_unavailable() || health.journal_idle_time() >= IDLE_INTERVAL {
            let probed = wait(journal.probe(), &health).await;
            health.record_journal_result(&probed);
        } else if let Err(error) = wait(journal.check(), &health).await {
            // A success says only that the storage is in its place.
            health.record_journal_result::<()>(&Err(error.into()));
        }
    }
}

/// Waits for one answer, however long it takes: further questions would only queue behind it.
async fn wait<T>(answer: impl Future<Output = T>, health: &Health) -> T {
    let mut answer = std::pin::pin!(answer);
    match tokio::time::timeout(PROBE_TIMEOUT, &mut answer).await {
        Ok(answer) => answer,
        Err(_) => {
            health.record_journal_timeout();
            answer.await
        }
    }
}
