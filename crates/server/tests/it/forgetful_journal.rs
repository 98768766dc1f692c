//! A journal shared with the test, which can make it forget the ids of old records.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use bytes::Bytes;
use journal::{
    AppendError, Checkpoint, Epochs, Journal, MemoryFollower, MemoryJournal, SaveCheckpointError,
    Seq, StorageError,
};

#[derive(Clone)]
pub(crate) struct ForgetfulJournal {
    journal: Arc<MemoryJournal>,
    oldest_known_seq: Arc<AtomicU64>,
}

impl ForgetfulJournal {
    pub(crate) fn new(journal: &Arc<MemoryJournal>) -> Self {
        Self { journal: Arc::clone(journal), oldest_known_seq: Arc::default() }
    }

    /// Forgets the ids of all records before `seq`.
    pub(crate) fn forget_before(&self, seq: Seq) {
        self.oldest_known_seq.store(seq.0, SeqCst);
    }
}

impl Journal for ForgetfulJournal {
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
        let epochs = self.journal.epochs();
        let oldest = Seq(self.oldest_known_seq.load(SeqCst));
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
