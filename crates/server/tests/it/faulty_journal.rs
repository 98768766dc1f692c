//! A journal in memory that the test shares: the test can fill or block its disk, and make it forget old ids.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};

use bytes::Bytes;
use journal::{
    AppendError, Checkpoint, Epochs, Journal, MemoryFollower, MemoryJournal, SaveCheckpointError,
    Seq, StorageError,
};
use tokio::sync::watch;

#[derive(Clone, Default)]
pub(crate) struct FaultyJournal {
    journal: Arc<MemoryJournal>,
    faults: Arc<JournalFaults>,
}

#[derive(Default)]
struct JournalFaults {
    full: AtomicBool,
    stuck: watch::Sender<bool>,
    oldest_known_seq: AtomicU64,
    appends: AtomicUsize,
    probes: AtomicUsize,
}

impl FaultyJournal {
    /// Opens the records of `journal`, without any fault.
    pub(crate) fn on(journal: &Arc<MemoryJournal>) -> Self {
        Self { journal: Arc::clone(journal), faults: Arc::default() }
    }

    /// Rejects appends, probes and checkpoints, as on a full disk.
    pub(crate) fn set_full(&self, full: bool) {
        self.faults.full.store(full, SeqCst);
    }

    /// Lets appends, probes and checkpoints wait, as on a disk that hangs.
    pub(crate) fn set_stuck(&self, stuck: bool) {
        self.faults.stuck.send_replace(stuck);
    }

    /// Forgets the ids of all records before `seq`.
    pub(crate) fn forget_before(&self, seq: Seq) {
        self.faults.oldest_known_seq.store(seq.0, SeqCst);
    }

    pub(crate) fn appends(&self) -> usize {
        self.faults.appends.load(SeqCst)
    }

    pub(crate) fn probes(&self) -> usize {
        self.faults.probes.load(SeqCst)
    }

    async fn check_disk(&self) -> Result<(), StorageError> {
        self.faults.stuck.subscribe().wait_for(|stuck| !stuck).await.unwrap();
        if !self.faults.full.load(SeqCst) {
            return Ok(());
        }
        let source = Arc::new(std::io::Error::from(std::io::ErrorKind::StorageFull));
        Err(StorageError::NoSpace { journal: "flightboard.db".to_owned(), source })
    }
}

impl Journal for FaultyJournal {
    type Follower = MemoryFollower;

    async fn append(&self, payloads: Vec<Bytes>) -> Result<Vec<Seq>, AppendError> {
        self.faults.appends.fetch_add(1, SeqCst);
        self.check_disk().await?;
        self.journal.append(payloads).await
    }

    async fn probe(&self) -> Result<(), AppendError> {
        self.faults.probes.fetch_add(1, SeqCst);
        self.check_disk().await?;
        self.journal.probe().await
    }

    fn follow(&self, after: Seq) -> MemoryFollower {
        self.journal.follow(after)
    }

    fn epochs(&self) -> Epochs {
        let epochs = self.journal.epochs();
        let oldest = Seq(self.faults.oldest_known_seq.load(SeqCst));
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
        self.check_disk().await?;
        self.journal.checkpoint(seq, state, needed_after).await
    }

    async fn start_point(&self) -> Result<Option<Checkpoint>, StorageError> {
        self.journal.start_point().await
    }

    async fn close(&self) {
        self.journal.close().await;
    }
}
