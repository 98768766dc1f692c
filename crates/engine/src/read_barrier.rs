//! On a journal with several writers, these boards may lack the newest updates of other replicas. A record that
//! this replica sends comes after all that were acknowledged before. So once it is applied, the boards are current as of
//! the moment at which it was sent: a barrier, as in HashiCorp's Raft library. One barrier serves all waits.

use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep_until};

use crate::publisher::PublishError;

/// Time between two barriers, each of which is a record.
pub(crate) const BARRIER_INTERVAL: Duration = Duration::from_millis(50);

/// The barriers of one replica.
#[derive(Debug, Default)]
pub(crate) struct ReadBarrier {
    /// Locked while a barrier is on the way.
    state: Mutex<BarrierState>,
}

#[derive(Debug, Default)]
struct BarrierState {
    next_at: Option<Instant>,
    last: Option<BarrierResult>,
}

#[derive(Debug)]
struct BarrierResult {
    sent_at: Instant,
    result: Result<(), PublishError>,
}

/// The task to write a record as the next barrier. If it is dropped, another one writes it.
#[derive(Debug)]
pub(crate) struct BarrierTask<'a> {
    state: MutexGuard<'a, BarrierState>,
    sent_at: Instant,
}

impl ReadBarrier {
    /// Waits for a barrier that was sent after this call, or returns the task to write one.
    ///
    /// # Errors
    /// That barrier was not written.
    pub(crate) async fn wait(&self) -> Result<Option<BarrierTask<'_>>, PublishError> {
        let called_at = Instant::now();
        let mut state = self.state.lock().await;
        if let Some(BarrierResult { sent_at, result }) = &state.last
            && *sent_at > called_at
        {
            return result.clone().map(|()| None);
        }
        if let Some(next_at) = state.next_at {
            sleep_until(next_at).await;
        }
        let sent_at = Instant::now();
        // Before it is written: publishers that give up do not write more of them.
        state.next_at = Some(sent_at + BARRIER_INTERVAL);
        Ok(Some(BarrierTask { state, sent_at }))
    }
}

impl BarrierTask<'_> {
    /// Ends the waits of all others: the record has been applied, or has failed.
    pub(crate) fn finish(mut self, result: Result<(), PublishError>) {
        self.state.last = Some(BarrierResult { sent_at: self.sent_at, result });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use journal::{AppendError, StorageError};
    use tokio::task::JoinSet;

    use super::*;

    /// Waits for a barrier, and writes it if none is on the way. Returns whether it was written here.
    async fn pass(
        barrier: &ReadBarrier,
        result: Result<(), PublishError>,
    ) -> Result<bool, PublishError> {
        let Some(task) = barrier.wait().await? else { return Ok(false) };
        // Others arrive while it is being written.
        tokio::time::sleep(Duration::from_millis(1)).await;
        task.finish(result.clone());
        result.map(|()| true)
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_updates_share_barriers() {
        let barrier = Arc::new(ReadBarrier::default());
        let start = Instant::now();
        let mut written = 0;
        for _ in 0..3 {
            let mut waits = JoinSet::new();
            for _ in 0..100 {
                let barrier = Arc::clone(&barrier);
                waits.spawn(async move { pass(&barrier, Ok(())).await });
            }
            written +=
                waits.join_all().await.into_iter().filter(|it| matches!(it, Ok(true))).count();
        }
        // The first is sent at once, so all others of the first round wait for the second.
        assert_eq!(written, 4);
        assert!(start.elapsed() >= 3 * BARRIER_INTERVAL, "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn earlier_barriers_prove_nothing() {
        let barrier = ReadBarrier::default();
        for _ in 0..3 {
            assert!(matches!(pass(&barrier, Ok(())).await, Ok(true)));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn failures_are_shared() {
        let barrier = Arc::new(ReadBarrier::default());
        let closed = PublishError::NotWritten(AppendError::Storage(StorageError::Closed));
        let first = barrier.wait().await.unwrap().unwrap();
        let mut waits = JoinSet::new();
        for _ in 0..100 {
            let (barrier, closed) = (Arc::clone(&barrier), closed.clone());
            waits.spawn(async move { pass(&barrier, Err(closed)).await });
        }
        tokio::time::sleep(BARRIER_INTERVAL).await;
        let start = Instant::now();
        first.finish(Ok(()));
        assert!(waits.join_all().await.iter().all(Result::is_err));
        assert!(start.elapsed() < 2 * BARRIER_INTERVAL, "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn abandoned_barriers_count_against_the_rate() {
        let barrier = ReadBarrier::default();
        let start = Instant::now();
        for _ in 0..10 {
            drop(barrier.wait().await.unwrap());
        }
        assert!(start.elapsed() >= 9 * BARRIER_INTERVAL, "{:?}", start.elapsed());
    }
}
