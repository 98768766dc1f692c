//! What every journal does, whatever keeps it: the contract that the server is generic over.

use std::time::Duration;

use bytes::Bytes;

use crate::error::{AppendError, FollowError, SaveCheckpointError, SizeError, StorageError};
use crate::{Epochs, Record, Seq};

/// The largest payload taken. The longest update is far below it.
pub const MAX_PAYLOAD_BYTES: usize = 1024 * 1024;

/// The most records in one append, and so in one commit.
pub const MAX_APPEND_RECORDS: usize = 4096;

/// The most payload bytes in one append, and so in one commit.
pub const MAX_APPEND_BYTES: usize = 16 * 1024 * 1024;

/// The most records that a follower is given at once.
pub const MAX_BATCH_RECORDS: usize = 1024;

/// The most payload bytes that a follower is given at once.
pub const MAX_BATCH_BYTES: usize = 1024 * 1024;

/// What a probe makes sure that there is room for: more than the longest update takes.
pub const PROBE_BYTES: usize = 16 * 1024;

/// The largest state that a checkpoint takes.
pub const MAX_STATE_BYTES: usize = 64 * 1024 * 1024;

/// The most checkpoints kept at once. Past it, those between the oldest and the newest are thinned.
pub const MAX_CHECKPOINTS: usize = 16;

/// An ordered, durable sequence of records with one order for all who write, and as many followers as
/// there are.
pub trait Journal: Send + Sync + 'static {
    /// What [`Journal::follow`] gives.
    type Follower: Follow;

    /// Writes all payloads, in order, in one commit, and answers with their numbers once they are
    /// durable. Refused, it leaves nothing.
    ///
    /// The payloads are queued by the call itself, not when the future is first polled: appends
    /// called one after another are written in that order, however they are awaited. A future
    /// dropped before its answer takes nothing back.
    fn append(
        &self,
        payloads: Vec<Bytes>,
    ) -> impl Future<Output = Result<Vec<Seq>, AppendError>> + Send;

    /// The same, of payloads that say more about themselves. A journal that has one writer, and nobody
    /// to show its records to, needs none of it.
    fn append_records(
        &self,
        payloads: Vec<NewRecord>,
    ) -> impl Future<Output = Result<Vec<Seq>, AppendError>> + Send {
        self.append(payloads.into_iter().map(|record| record.payload).collect())
    }

    /// Makes sure that an append of [`PROBE_BYTES`] would be durable now, and leaves none: it is
    /// written as appends are, waits its turn among them and for the disk, and takes no number.
    ///
    /// # Errors
    /// Those of an append. [`AppendError::QueueFull`] says nothing about the storage.
    fn probe(&self) -> impl Future<Output = Result<(), AppendError>> + Send;

    /// All records after `after`: those there are, then new ones as they become durable, in order
    /// and without a seam. Whether `after` is a position of this journal is for [`Epochs::honours`]
    /// to say; beyond the tail, the follower waits until the tail has passed it.
    fn follow(&self, after: Seq) -> Self::Follower;

    /// The epochs, as of now.
    fn epochs(&self) -> Epochs;

    /// The newest durable record, [`Seq::ZERO`] where there is none.
    fn tail(&self) -> Seq;

    /// For how long it has not been sure that [`Journal::tail`] is the newest record there is. `None` where
    /// nobody else writes, so that it always is.
    fn staleness(&self) -> Option<Duration> {
        None
    }

    /// Keeps `state`, which applying all records up to and with `seq` gave.
    ///
    /// A later start must still be able to replay the records after `needed_after`. So of the
    /// checkpoints kept, those before the newest one at or before `needed_after` are dropped, and
    /// retention lets go of no record after the oldest one that stays. Without any checkpoint
    /// nothing is ever let go.
    fn checkpoint(
        &self,
        seq: Seq,
        state: Bytes,
        needed_after: Seq,
    ) -> impl Future<Output = Result<(), SaveCheckpointError>> + Send;

    /// The position of the newest checkpoint, where others write some too. [`Seq::ZERO`] where nobody does.
    fn latest_checkpoint(&self) -> impl Future<Output = Result<Seq, StorageError>> + Send {
        std::future::ready(Ok(Seq::ZERO))
    }

    /// The oldest checkpoint kept: where a start begins to replay, so that everything needed is
    /// replayed too. `None` where there is none yet: replay from [`Seq::ZERO`].
    fn start_point(&self) -> impl Future<Output = Result<Option<Checkpoint>, StorageError>> + Send;

    /// SqliteShared orderly: refuses new appends, writes and answers those waiting, lets the storage go.
    /// Nothing acknowledged depends on it. Followers are told [`StorageError::Closed`](crate::StorageError::Closed), after what is still
    /// in memory for them.
    fn close(&self) -> impl Future<Output = ()> + Send;
}

/// One follower's way through the records.
pub trait Follow: Send + 'static {
    /// The next records: at least one, and no more than [`MAX_BATCH_RECORDS`] and
    /// [`MAX_BATCH_BYTES`] allow. Waits where there are none yet. Dropping the future loses nothing.
    /// After an error the follower stands where it stood.
    fn next(&mut self) -> impl Future<Output = Result<Vec<Record>, FollowError>> + Send;
}

/// A payload with what a journal that others have a hand in may know of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewRecord {
    /// What is kept.
    pub payload: Bytes,
    /// What it is about, from the large to the small: where a journal files it, for those who look into
    /// it by other means.
    pub subject: Vec<String>,
    /// Which payload it is. Of several with the same name that come within a few minutes, a journal
    /// with many writers keeps the first, and answers all of them with its number.
    pub dedup_id: Option<String>,
}

/// A state kept with the position that it is the state of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The last record that went into the state.
    pub seq: Seq,
    /// The state, byte for byte as it was given.
    pub state: Bytes,
}

/// What an append must keep to, checked before anything is queued. Gives the payload bytes.
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

/// Refuses what is larger than `limit`.
///
/// # Errors
/// [`SizeError`].
pub fn check_size(subject: &'static str, bytes: usize, limit: usize) -> Result<(), SizeError> {
    if bytes > limit { Err(SizeError { subject, bytes, limit }) } else { Ok(()) }
}

/// Refuses a checkpoint outside of what the journal reaches over.
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
