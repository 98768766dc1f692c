//! A journal in memory, for demonstrations and tests. It fulfils the contract, but its records are lost when the
//! process ends.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::watch;

use crate::error::{
    AppendError, Cause, FollowError, ImportError, SaveCheckpointError, StorageError,
};
use crate::import::{Import, ImportRecord, ImportSource, check_import};
use crate::journal::{
    MAX_STATE_BYTES, PROBE_BYTES, check_append, check_checkpoint_seq, check_size,
};
use crate::retention::{self, Expiry};
use crate::ring::{self, RecordRing};
use crate::tail::{self, TailState};
use crate::{Checkpoint, Epochs, Follow, Journal, JournalOptions, Record, Seq, UnixMillis};

/// The default [`JournalOptions::keep_bytes`] of a journal in memory.
pub const MEMORY_KEEP_BYTES: u64 = 64 * 1024 * 1024;

/// The default [`JournalOptions::max_bytes`] of a journal in memory.
pub const MEMORY_MAX_BYTES: u64 = 256 * 1024 * 1024;

/// A journal in memory.
#[derive(Debug)]
pub struct MemoryJournal {
    options: JournalOptions,
    epochs: Epochs,
    shared: Arc<MemoryShared>,
}

#[derive(Debug)]
struct MemoryShared {
    contents: Mutex<MemoryContents>,
    tail_state: watch::Sender<TailState>,
}

#[derive(Debug, Default)]
struct MemoryContents {
    records: RecordRing,
    checkpoints: BTreeMap<Seq, Bytes>,
}

impl MemoryJournal {
    /// Creates an empty journal. Without limits in the options, [`MEMORY_KEEP_BYTES`] and [`MEMORY_MAX_BYTES`]
    /// apply.
    #[must_use]
    pub fn new(mut options: JournalOptions) -> Self {
        options.keep_bytes.get_or_insert(MEMORY_KEEP_BYTES);
        options.max_bytes.get_or_insert(MEMORY_MAX_BYTES);
        let none = Epochs::new([], Seq::ZERO);
        let kept =
            MemoryShared { contents: Mutex::default(), tail_state: tail::channel(Seq::ZERO) };
        MemoryJournal { options, epochs: none.begin(none.unused_epoch()), shared: Arc::new(kept) }
    }

    /// Starts a copy of a journal.
    #[must_use]
    pub fn import(source: ImportSource, options: JournalOptions) -> MemoryImport {
        let mut journal = MemoryJournal::new(options);
        journal.shared.tail_state.send_modify(|state| state.tail = source.kept_after);
        journal.epochs = source.epochs;
        MemoryImport { journal }
    }

    fn append_now(&self, payloads: Vec<Bytes>) -> Result<Vec<Seq>, AppendError> {
        check_append(&payloads)?;
        let mut contents = self.shared.open()?;
        let added: usize = payloads.iter().map(|payload| ring::memory_cost(payload.len())).sum();
        self.check_space(&contents, added)?;

        let time = self.options.clock.now().max(contents.newest_time());
        let tail = self.tail();
        let seqs: Vec<_> = (1..).map(|n| Seq(tail.0 + n)).take(payloads.len()).collect();
        for (&seq, payload) in seqs.iter().zip(payloads) {
            contents.records.push(Record { seq, time, payload });
        }
        self.prune(&mut contents);
        // Still under the lock: otherwise two appends could publish their tails in the wrong order.
        if let Some(&tail) = seqs.last() {
            self.shared.tail_state.send_modify(|state| state.tail = tail);
        }
        Ok(seqs)
    }

    fn probe_now(&self) -> Result<(), AppendError> {
        let contents = self.shared.open()?;
        Ok(self.check_space(&contents, ring::memory_cost(PROBE_BYTES))?)
    }

    fn checkpoint_now(
        &self,
        seq: Seq,
        state: Bytes,
        needed_after: Seq,
    ) -> Result<(), SaveCheckpointError> {
        check_size("a state", state.len(), MAX_STATE_BYTES)?;
        let mut contents = self.shared.open()?;
        check_checkpoint_seq(seq, contents.kept_after(), self.tail())?;
        self.check_space(&contents, state.len())?;
        contents.checkpoints.insert(seq, state);
        let kept: Vec<_> = contents.checkpoints.keys().copied().collect();
        for seq in retention::obsolete_checkpoints(&kept, needed_after) {
            contents.checkpoints.remove(&seq);
        }
        self.prune(&mut contents);
        Ok(())
    }

    fn check_space(&self, contents: &MemoryContents, added: usize) -> Result<(), StorageError> {
        let limit = self.options.max_bytes.unwrap_or(MEMORY_MAX_BYTES);
        let needed = contents.bytes() + added as u64;
        if needed <= limit {
            return Ok(());
        }
        let cause = format!("{needed} bytes needed, limit {limit}");
        Err(StorageError::NoSpace {
            journal: "in memory".into(),
            source: Cause::from(Box::from(cause)),
        })
    }

    fn prune(&self, contents: &mut MemoryContents) {
        let oldest_checkpoint = contents.checkpoints.keys().next().copied();
        let expiry = Expiry::new(&self.options, contents.bytes());
        let Some(newest) = contents.records.newest() else { return };
        let reach = retention::prune_limit(oldest_checkpoint, newest.seq);
        let before = contents.bytes();
        while let Some(oldest) = contents.records.oldest()
            && oldest.seq <= reach
            && expiry.covers(oldest.time, before - contents.bytes())
        {
            contents.records.pop_oldest();
        }
    }
}

impl Default for MemoryJournal {
    fn default() -> Self {
        MemoryJournal::new(JournalOptions::default())
    }
}

impl Journal for MemoryJournal {
    type Follower = MemoryFollower;

    fn append(
        &self,
        payloads: Vec<Bytes>,
    ) -> impl Future<Output = Result<Vec<Seq>, AppendError>> + Send {
        std::future::ready(self.append_now(payloads))
    }

    fn probe(&self) -> impl Future<Output = Result<(), AppendError>> + Send {
        std::future::ready(self.probe_now())
    }

    fn follow(&self, after: Seq) -> MemoryFollower {
        MemoryFollower {
            after,
            shared: Arc::clone(&self.shared),
            tail_state: self.shared.tail_state.subscribe(),
        }
    }

    fn epochs(&self) -> Epochs {
        self.epochs.with_tail(self.tail())
    }

    fn tail(&self) -> Seq {
        self.shared.tail_state.borrow().tail
    }

    fn checkpoint(
        &self,
        seq: Seq,
        state: Bytes,
        needed_after: Seq,
    ) -> impl Future<Output = Result<(), SaveCheckpointError>> + Send {
        std::future::ready(self.checkpoint_now(seq, state, needed_after))
    }

    async fn start_point(&self) -> Result<Option<Checkpoint>, StorageError> {
        let contents = self.shared.open()?;
        let oldest = contents.checkpoints.first_key_value();
        Ok(oldest.map(|(&seq, state)| Checkpoint { seq, state: state.clone() }))
    }

    async fn close(&self) {
        let _contents = self.shared.lock();
        self.shared.tail_state.send_modify(|state| state.closed = true);
    }
}

impl Drop for MemoryJournal {
    fn drop(&mut self) {
        self.shared.tail_state.send_modify(|state| state.closed = true);
    }
}

impl MemoryShared {
    fn lock(&self) -> MutexGuard<'_, MemoryContents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> Result<MutexGuard<'_, MemoryContents>, StorageError> {
        let contents = self.lock();
        if self.tail_state.borrow().closed { Err(StorageError::Closed) } else { Ok(contents) }
    }
}

impl MemoryContents {
    fn bytes(&self) -> u64 {
        let states: usize = self.checkpoints.values().map(Bytes::len).sum();
        (self.records.bytes() + states) as u64
    }

    fn newest_time(&self) -> UnixMillis {
        self.records.newest().map_or(UnixMillis::default(), |record| record.time)
    }

    fn kept_after(&self) -> Seq {
        self.records.oldest().map_or(Seq::ZERO, |record| record.seq.prev())
    }
}

/// Follows a [`MemoryJournal`].
#[derive(Debug)]
pub struct MemoryFollower {
    after: Seq,
    shared: Arc<MemoryShared>,
    tail_state: watch::Receiver<TailState>,
}

impl Follow for MemoryFollower {
    async fn next(&mut self) -> Result<Vec<Record>, FollowError> {
        loop {
            let TailState { tail, closed } = *self.tail_state.borrow_and_update();
            if self.after < tail {
                return self.advance();
            }
            if closed {
                return Err(StorageError::Closed.into());
            }
            tail::changed(&mut self.tail_state).await?;
        }
    }
}

impl MemoryFollower {
    fn advance(&mut self) -> Result<Vec<Record>, FollowError> {
        let contents = self.shared.lock();
        let removed = FollowError::Pruned { after: self.after, kept_after: contents.kept_after() };
        let batch = contents.records.after(self.after).ok_or(removed)?;
        self.after = batch.last().map_or(self.after, |record| record.seq);
        Ok(batch)
    }
}

/// An unfinished copy, which becomes a [`MemoryJournal`].
#[derive(Debug)]
pub struct MemoryImport {
    journal: MemoryJournal,
}

impl Import for MemoryImport {
    type Journal = MemoryJournal;

    fn tail(&self) -> Seq {
        self.journal.tail()
    }

    async fn write(&mut self, records: Vec<ImportRecord>) -> Result<(), ImportError> {
        check_import(self.tail(), &records)?;
        let mut contents = self.journal.shared.open()?;
        let bytes =
            records.iter().map(|copied| ring::memory_cost(copied.record.payload.len())).sum();
        self.journal.check_space(&contents, bytes)?;
        for ImportRecord { record, .. } in records {
            self.journal.shared.tail_state.send_modify(|state| state.tail = record.seq);
            contents.records.push(record);
        }
        Ok(())
    }

    async fn finish(mut self, start: Option<Checkpoint>) -> Result<MemoryJournal, ImportError> {
        if let Some(Checkpoint { seq, state }) = start {
            self.journal.checkpoint_now(seq, state, seq)?;
        }
        let known = self.journal.epochs.with_tail(self.tail());
        self.journal.epochs = known.begin(known.unused_epoch());
        Ok(self.journal)
    }
}
