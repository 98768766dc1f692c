//! Checkpoints kept and records let go. Both are the work of the replica that wrote the last checkpoint:
//! it alone purges the stream, in steps, and never past the oldest checkpoint.

use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;
use journal::making::{Due, check_reach, reach, superfluous_checkpoints};
use journal::{Cause, Checkpoint, Error, Options, Seq, UnixMillis};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::checkpoints::{self, Contents, Kept};
use crate::ends::Ends;
use crate::fault::because;
use crate::history::{History, Of, Old};

#[derive(Debug)]
pub(crate) struct Retention {
    options: Options,
    /// Checkpoints that are of records which were lost.
    foreign: HashSet<Seq>,
    work: Mutex<Work>,
}

#[derive(Debug, Default)]
struct Work {
    /// Set by the one that wrote a checkpoint.
    oldest_checkpoint: Option<Seq>,
    /// The oldest record and when it was written, where that is known.
    oldest: Option<(Seq, UnixMillis)>,
    /// When the bytes in use were last asked for.
    measured: Option<Instant>,
    failing: bool,
}

impl Retention {
    pub(crate) fn new(options: Options, foreign: HashSet<Seq>) -> Self {
        Retention { options, foreign, work: Mutex::default() }
    }

    pub(crate) async fn start_point(&self, ends: &Ends) -> Result<Option<Checkpoint>, Error> {
        let oldest = ends.link.patiently(|| self.oldest(ends)).await;
        oldest.map_err(|cause| ends.storage(cause))
    }

    pub(crate) async fn newest(&self, ends: &Ends) -> Result<Seq, Error> {
        let kept = ends.link.patiently(|| self.list(ends)).await;
        let kept = kept.map_err(|cause| ends.storage(cause))?;
        Ok(kept.last().map_or(Seq::ZERO, |kept| kept.seq))
    }

    pub(crate) async fn checkpoint(
        &self,
        ends: &Ends,
        seq: Seq,
        state: Bytes,
        needed_after: Seq,
    ) -> Result<(), Error> {
        let mut work = self.work.lock().await;
        ends.link.up().await.map_err(|cause| ends.storage(cause))?;
        let kept_after = self.first(ends).await.map_err(|cause| ends.storage(cause))?.prev();
        check_reach(seq, kept_after, ends.tail())?;
        let kept = self.keep(ends, seq, state, needed_after);
        work.oldest_checkpoint = Some(kept.await.map_err(|cause| ends.storage(cause))?);
        work.measured = None;
        while self.try_step(&mut work, ends).await {}
        Ok(())
    }

    /// Lets go of a few records, if any are due.
    pub(crate) async fn step(&self, ends: &Ends) {
        let mut work = self.work.lock().await;
        self.try_step(&mut work, ends).await;
    }

    /// Gives the oldest that is kept now.
    async fn keep(
        &self,
        ends: &Ends,
        seq: Seq,
        state: Bytes,
        needed_after: Seq,
    ) -> Result<Seq, Cause> {
        let contents = Contents { runs: ends.runs_to(seq), state };
        checkpoints::put(&ends.streams, seq, &contents).await?;
        let mut kept: Vec<_> = self.list(ends).await?.iter().map(|kept| kept.seq).collect();
        let superfluous = superfluous_checkpoints(&kept, needed_after);
        for &seq in &superfluous {
            checkpoints::remove(&ends.streams, seq).await?;
        }
        kept.retain(|seq| !superfluous.contains(seq));
        Ok(kept.first().copied().unwrap_or(seq))
    }

    async fn oldest(&self, ends: &Ends) -> Result<Option<Checkpoint>, Cause> {
        let kept = self.list(ends).await?;
        let Some(&Kept { seq, .. }) = kept.first() else { return Ok(None) };
        let contents = checkpoints::get(&ends.streams, seq).await?;
        Ok(Some(Checkpoint { seq, state: contents.state }))
    }

    async fn list(&self, ends: &Ends) -> Result<Vec<Kept>, Cause> {
        let mut kept = checkpoints::list(&ends.streams, &self.foreign).await?;
        let tail = ends.tail();
        kept.retain(|kept| kept.seq <= tail);
        Ok(kept)
    }

    /// Whether there may be more to do.
    async fn try_step(&self, work: &mut Work, ends: &Ends) -> bool {
        let Some(oldest_checkpoint) = work.oldest_checkpoint else { return false };
        let reach = reach(Some(oldest_checkpoint), ends.tail());
        let step = self.let_go(work, ends, reach).await;
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

    async fn let_go(&self, work: &mut Work, ends: &Ends, reach: Seq) -> Result<bool, Cause> {
        let used_bytes = self.used_bytes(work, ends).await?;
        let due = Due::new(&self.options, used_bytes);
        // While the oldest is known to stay, nobody has to be asked.
        let stays = |(seq, time): (Seq, UnixMillis)| seq > reach || !due.takes(time, 0);
        if work.oldest.is_some_and(stays) || !self.options_let_go() {
            return Ok(false);
        }
        let first = self.first(ends).await?;
        if first > reach || first == Seq::ZERO {
            return Ok(false);
        }
        let mut history = History::new(Of::Sizes, first.prev());
        // One more than may go, so that the oldest that stays is known.
        let batch = history.next_at_once(ends, reach.next()).await.map_err(because)?;
        let goes = last_due(&batch, due, reach);
        let stays = batch.iter().find(|old| goes.is_none_or(|goes| old.record.seq > goes));
        work.oldest = stays.map(|old| (old.record.seq, old.record.time));
        let Some(goes) = goes else { return Ok(false) };
        ends.streams.records.purge().sequence(goes.next().0).await.map_err(because)?;
        // What is in use is less now, by how much the stream knows.
        work.measured = None;
        Ok(stays.is_none_or(|old| old.record.seq <= reach))
    }

    fn options_let_go(&self) -> bool {
        self.options.keep.is_some() || self.options.keep_bytes.is_some()
    }

    /// Zero while it is not yet time to ask again.
    async fn used_bytes(&self, work: &mut Work, ends: &Ends) -> Result<u64, Cause> {
        let recently = work.measured.is_some_and(|at| at.elapsed() < MEASURED_EVERY);
        if self.options.keep_bytes.is_none() || recently {
            return Ok(0);
        }
        work.measured = Some(Instant::now());
        ends.streams
            .look()
            .await
            .map(|state| state.bytes)
            .map_err(|look| because(format!("{look:?}")))
    }

    /// The number of the oldest record, or of the next one where there is none.
    async fn first(&self, ends: &Ends) -> Result<Seq, Cause> {
        match ends.streams.look().await {
            Ok(state) => Ok(Seq(state.first_sequence)),
            Err(look) => Err(because(format!("{look:?}"))),
        }
    }
}

/// How far these go.
fn last_due(batch: &[Old], due: Due, reach: Seq) -> Option<Seq> {
    let mut freed = 0;
    let goes = batch.iter().take_while(|old| {
        let goes = old.record.seq <= reach && due.takes(old.record.time, freed);
        freed += old.bytes;
        goes
    });
    goes.last().map(|old| old.record.seq)
}

/// How often the bytes in use are asked for.
const MEASURED_EVERY: Duration = Duration::from_secs(1);
