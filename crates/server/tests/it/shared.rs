//! A journal that others hold as well, and that may forget the ids of old records.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use bytes::Bytes;
use journal::{
    AppendError, Checkpoint, Epochs, Journal, MemoryFollower, MemoryJournal, SaveCheckpointError,
    Seq, StorageError,
};

#[derive(Clone)]
pub(crate) struct Shared {
    journal: Arc<MemoryJournal>,
    oldest_known: Arc<AtomicU64>,
}

impl Shared {
    pub(crate) fn new(journal: &Arc<MemoryJournal>) -> Self {
        Self { journal: Arc::clone(journal), oldest_known: Arc::default() }
    }

    /// Forgets the ids of all records before this one.
    pub(crate) fn forget_before(&self, seq: Seq) {
        self.oldest_known.store(seq.0, SeqCst);
    }
}

impl Journal for Shared {
    type Follower = MemoryFollower;

    fn append(
        &self,
        payloads: Vec<Bytes>,
    ) -> impl Future<Output = Result<Vec<Seq>, AppendError>> + Send {
        self.journal.append(payloads)
    }

    async fn probe(&self) -> Result<(), AppendError> {
        self.journal.probe().await
    }

    fn follow(&self, after: Seq) -> MemoryFollower {
        self.journal.follow(after)
    }

    fn epochs(&self) -> Epochs {
        let (epochs, oldest) = (self.journal.epochs(), Seq(self.oldest_known.load(SeqCst)));
        match epochs.record_id(epochs.tail()) {
            Some(newest) if oldest > Seq::ZERO => {
                Epochs::new([(newest.epoch, oldest)], epochs.tail())
            }
            _ => epochs,
        }
    }

    fn tail(&self) -> Seq {
        self.journal.tail()
    }

    async fn checkpoint(
        &self,
        seq: Seq,
        state: Bytes,
        needed_after: Seq,
    ) -> Result<(), SaveCheckpointError> {
        self.journal.checkpoint(seq, state, needed_after).await
    }

    async fn start_point(&self) -> Result<Option<Checkpoint>, StorageError> {
        self.journal.start_point().await
    }

    async fn close(&self) {
        self.journal.close().await;
    }
}
