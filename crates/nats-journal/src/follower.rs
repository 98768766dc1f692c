//! Followers: recent records from memory, older ones from the stream.

use std::sync::Arc;

use journal::{Follow, FollowError, Record, Seq, StorageError};
use tokio::sync::watch;

use crate::history::{Fetch, HistoryReader, StoredRecord};
use crate::shared::{NatsShared, StopReason, StreamTail};

/// A follower of a [`NatsJournal`](crate::NatsJournal).
#[derive(Debug)]
pub struct NatsFollower {
    after: Seq,
    shared: Arc<NatsShared>,
    tail: watch::Receiver<StreamTail>,
    /// Set while the follower reads records older than those in memory.
    history: Option<HistoryReader>,
}

impl NatsFollower {
    pub(crate) fn new(shared: Arc<NatsShared>, after: Seq) -> Self {
        let tail = shared.tail.subscribe();
        NatsFollower { after, shared, tail, history: None }
    }
}

impl Follow for NatsFollower {
    async fn next(&mut self) -> Result<Vec<Record>, FollowError> {
        loop {
            let StreamTail { seq: tail, stopped } = self.tail.borrow_and_update().clone();
            // The records in memory may be the lost ones.
            if let Some(reason @ StopReason::Replaced(_)) = stopped {
                return Err(self.shared.stop_error(reason).into());
            }
            if self.after < tail {
                let batch = match self.shared.recent_after(self.after) {
                    Some(batch) => {
                        self.history = None;
                        batch
                    }
                    None if stopped.is_some() => return Err(StorageError::Closed.into()),
                    None => self.read(tail).await?,
                };
                // After the last await, so that a dropped future does not move the follower.
                self.after = batch.last().map_or(self.after, |record| record.seq);
                return Ok(batch);
            }
            if stopped.is_some() {
                return Err(StorageError::Closed.into());
            }
            self.tail.changed().await.map_err(|_| StorageError::Closed)?;
        }
    }
}

impl NatsFollower {
    async fn read(&mut self, tail: Seq) -> Result<Vec<Record>, FollowError> {
        // Taken out during the read: if this future is dropped, the position of the reader is unknown.
        let after = self.after;
        let mut history =
            self.history.take().unwrap_or_else(|| HistoryReader::new(Fetch::Records, after));
        let batch = history.next(&self.shared, tail).await?;
        self.history = Some(history);
        Ok(batch.into_iter().map(|StoredRecord { record, .. }| record).collect())
    }
}
