//! The task that follows the journal: every record, its own and others', in order, is applied and
//! fanned out, and whoever published it is told what became of it.

use std::sync::Arc;

use bytes::Bytes;
use flight::Boards;
use jiff::Timestamp;
use journal::{Follow, Journal, Record, Seq};

use crate::entry::{Entry, EntryError};
use crate::health::Health;
use crate::live::{Live, Outcome, Placed};
use crate::publisher::Waiting;

/// A checkpoint is written each time that so many records have come since the last: a start
/// replays at most so many more than [`MAX_REPLAYED_RECORDS`].
const CHECKPOINT_RECORDS: u64 = 50_000;

/// Replicas that are due at once write over so long a time, so that one need not do what another did.
const CHECKPOINTS_SPREAD: std::time::Duration = std::time::Duration::from_secs(10);

/// How far back of the newest record a start replays to fill the windows, at most: a matter of a
/// second.
const MAX_REPLAYED_RECORDS: u64 = 100_000;

/// How long to wait before reading on after the journal could not be read.
const RETRY_READ: std::time::Duration = std::time::Duration::from_secs(1);

pub(crate) struct Fold<J: Journal> {
    journal: Arc<J>,
    follow: J::Follower,
    live: Arc<Live>,
    applied: Seq,
    checkpointed: Seq,
}

impl<J: Journal> Fold<J> {
    /// Behind the records that `live` was restored from.
    pub(crate) fn new(journal: Arc<J>, live: Arc<Live>, restored: Seq) -> Self {
        let follow = journal.follow(restored);
        Self { journal, follow, live, applied: restored, checkpointed: restored }
    }

    /// Applies all that was in the journal when this was called, and so fills the windows.
    pub(crate) async fn catch_up(&mut self) -> Result<(), FoldError> {
        let tail = self.journal.tail();
        while self.applied < tail {
            self.step().await?;
        }
        Ok(())
    }

    /// The last record that was applied.
    pub(crate) fn applied(&self) -> Seq {
        self.applied
    }

    /// Follows the journal until it is closed.
    pub(crate) async fn run(mut self, waiting: Arc<Waiting>, health: Arc<Health>) {
        let ending = Ending { waiting, health };
        let Ending { waiting, health } = &ending;
        loop {
            match self.step().await {
                Ok(outcomes) => {
                    waiting.answer(outcomes, self.applied);
                    self.checkpoint_if_due();
                }
                Err(FoldError::Journal(journal::Error::Closed)) => break,
                // What was applied is not what the journal has: only a new start can tell.
                Err(error @ FoldError::Journal(journal::Error::Replaced { .. })) => {
                    health.fold_failed(&error);
                    health.replaced();
                    break;
                }
                Err(error @ FoldError::Journal(_)) => {
                    tracing::warn!("{}, trying again", crate::health::with_causes(&error));
                    tokio::time::sleep(RETRY_READ).await;
                }
                Err(error @ FoldError::Entry(_)) => {
                    health.fold_failed(&error);
                    break;
                }
            }
        }
    }

    async fn step(&mut self) -> Result<Vec<(u64, Outcome)>, FoldError> {
        let records = self.follow.next().await?;
        let last = records.last().map_or(self.applied, |record| record.seq);
        let placed = records.iter().map(place).collect::<Result<_, _>>()?;
        let outcomes = self.live.apply(self.journal.epochs(), placed);
        self.applied = last;
        Ok(outcomes)
    }

    /// Written beside the fold, which does not wait for the disk.
    fn checkpoint_if_due(&mut self) {
        if self.applied.0 - self.checkpointed.0 < CHECKPOINT_RECORDS {
            return;
        }
        self.checkpointed = self.applied;
        let state = self.live.look(|boards, _| Bytes::from(boards.checkpoint()));
        let (journal, seq) = (Arc::clone(&self.journal), self.applied);
        let needed_after = needed_after(&self.live, seq);
        tokio::spawn(async move {
            let written = async {
                if journal.staleness().is_some() {
                    // All replicas are due at once. One writes, the others find what it wrote.
                    tokio::time::sleep(CHECKPOINTS_SPREAD.mul_f64(rand::random::<f64>())).await;
                    if journal.latest_checkpoint().await?.0 + CHECKPOINT_RECORDS / 2 > seq.0 {
                        return Ok(());
                    }
                }
                journal.checkpoint(seq, state, needed_after).await
            };
            if let Err(error) = written.await {
                let error = crate::health::with_causes(&error);
                tracing::warn!("no checkpoint at {seq}: {error}; a start will take longer");
            }
        });
    }
}

/// However the fold ends, by a fault of ours too: nobody waits for it in vain.
struct Ending {
    waiting: Arc<Waiting>,
    health: Arc<Health>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.health.fold_ended();
        self.waiting.end();
    }
}

/// The position that a later start must be able to replay from.
fn needed_after(live: &Live, applied: Seq) -> Seq {
    let replayed = Seq(applied.0.saturating_sub(MAX_REPLAYED_RECORDS));
    live.oldest_floor().unwrap_or(applied).max(replayed)
}

/// Where a start begins: the oldest state that the journal keeps, and its position.
pub(crate) async fn restore<J: Journal>(journal: &J) -> Result<(Boards, Seq), RestoreError> {
    match journal.start_point().await? {
        Some(checkpoint) => Ok((Boards::restore(&checkpoint.state)?, checkpoint.seq)),
        None => Ok((Boards::default(), Seq::ZERO)),
    }
}

/// Why the fold could not go on.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// The journal could not be read.
    #[error("the journal could not be read")]
    Journal(#[from] journal::Error),
    /// The journal holds what this version cannot read.
    #[error("the journal could not be understood")]
    Entry(#[from] EntryError),
}

/// Why there is nothing to begin from.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The journal could not be read.
    #[error("the journal could not be read")]
    Journal(#[from] journal::Error),
    /// The checkpoint could not be read.
    #[error("the journal could not be understood")]
    Checkpoint(#[from] flight::CheckpointError),
}

pub(crate) fn place(record: &Record) -> Result<Placed, EntryError> {
    let millis = i64::try_from(record.time.0).unwrap_or(i64::MAX);
    let time = Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX);
    Ok(Placed { seq: record.seq, time, entry: Entry::read(record)? })
}
