//! The errors of an open journal: one enum for each operation, its variants named for the remedy.
//! Failures of the storage are the same for all operations and have a type of their own, [`StorageError`].

use std::path::PathBuf;
use std::sync::Arc;

use crate::Seq;

/// Errors of opening a journal.
mod open;

/// Errors of an import.
mod import;

pub use self::import::ImportError;
pub use self::open::OpenError;

/// The error beneath a failure. Shared, since one failed commit answers many appends.
pub type Cause = Arc<dyn std::error::Error + Send + Sync>;

/// The storage failed, or the journal in it can no longer be used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StorageError {
    /// Free some space, or keep fewer records.
    #[error("no space left for the journal {journal}")]
    NoSpace {
        /// Name of the journal.
        journal: String,
        /// Error of the storage.
        source: Cause,
    },
    /// Check the disk or the servers, then try again.
    #[error("cannot read or write the journal {journal}")]
    Unavailable {
        /// Name of the journal.
        journal: String,
        /// Error of the storage.
        source: Cause,
    },
    /// Put the file back. Reopening the journal uses whatever is in its place.
    #[error(
        "{} was moved, deleted or replaced while in use: put it back, or restart to use what is there now",
        path.display()
    )]
    FileLost {
        /// The file, by its name when the journal was opened.
        path: PathBuf,
        /// The error of the check.
        source: Cause,
    },
    /// Stop, restore the file, and open it again: it is no longer what this program wrote.
    #[error(
        "another program has written into {}: stop the server, restore a copy without -wal and -shm files, and start \
         it again",
        path.display()
    )]
    FileOverwritten {
        /// The database.
        path: PathBuf,
    },
    /// Reopen the journal and start from its checkpoint: its contents no longer match the records that were
    /// read.
    #[error("the journal {journal} was replaced, or lost records that were read")]
    Replaced {
        /// Name of the journal.
        journal: String,
        /// The mismatch.
        source: Cause,
    },
    /// The journal was closed.
    #[error("the journal is closed")]
    Closed,
}

/// A value is over its limit: send less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{subject} of {bytes} bytes is too large (limit: {limit})")]
pub struct SizeError {
    /// The value with its article, e.g. "a payload".
    pub subject: &'static str,
    /// Its size.
    pub bytes: usize,
    /// The limit.
    pub limit: usize,
}

/// The write queue did not take a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// Try again in a moment.
    #[error("the journal's write queue is full")]
    Full,
    /// The journal was closed.
    #[error("the journal is closed")]
    Closed,
}

/// An append or a probe failed. Only after [`AppendError::OutcomeUnknown`] may followers see the records;
/// after any other error the journal has none of them. Repeating the append is safe.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    /// Send less.
    #[error(transparent)]
    TooLarge(#[from] SizeError),
    /// Split the append.
    #[error("{records} records are too many for one append (limit: {limit})")]
    TooManyRecords {
        /// Number of records given.
        records: usize,
        /// The limit.
        limit: usize,
    },
    /// Try again in a moment: the queue to the disk is full.
    #[error("the journal's write queue is full")]
    QueueFull,
    /// Append again with the same deduplication ids: the records, or the first of them, may be in the journal
    /// or may still arrive there.
    #[error("the journal {journal} did not confirm the append")]
    OutcomeUnknown {
        /// Name of the journal.
        journal: String,
        /// The last failure.
        source: Cause,
    },
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<QueueError> for AppendError {
    fn from(error: QueueError) -> Self {
        match error {
            QueueError::Full => AppendError::QueueFull,
            QueueError::Closed => AppendError::Storage(StorageError::Closed),
        }
    }
}

impl AppendError {
    /// Returns true if the journal failed, rather than the append being over a limit or the queue being full.
    #[must_use]
    pub fn is_journal_failure(&self) -> bool {
        matches!(self, AppendError::OutcomeUnknown { .. } | AppendError::Storage(_))
    }
}

/// Following failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FollowError {
    /// Start from a checkpoint: the next records were pruned.
    #[error("the records after {after} were pruned, the journal has those after {kept_after}")]
    Pruned {
        /// The last record that the follower has.
        after: Seq,
        /// The last pruned record: following can start after it.
        kept_after: Seq,
    },
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Saving a checkpoint failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SaveCheckpointError {
    /// Shrink the state.
    #[error(transparent)]
    TooLarge(#[from] SizeError),
    /// Choose a record for which the journal has all later records.
    #[error("no checkpoint possible at {seq}: the journal reaches from {kept_after} to {tail}")]
    OutOfRange {
        /// The checkpoint's last record.
        seq: Seq,
        /// The smallest possible `seq`.
        kept_after: Seq,
        /// The largest possible `seq`.
        tail: Seq,
    },
    /// Try again in a moment: the queue to the disk is full.
    #[error("the journal's write queue is full")]
    QueueFull,
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<QueueError> for SaveCheckpointError {
    fn from(error: QueueError) -> Self {
        match error {
            QueueError::Full => SaveCheckpointError::QueueFull,
            QueueError::Closed => SaveCheckpointError::Storage(StorageError::Closed),
        }
    }
}
