use super::{AppendError, OpenError, SaveCheckpointError, SizeError, StorageError};
use crate::Seq;

/// Copying a journal failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ImportError {
    /// Copy to a destination that has no journal.
    #[error("there is already a journal at {journal}")]
    AlreadyExists {
        /// The destination.
        journal: String,
    },
    /// Remove the unfinished copy, or copy to another destination.
    #[error("{journal} is an unfinished copy of another journal")]
    SourceMismatch {
        /// The destination.
        journal: String,
    },
    /// Send the records in between first: a copy has every record of its source exactly once.
    #[error("record {seq} does not follow record {tail}")]
    Gap {
        /// The record given.
        seq: Seq,
        /// The record before it in the copy.
        tail: Seq,
    },
    /// Shrink the checkpoint, the payload or its subject.
    #[error(transparent)]
    TooLarge(#[from] SizeError),
    /// The destination cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The records exceed the limits of an append.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The checkpoint cannot be saved.
    #[error(transparent)]
    Checkpoint(#[from] SaveCheckpointError),
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}
