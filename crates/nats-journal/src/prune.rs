//! Writing checkpoints, and dropping old checkpoints and old records. Only the replica that wrote the last
//! checkpoint purges the stream, in steps, and never past the oldest checkpoint.

use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;
use journal::backend::{Expiry, check_checkpoint_seq, obsolete_checkpoints, prune_limit};
use journal::{
    Cause, Checkpoint, JournalOptions, SaveCheckpointError, Seq, StorageError, UnixMillis,
};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::checkpoints::{self, CheckpointContents, StoredCheckpoint};
use crate::error::to_cause;
use crate::history::{Fetch, HistoryReader, StoredRecord};
use crate::shared::NatsShared;

#[derive(Debug)]
pub(crate) struct StreamPruner {
    options: JournalOptions,
    /// Checkpoints of records that the stream has lost.
    orphaned: HashSet<Seq>,
    state: Mutex<PruneState>,
}

#[derive(Debug, Default)]
struct PruneState {
    /// `None` until this replica wrote a checkpoint.
    oldest_checkpoint: Option<Seq>,
    /// The oldest record and its time, if known.
    oldest: Option<(Seq, UnixMillis)>,
    /// The time of the last query for the bytes in use.
    measured_at: Option<Instant>,
    failing: bool,
}

impl StreamPruner {
    pub(crate) fn new(options: JournalOptions, orphaned: HashSet<Seq>) -> Self {
        StreamPruner { options, orphaned, state: Mutex::default() }
    }

    pub(crate) async fn start_point(
        &self,
        shared: &NatsShared,
    ) -> Result<Option<Checkpoint>, StorageError> {
        let oldest = shared.connection.retry(|| self.oldest(shared)).await;
        oldest.map_err(|cause| shared.storage(cause))
    }

    pub(crate) async fn newest(&self, shared: &NatsShared) -> Result<Seq, StorageError> {
        let listed = shared.connection.retry(|| self.list(shared)).await;
        let checkpoints = listed.map_err(|cause| shared.storage(cause))?;
        Ok(checkpoints.last().map_or(Seq::ZERO, |newest| newest.seq))
    }

    pub(crate) async fn checkpoint(
        &self,
        shared: &NatsShared,
        seq: Seq,
        state: Bytes,
        needed_after: Seq,
    ) -> Result<(), SaveCheckpointError> {
        let mut prune_state = self.state.lock().await;
        shared.connection.wait_connected().await.map_err(|cause| shared.storage(cause))?;
        let kept_after = self.first(shared).await.map_err(|cause| shared.storage(cause))?.prev();
        check_checkpoint_seq(seq, kept_after, shared.tail())?;
        let saved = self.save_checkpoint(shared, seq, state, needed_after);
        prune_state.oldest_checkpoint = Some(saved.await.map_err(|cause| shared.storage(cause))?);
        prune_state.measured_at = None;
        while self.try_step(&mut prune_state, shared).await {}
        Ok(())
    }

    /// Drops one batch of records, if any are due.
    pub(crate) async fn prune_step(&self, shared: &NatsShared) {
        let mut prune_state = self.state.lock().await;
        self.try_step(&mut prune_state, shared).await;
    }

    /// Stores a checkpoint, deletes those no longer needed, and returns the oldest one left.
    async fn save_checkpoint(
        &self,
        shared: &NatsShared,
        seq: Seq,
        state: Bytes,
        needed_after: Seq,
    ) -> Result<Seq, Cause> {
        let contents = CheckpointContents { epoch_starts: shared.epoch_starts_to(seq), state };
        checkpoints::put(&shared.streams, seq, &contents).await?;
        let listed = self.list(shared).await?;
        let mut kept: Vec<_> = listed.iter().map(|checkpoint| checkpoint.seq).collect();
        let obsolete = obsolete_checkpoints(&kept, needed_after);
        for &seq in &obsolete {
            checkpoints::remove(&shared.streams, seq).await?;
        }
        kept.retain(|seq| !obsolete.contains(seq));
        Ok(kept.first().copied().unwrap_or(seq))
    }

    async fn oldest(&self, shared: &NatsShared) -> Result<Option<Checkpoint>, Cause> {
        let checkpoints = self.list(shared).await?;
        let Some(&StoredCheckpoint { seq, .. }) = checkpoints.first() else { return Ok(None) };
        let contents = checkpoints::get(&shared.streams, seq).await?;
        Ok(Some(Checkpoint { seq, state: contents.state }))
    }

    async fn list(&self, shared: &NatsShared) -> Result<Vec<StoredCheckpoint>, Cause> {
        let mut listed = checkpoints::list(&shared.streams, &self.orphaned).await?;
        let tail = shared.tail();
        listed.retain(|checkpoint| checkpoint.seq <= tail);
        Ok(listed)
    }

    /// Returns whether more records may be due. A failure is logged once, until a step succeeds again.
    async fn try_step(&self, prune_state: &mut PruneState, shared: &NatsShared) -> bool {
        let Some(oldest_checkpoint) = prune_state.oldest_checkpoint else { return false };
        let reach = prune_limit(Some(oldest_checkpoint), shared.tail());
        let step = self.prune(prune_state, shared, reach).await;
        let failed = step.is_err();
        let was_failing = std::mem::replace(&mut prune_state.failing, failed);
        match step {
            Ok(more) => more,
            Err(e) => {
                prune_state.oldest = None;
                if !was_failing {
                    tracing::warn!(error = %e, "cannot drop old records");
                }
                false
            }
        }
    }

    async fn prune(
        &self,
        prune_state: &mut PruneState,
        shared: &NatsShared,
        reach: Seq,
    ) -> Result<bool, Cause> {
        let used_bytes = self.used_bytes(prune_state, shared).await?;
        let expiry = Expiry::new(&self.options, used_bytes);
        // While the oldest record is known to stay, no request is necessary.
        let stays = |(seq, time): (Seq, UnixMillis)| seq > reach || !expiry.covers(time, 0);
        if prune_state.oldest.is_some_and(stays) || !self.has_limits() {
            return Ok(false);
        }
        let first = self.first(shared).await?;
        if first > reach || first == Seq::ZERO {
            return Ok(false);
        }
        let mut history = HistoryReader::new(Fetch::Sizes, first.prev());
        // One record past the limit, to learn the oldest record that stays.
        let batch = history.try_next(shared, reach.next()).await.map_err(to_cause)?;
        let last = last_due(&batch, expiry, reach);
        let stays = batch.iter().find(|stored| last.is_none_or(|last| stored.record.seq > last));
        prune_state.oldest = stays.map(|stored| (stored.record.seq, stored.record.time));
        let Some(last) = last else { return Ok(false) };
        shared.streams.records.purge().sequence(last.next().0).await.map_err(to_cause)?;
        // The stream is smaller now; query its size again.
        prune_state.measured_at = None;
        Ok(stays.is_none_or(|stored| stored.record.seq <= reach))
    }

    fn has_limits(&self) -> bool {
        self.options.keep.is_some() || self.options.keep_bytes.is_some()
    }

    /// The bytes in use, or zero if they were queried recently: then no limit is exceeded.
    async fn used_bytes(
        &self,
        prune_state: &mut PruneState,
        shared: &NatsShared,
    ) -> Result<u64, Cause> {
        let recently = prune_state.measured_at.is_some_and(|at| at.elapsed() < MEASURE_INTERVAL);
        if self.options.keep_bytes.is_none() || recently {
            return Ok(0);
        }
        prune_state.measured_at = Some(Instant::now());
        shared.streams.state().await.map(|state| state.bytes).map_err(Cause::from)
    }

    /// The number of the oldest record, or of the next one if the stream is empty.
    async fn first(&self, shared: &NatsShared) -> Result<Seq, Cause> {
        match shared.streams.state().await {
            Ok(state) => Ok(Seq(state.first_sequence)),
            Err(status) => Err(status.into()),
        }
    }
}

/// The last record of the batch that is due.
fn last_due(batch: &[StoredRecord], expiry: Expiry, reach: Seq) -> Option<Seq> {
    let mut freed_bytes = 0;
    let due_records = batch.iter().take_while(|stored| {
        let is_due = stored.record.seq <= reach && expiry.covers(stored.record.time, freed_bytes);
        freed_bytes += stored.bytes;
        is_due
    });
    due_records.last().map(|stored| stored.record.seq)
}

/// Interval of queries for the bytes in use.
const MEASURE_INTERVAL: Duration = Duration::from_secs(1);
