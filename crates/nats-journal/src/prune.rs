//! Checkpoints kept and records let go. Both are the work of the replica that wrote the last checkpoint:
//! it alone purges the stream, in steps, and never past the oldest checkpoint.

use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;
use journal::backend::{Expiry, check_checkpoint_seq, obsolete_checkpoints, prune_limit};
use journal::{Cause, Checkpoint, Error, JournalOptions, Seq, UnixMillis};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::checkpoints::{self, CheckpointContents, StoredCheckpoint};
use crate::error::to_cause;
use crate::history::{Fetch, HistoryReader, StoredRecord};
use crate::shared::NatsShared;

#[derive(Debug)]
pub(crate) struct StreamPruner {
    options: JournalOptions,
    /// Checkpoints that are of records which were lost.
    foreign: HashSet<Seq>,
    work: Mutex<PruneState>,
}

#[derive(Debug, Default)]
struct PruneState {
    /// Set by the one that wrote a checkpoint.
    oldest_checkpoint: Option<Seq>,
    /// The oldest record and when it was written, where that is known.
    oldest: Option<(Seq, UnixMillis)>,
    /// When the bytes in use were last asked for.
    measured: Option<Instant>,
    failing: bool,
}

impl StreamPruner {
    pub(crate) fn new(options: JournalOptions, foreign: HashSet<Seq>) -> Self {
        StreamPruner { options, foreign, work: Mutex::default() }
    }

    pub(crate) async fn start_point(
        &self,
        shared: &NatsShared,
    ) -> Result<Option<Checkpoint>, Error> {
        let oldest = shared.connection.retry(|| self.oldest(shared)).await;
        oldest.map_err(|cause| shared.storage(cause))
    }

    pub(crate) async fn newest(&self, shared: &NatsShared) -> Result<Seq, Error> {
        let kept = shared.connection.retry(|| self.list(shared)).await;
        let kept = kept.map_err(|cause| shared.storage(cause))?;
        Ok(kept.last().map_or(Seq::ZERO, |kept| kept.seq))
    }

    pub(crate) async fn checkpoint(
        &self,
        shared: &NatsShared,
        seq: Seq,
        state: Bytes,
        needed_after: Seq,
    ) -> Result<(), Error> {
        let mut work = self.work.lock().await;
        shared.connection.up().await.map_err(|cause| shared.storage(cause))?;
        let kept_after = self.first(shared).await.map_err(|cause| shared.storage(cause))?.prev();
        check_checkpoint_seq(seq, kept_after, shared.tail())?;
        let kept = self.keep(shared, seq, state, needed_after);
        work.oldest_checkpoint = Some(kept.await.map_err(|cause| shared.storage(cause))?);
        work.measured = None;
        while self.try_step(&mut work, shared).await {}
        Ok(())
    }

    /// Lets go of a few records, if any are due.
    pub(crate) async fn step(&self, shared: &NatsShared) {
        let mut work = self.work.lock().await;
        self.try_step(&mut work, shared).await;
    }

    /// Gives the oldest that is kept now.
    async fn keep(
        &self,
        shared: &NatsShared,
        seq: Seq,
        state: Bytes,
        needed_after: Seq,
    ) -> Result<Seq, Cause> {
        let contents = CheckpointContents { runs: shared.runs_to(seq), state };
        checkpoints::put(&shared.streams, seq, &contents).await?;
        let mut kept: Vec<_> = self.list(shared).await?.iter().map(|kept| kept.seq).collect();
        let superfluous = obsolete_checkpoints(&kept, needed_after);
        for &seq in &superfluous {
            checkpoints::remove(&shared.streams, seq).await?;
        }
        kept.retain(|seq| !superfluous.contains(seq));
        Ok(kept.first().copied().unwrap_or(seq))
    }

    async fn oldest(&self, shared: &NatsShared) -> Result<Option<Checkpoint>, Cause> {
        let kept = self.list(shared).await?;
        let Some(&StoredCheckpoint { seq, .. }) = kept.first() else { return Ok(None) };
        let contents = checkpoints::get(&shared.streams, seq).await?;
        Ok(Some(Checkpoint { seq, state: contents.state }))
    }

    async fn list(&self, shared: &NatsShared) -> Result<Vec<StoredCheckpoint>, Cause> {
        let mut kept = checkpoints::list(&shared.streams, &self.foreign).await?;
        let tail = shared.tail();
        kept.retain(|kept| kept.seq <= tail);
        Ok(kept)
    }

    /// Whether there may be more to do.
    async fn try_step(&self, work: &mut PruneState, shared: &NatsShared) -> bool {
        let Some(oldest_checkpoint) = work.oldest_checkpoint else { return false };
        let reach = prune_limit(Some(oldest_checkpoint), shared.tail());
        let step = self.let_go(work, shared, reach).await;
        let failed = step.is_err();
        let was_failing = std::mem::replace(&mut work.failing, failed);
        match step {
            Ok(more) => more,
            Err(e) => {
                work.oldest = None;
                if !was_failing {
                    tracing::warn!(error = %e, "old records could not be let go");
                }
                false
            }
        }
    }

    async fn let_go(
        &self,
        work: &mut PruneState,
        shared: &NatsShared,
        reach: Seq,
    ) -> Result<bool, Cause> {
        let used_bytes = self.used_bytes(work, shared).await?;
        let expiry = Expiry::new(&self.options, used_bytes);
        // While the oldest is known to stay, nobody has to be asked.
        let stays = |(seq, time): (Seq, UnixMillis)| seq > reach || !expiry.covers(time, 0);
        if work.oldest.is_some_and(stays) || !self.options_let_go() {
            return Ok(false);
        }
        let first = self.first(shared).await?;
        if first > reach || first == Seq::ZERO {
            return Ok(false);
        }
        let mut history = HistoryReader::new(Fetch::Sizes, first.prev());
        // One more than may go, so that the oldest that stays is known.
        let batch = history.next_at_once(shared, reach.next()).await.map_err(to_cause)?;
        let goes = last_due(&batch, expiry, reach);
        let stays = batch.iter().find(|old| goes.is_none_or(|goes| old.record.seq > goes));
        work.oldest = stays.map(|old| (old.record.seq, old.record.time));
        let Some(goes) = goes else { return Ok(false) };
        shared.streams.records.purge().sequence(goes.next().0).await.map_err(to_cause)?;
        // What is in use is less now, by how much the stream knows.
        work.measured = None;
        Ok(stays.is_none_or(|old| old.record.seq <= reach))
    }

    fn options_let_go(&self) -> bool {
        self.options.keep.is_some() || self.options.keep_bytes.is_some()
    }

    /// Zero while it is not yet time to ask again.
    async fn used_bytes(&self, work: &mut PruneState, shared: &NatsShared) -> Result<u64, Cause> {
        let recently = work.measured.is_some_and(|at| at.elapsed() < MEASURED_EVERY);
        if self.options.keep_bytes.is_none() || recently {
            return Ok(0);
        }
        work.measured = Some(Instant::now());
        shared
            .streams
            .look()
            .await
            .map(|state| state.bytes)
            .map_err(|look| to_cause(format!("{look:?}")))
    }

    /// The number of the oldest record, or of the next one where there is none.
    async fn first(&self, shared: &NatsShared) -> Result<Seq, Cause> {
        match shared.streams.look().await {
            Ok(state) => Ok(Seq(state.first_sequence)),
            Err(look) => Err(to_cause(format!("{look:?}"))),
        }
    }
}

/// How far these go.
fn last_due(batch: &[StoredRecord], expiry: Expiry, reach: Seq) -> Option<Seq> {
    let mut freed = 0;
    let goes = batch.iter().take_while(|old| {
        let goes = old.record.seq <= reach && expiry.covers(old.record.time, freed);
        freed += old.bytes;
        goes
    });
    goes.last().map(|old| old.record.seq)
}

/// How often the bytes in use are asked for.
const MEASURED_EVERY: Duration = Duration::from_secs(1);
