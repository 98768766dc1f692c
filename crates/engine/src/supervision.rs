//! Background tasks that start again after a panic: without them, rows would not expire, or the end of a fault
//! would not be noticed.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::{AbortHandle, JoinSet};

use crate::metrics::Metrics;

/// Wait before a restart, so that a panic that repeats costs little.
const RESTART_DELAY: Duration = Duration::from_secs(1);

/// Spawns the task that `start` returns, and another one after each panic. Aborting the result ends both.
pub(crate) fn spawn<F>(
    name: &'static str,
    metrics: &Arc<Metrics>,
    start: impl Fn() -> F + Send + 'static,
) -> AbortHandle
where
    F: Future<Output = ()> + Send + 'static,
{
    let metrics = Arc::clone(metrics);
    let supervisor = tokio::spawn(async move {
        loop {
            // Dropping the set aborts the task in it.
            let mut task = JoinSet::new();
            task.spawn(start());
            match task.join_next().await {
                Some(Err(error)) if error.is_panic() => {
                    metrics.count_task_panic();
                    tracing::error!("the {name} task panicked, starting it again");
                    tokio::time::sleep(RESTART_DELAY).await;
                }
                _ => return,
            }
        }
    });
    supervisor.abort_handle()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn panicked_task_starts_again() {
        let starts = Arc::new(AtomicUsize::new(0));
        let metrics = Arc::new(Metrics::new());
        let counted = Arc::clone(&starts);
        let task = spawn("test", &metrics, move || {
            let start = counted.fetch_add(1, SeqCst);
            async move {
                assert!(start == 2, "the test's panic");
                std::future::pending::<()>().await;
            }
        });
        while starts.load(SeqCst) < 3 {
            tokio::time::sleep(RESTART_DELAY).await;
        }
        let text = metrics.encode(true, Duration::ZERO, Duration::ZERO, Vec::new(), 0, Vec::new());
        assert!(text.contains("flightboard_task_panics_total 2"), "{text}");
        task.abort();
        while Arc::strong_count(&starts) > 1 {
            tokio::time::sleep(RESTART_DELAY).await;
        }
    }
}
