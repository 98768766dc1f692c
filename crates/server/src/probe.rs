//! Asks the journal whether it would take an update, when no update tells: so that the server is
//! ready again without a publisher, and a failing disk is noticed before the first publisher of the
//! day.

use std::sync::Arc;
use std::time::Duration;

use journal::Journal;
use tokio::time::MissedTickBehavior;

use crate::health::Health;

/// How soon a journal at fault is asked again, and so how late its recovery may be seen.
const AGAIN: Duration = Duration::from_secs(1);

/// How long a journal that is well may be silent: as long as a stream.
const SILENT: Duration = Duration::from_secs(15);

/// How long an answer may take before the journal is at fault: disks that fail often hang first.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs until it is aborted.
pub(crate) async fn run<J: Journal>(journal: Arc<J>, health: Arc<Health>) {
    let mut ticks = tokio::time::interval(AGAIN);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if health.journal_at_fault() || health.journal_silent() >= SILENT {
            ask(&*journal, &health).await;
        }
    }
}

/// Waits for the one answer, however long it takes: more questions would only queue up behind it.
async fn ask(journal: &impl Journal, health: &Health) {
    let mut probe = std::pin::pin!(journal.probe());
    let answer = match tokio::time::timeout(PATIENCE, &mut probe).await {
        Ok(answer) => answer,
        Err(_) => {
            health.journal_hangs();
            probe.await
        }
    };
    health.journal_answered(&answer);
}
