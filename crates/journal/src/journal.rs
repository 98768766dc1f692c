//! The contract of all journals, over which the engine is generic.

use std::time::Duration;

use bytes::Bytes;

use crate::error::{AppendError, FollowError, SaveCheckpointError, SizeError, StorageError};
use crate::{Epochs, Record, Seq};

/// The maximum payload. The longest update is far smaller.
pub const MAX_PAYLOAD_BYTES: usize = 1024 * 1024;

/// The maximum number of records in one append, and so in one commit.
pub const MAX_APPEND_RECORDS: usize = 4096;

/// The maximum payload bytes of one append, and so of one commit.
pub const MAX_APPEND_BYTES: usize = 16 * 1024 * 1024;

/// The maximum number of records in a batch that a follower gets.
pub const MAX_BATCH_RECORDS: usize = 1024;

/// The maximum payload bytes in a batch that a follower gets.
pub const MAX_BATCH_BYTES: usize = 1024 * 1024;

/// The size of a probe: more than the longest update.
pub const PROBE_BYTES: usize = 16 * 1024;

/// The maximum state of a checkpoint.
pub const MAX_STATE_BYTES: usize = 64 * 1024 * 1024;

/// The maximum number of checkpoints. Beyond it, the journal removes some between the oldest and the newest.
pub const MAX_CHECKPOINTS: usize = 16;

/// An ordered, durable sequence of records, with one order for all writers and any number of followers.
pub trait Journal: Send + Sync + 'static {
    /// The return type of [`Journal::follow`].
    type Follower: Follow;

    /// Writes all payloads, in order, in one commit, and returns their numbers once they are durable. On an error it
    /// writes none of them.
    ///
    /// The call itself queues the payloads, not the first poll of the future, so successive calls are written in
    /// their order regardless of how they are awaited. Dropping the future does not cancel the append.
    fn append(
        &self,
        payloads: Vec<Bytes>,
    ) -> impl Future<Output = Result<Vec<Seq>, AppendError>> + Send;

    /// Like [`Journal::append`], with a subject and a deduplication id for each payload. Journals with a single
    /// writer ignore both.
    fn append_records(
        &self,
        payloads: Vec<NewRecord>,
    ) -> impl Future<Output = Result<Vec<Seq>, AppendError>> + Send {
        self.append(payloads.into_iter().map(|record| record.payload).collect())
    }

    /// Checks that an append of [`PROBE_BYTES`] would succeed now. A probe is queued and written like an append and
    /// waits for the disk, but leaves no record and takes no number.
    ///
    /// # Errors
    /// Those of an append. [`AppendError::QueueFull`] says nothing about the storage.
    fn probe(&self) -> impl Future<Output = Result<(), AppendError>> + Send;

    /// Checks that the storage is where it was, without writing to it. A journal whose storage cannot move has
    /// nothing to check.
    fn check(&self) -> impl Future<Output = Result<(), StorageError>> + Send {
        std::future::ready(Ok(()))
    }

    /// Follows the journal after the record `after`: history first, then new records as they become durable, each
    /// once and in order. [`Epochs::honours`] tells whether an id belongs to this journal. If `after` is beyond the
    /// tail, the follower waits until the tail has passed it.
    fn follow(&self, after: Seq) -> Self::Follower;

    /// The current epochs.
    fn epochs(&self) -> Epochs;

    /// The newest durable record, or [`Seq::ZERO`] if the journal is empty.
    fn tail(&self) -> Seq;

    /// The time since [`Journal::tail`] was last known to be the newest record. `None` for a journal with a single
    /// writer, where it always is.
    fn staleness(&self) -> Option<Duration> {
        None
    }

    /// Saves `state`, the result of applying all records up to and including `seq`.
    ///
    /// A later start must be able to replay the records after `needed_after`. So the journal removes only the
    /// checkpoints older than the newest one at or before `needed_after`, and prunes no record after the oldest
    /// remaining checkpoint. Without a checkpoint it prunes nothing.
    fn checkpoint(
        &self,
        seq: Seq,
        state: Bytes,
        needed_after: Seq,
    ) -> impl Future<Output = Result<(), SaveCheckpointError>> + Send;

    /// The last record of the newest checkpoint, if other writers save checkpoints too. Otherwise [`Seq::ZERO`].
    fn latest_checkpoint(&self) -> impl Future<Output = Result<Seq, StorageError>> + Send {
        std::future::ready(Ok(Seq::ZERO))
    }

    /// The oldest checkpoint, from which a start replays all records that it needs. `None` before the first checkpoint: then
    /// a start replays from [`Seq::ZERO`].
    fn start_point(&self) -> impl Future<Output = Result<Option<Checkpoint>, StorageError>> + Send;

    /// Closes the journal: rejects new appends, completes the queued ones and releases the storage. Acknowledged
    /// records are durable without it. Followers get the records that are in memory, then
    /// [`StorageError::Closed`].
    fn close(&self) -> impl Future<Output = ()> + Send;
}

/// A follower of a journal.
pub trait Follow: Send + 'static {
    /// Waits for the next records and returns at least one, within [`MAX_BATCH_RECORDS`] and [`MAX_BATCH_BYTES`].
    /// Dropping the future loses no record. After an error, the follower continues at the same record.
    fn next(&mut self) -> impl Future<Output = Result<Vec<Record>, FollowError>> + Send;
}

/// A payload to append, with the details that a journal with several writers uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewRecord {
    /// The payload.
    pub payload: Bytes,
    /// The subject under which the journal stores the record, from the general to the specific, for other programs
    /// that read it.
    pub subject: Vec<String>,
    /// Deduplication id. Of several records with one id within a few minutes, a journal with several writers stores
    /// the first and returns its number for all of them.
    pub dedup_id: Option<String>,
}

/// A saved state and its last record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The last record applied to the state.
    pub seq: Seq,
    /// The state, unchanged.
    pub state: Bytes,
}

/// Checks the limits of an append before it is queued. Returns the payload bytes.
///
/// # Errors
/// [`AppendError::TooManyRecords`] and [`AppendError::TooLarge`].
pub fn check_append(payloads: &[Bytes]) -> Result<usize, AppendError> {
    if payloads.len() > MAX_APPEND_RECORDS {
        return Err(AppendError::TooManyRecords {
            records: payloads.len(),
            limit: MAX_APPEND_RECORDS,
        });
    }
    let largest = payloads.iter().map(Bytes::len).max().unwrap_or(0);
    check_size("a payload", largest, MAX_PAYLOAD_BYTES)?;
    let total = payloads.iter().map(Bytes::len).sum();
    check_size("an append", total, MAX_APPEND_BYTES)?;
    Ok(total)
}

/// Checks a size against its limit.
///
/// # Errors
/// [`SizeError`].
pub fn check_size(subject: &'static str, bytes: usize, limit: usize) -> Result<(), SizeError> {
    if bytes > limit { Err(SizeError { subject, bytes, limit }) } else { Ok(()) }
}

/// Checks that the journal has all records after a checkpoint, and its last one.
///
/// # Errors
/// [`SaveCheckpointError::OutOfRange`].
pub fn check_checkpoint_seq(
    seq: Seq,
    kept_after: Seq,
    tail: Seq,
) -> Result<(), SaveCheckpointError> {
    let within = (kept_after..=tail).contains(&seq);
    if within { Ok(()) } else { Err(SaveCheckpointError::OutOfRange { seq, kept_after, tail }) }
}
