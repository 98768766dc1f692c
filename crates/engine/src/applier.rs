//! The task that follows the journal. It applies every record, this process's and others', in
//! order, fans out the resulting events, and completes the publishers' requests.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flight::{Boards, BoardsCheckpoint, MAX_CHECKPOINT_BYTES};
use journal::{
    Follow, FollowError, Journal, MAX_STATE_BYTES, SaveCheckpointError, Seq, StorageError,
};

use crate::boards::{LiveBoards, PublishOutcome};
use crate::envelope::{CommittedUpdate, EnvelopeError};
use crate::error_chain::error_chain;
use crate::health::Health;
use crate::waiters::Waiters;

/// Records between two checkpoints. A start replays at most this many more than
/// [`MAX_REPLAYED_RECORDS`].
const CHECKPOINT_INTERVAL_RECORDS: u64 = 50_000;

/// Replicas reach the same checkpoint at the same time. Each waits for a random part of this, so that
/// usually one writes it and the others find it.
const CHECKPOINT_JITTER: Duration = Duration::from_secs(10);

/// Most records before the newest that a start replays to fill the windows: about a second's work.
const MAX_REPLAYED_RECORDS: u64 = 100_000;

// The largest state fits, so a journal is never left without checkpoints.
const _: () = assert!(MAX_CHECKPOINT_BYTES <= MAX_STATE_BYTES);

/// Pause before the journal is read again after a read error.
const READ_RETRY_INTERVAL: Duration = Duration::from_secs(1);

pub(crate) struct Applier<J: Journal> {
    journal: Arc<J>,
    follow: J::Follower,
    boards: Arc<LiveBoards>,
    applied: Seq,
    checkpointed: Seq,
}

/// Why the applier stopped.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The journal could not be read.
    #[error("cannot read the journal")]
    Journal(#[from] FollowError),
    /// A record could not be decoded.
    #[error("cannot decode the journal")]
    Envelope(#[from] EnvelopeError),
}

/// Why the start point could not be restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The journal could not be read.
    #[error("cannot read the journal")]
    Journal(#[from] StorageError),
    /// The checkpoint could not be decoded.
    #[error("cannot decode the journal")]
    Checkpoint(#[from] flight::CheckpointError),
}

/// Reads the journal's start point: the oldest checkpoint it keeps and its position, or no boards
/// at the beginning.
pub(crate) async fn restore<J: Journal>(journal: &J) -> Result<(Boards, Seq), RestoreError> {
    match journal.start_point().await? {
        Some(checkpoint) => Ok((Boards::restore(&checkpoint.state)?, checkpoint.seq)),
        None => Ok((Boards::default(), Seq::ZERO)),
    }
}

impl<J: Journal> Applier<J> {
    /// Starts after the record at `restored`, up to which `boards` was restored.
    pub(crate) fn new(journal: Arc<J>, boards: Arc<LiveBoards>, restored: Seq) -> Self {
        let follow = journal.follow(restored);
        Self { journal, follow, boards, applied: restored, checkpointed: restored }
    }

    /// Applies every record that is in the journal when this is called, and so fills the windows.
    pub(crate) async fn catch_up(&mut self) -> Result<(), ApplyError> {
        let tail = self.journal.tail();
        while self.applied < tail {
            self.apply_batch().await?;
        }
        Ok(())
    }

    /// The last record applied.
    pub(crate) fn applied(&self) -> Seq {
        self.applied
    }

    /// Follows the journal until it is closed or a record cannot be applied.
    pub(crate) async fn run(mut self, waiters: Arc<Waiters>, health: Arc<Health>) {
        let stop_guard = StopGuard { waiters, health };
        let StopGuard { waiters, health } = &stop_guard;
        loop {
            match self.apply_batch().await {
                Ok(outcomes) => {
                    waiters.resolve(outcomes, self.applied);
                    self.checkpoint_if_due();
                }
                Err(ApplyError::Journal(FollowError::Storage(StorageError::Closed))) => {
                    if !health.is_shutting_down() {
                        health.applier_failed("the journal ended unexpectedly".to_owned());
                        health.mark_journal_ended();
                    }
                    break;
                }
                // Some applied records are no longer in the journal. Only a new start can recover.
                Err(
                    error @ ApplyError::Journal(FollowError::Storage(StorageError::Replaced {
                        ..
                    })),
                ) => {
                    health.applier_failed(error_chain(&error));
                    health.mark_journal_ended();
                    break;
                }
                Err(error @ ApplyError::Journal(_)) => {
                    tracing::warn!("{}, trying again", error_chain(&error));
                    tokio::time::sleep(READ_RETRY_INTERVAL).await;
                }
                Err(error @ ApplyError::Envelope(_)) => {
                    health.applier_failed(error_chain(&error));
                    break;
                }
            }
        }
    }

    async fn apply_batch(&mut self) -> Result<Vec<(u64, PublishOutcome)>, ApplyError> {
        let records = self.follow.next().await?;
        let last = records.last().map_or(self.applied, |record| record.seq);
        let updates = records.iter().map(CommittedUpdate::decode).collect::<Result<_, _>>()?;
        let outcomes = self.boards.apply(self.journal.epochs(), updates);
        self.applied = last;
        Ok(outcomes)
    }

    /// Writes a checkpoint in a separate task: the applier does not wait for the disk.
    fn checkpoint_if_due(&mut self) {
        if self.applied.0 - self.checkpointed.0 < CHECKPOINT_INTERVAL_RECORDS {
            return;
        }
        self.checkpointed = self.applied;
        let seq = self.applied;
        let checkpoint = self.boards.read(|boards, _| boards.checkpoint());
        let needed_after = needed_after(&self.boards, seq);
        let journal = Arc::clone(&self.journal);
        tokio::spawn(async move {
            if let Err(error) = write_checkpoint(&*journal, seq, checkpoint, needed_after).await {
                let error = error_chain(&error);
                tracing::warn!(
                    "cannot write a checkpoint at {seq}, the next start takes longer: {error}"
                );
            }
        });
    }
}

async fn write_checkpoint(
    journal: &impl Journal,
    seq: Seq,
    checkpoint: BoardsCheckpoint,
    needed_after: Seq,
) -> Result<(), SaveCheckpointError> {
    let is_shared = journal.staleness().is_some();
    if is_shared {
        tokio::time::sleep(CHECKPOINT_JITTER.mul_f64(rand::random::<f64>())).await;
        let latest = journal.latest_checkpoint().await?;
        if latest.0 + CHECKPOINT_INTERVAL_RECORDS / 2 > seq.0 {
            return Ok(());
        }
    }
    // Encoding 20,000 rows takes milliseconds: not on a thread that serves requests.
    let encoded = tokio::task::spawn_blocking(move || Bytes::from(checkpoint.encode())).await;
    // Fails only when the runtime shuts down.
    let Ok(state) = encoded else { return Ok(()) };
    journal.checkpoint(seq, state, needed_after).await
}

/// The position from which a later start must be able to replay.
fn needed_after(boards: &LiveBoards, applied: Seq) -> Seq {
    let max_replay = Seq(applied.0.saturating_sub(MAX_REPLAYED_RECORDS));
    boards.oldest_floor().unwrap_or(applied).max(max_replay)
}

/// Fails all waits however the applier stops, on a panic too.
struct StopGuard {
    waiters: Arc<Waiters>,
    health: Arc<Health>,
}

impl Drop for StopGuard {
    fn drop(&mut self) {
        self.health.applier_stopped();
        self.waiters.close();
    }
}
