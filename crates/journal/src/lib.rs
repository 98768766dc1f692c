//! The ordered, durable record of what happened: append, follow, checkpoint. What was appended is
//! opaque bytes here, and nothing in this crate knows who follows or how they are reached.
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
//! let id = journal.epochs().record_id(Seq(2)).expect("it was just written");
//! assert!(journal.epochs().honours(id));
//! # Ok(())
//! # }
//! ```

/// The number of a record, the epoch it was written in, and the id that both make.
mod record_id;

/// A record: number, time, payload.
mod record;

/// Which epoch wrote which records, and so which ids are honoured.
mod epochs;

/// The contract of every journal, and its bounds.
mod journal;

/// How a journal comes to be the same as another one.
mod import;

/// What may be chosen at opening.
mod options;

/// What can go wrong, named for what the caller can do.
mod error;

/// Which records are old enough, or too many, to be let go, and which checkpoints stay.
mod retention;

/// Recent records in memory.
mod ring;

/// How followers learn of a new tail.
mod tail;

/// A journal in a file, through SQLite.
mod sqlite;

/// A journal in memory only.
mod memory;

/// What a journal of another kind is made with, so that it keeps to the same bounds and policy.
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
