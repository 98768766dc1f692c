//! An ordered, durable sequence of records: append, follow, checkpoint. The crate does not know the meaning of the
//! payloads, nor the followers behind the API.
//!
//! ```
//! use bytes::Bytes;
//! use journal::{Follow, Journal, MemoryJournal, JournalOptions, Seq};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let journal = MemoryJournal::new(JournalOptions::default());
//! let seqs = journal.append(vec![Bytes::from("landing"), Bytes::from("landed")]).await?;
//! assert_eq!(seqs, [Seq(1), Seq(2)]);
//!
//! let mut follower = journal.follow(Seq(1));
//! assert_eq!(follower.next().await?[0].payload, "landed");
//!
//! let id = journal.epochs().record_id(Seq(2)).expect("the record was just written");
//! assert!(journal.epochs().honours(id));
//! # Ok(())
//! # }
//! ```

/// Numbers, epochs and ids of records.
mod record_id;

/// A record: number, time, payload.
mod record;

/// The ranges of the epochs.
mod epochs;

/// The contract of all journals, and its limits.
mod journal;

/// Copying a journal.
mod import;

/// Settings of a journal.
mod options;

/// Errors, one enum for each operation.
mod error;

/// The policy of pruning.
mod retention;

/// Recent records in memory.
mod ring;

/// The tail that followers watch.
mod tail;

/// A journal in an SQLite file.
mod sqlite;

/// A journal in memory.
mod memory;

/// Building blocks for implementations of [`Journal`], which give them the same limits and policy.
pub mod backend {
    pub use crate::import::check_import;
    pub use crate::journal::{check_append, check_checkpoint_seq, check_size};
    pub use crate::retention::{Expiry, obsolete_checkpoints, prune_limit};
    pub use crate::ring::{BatchLimit, RecordRing, memory_cost};
    pub use crate::sqlite::check_queue;
}

pub use crate::epochs::{Epochs, MAX_EPOCHS};
pub use crate::error::{
    AppendError, Cause, FollowError, ImportError, OpenError, QueueError, SaveCheckpointError,
    SizeError, StorageError,
};
pub use crate::import::{Import, ImportRecord, ImportSource};
pub use crate::journal::{
    Checkpoint, Follow, Journal, MAX_APPEND_BYTES, MAX_APPEND_RECORDS, MAX_BATCH_BYTES,
    MAX_BATCH_RECORDS, MAX_CHECKPOINTS, MAX_PAYLOAD_BYTES, MAX_STATE_BYTES, NewRecord, PROBE_BYTES,
};
pub use crate::memory::{
    MEMORY_KEEP_BYTES, MEMORY_MAX_BYTES, MemoryFollower, MemoryImport, MemoryJournal,
};
pub use crate::options::{Clock, JournalOptions};
pub use crate::record::{Record, UnixMillis};
pub use crate::record_id::{Epoch, ParseRecordIdError, RecordId, Seq};
pub use crate::sqlite::{
    QUEUE_APPENDS, QUEUE_BYTES, RECENT_BYTES, RECENT_RECORDS, SqliteFollower, SqliteImport,
    SqliteJournal,
};
