//! The state that the writer thread and all followers share.

use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::queue::SqliteQueue;
use super::reader::ReaderPool;
use crate::error::StorageError;
use crate::ring::RecordRing;
use crate::tail::{self, TailState};
use crate::{Cause, Seq};

#[derive(Debug)]
pub(super) struct SqliteShared {
    /// The path as the user wrote it, for messages.
    pub(super) journal: String,
    pub(super) queue: SqliteQueue,
    recent: Mutex<RecordRing>,
    pub(super) tail_state: watch::Sender<TailState>,
    pub(super) readers: ReaderPool,
    pub(super) commits: AtomicU64,
}

impl SqliteShared {
    pub(super) fn new(path: &Path, tail: Seq, readers: ReaderPool) -> Arc<Self> {
        Arc::new(SqliteShared {
            journal: path.display().to_string(),
            queue: SqliteQueue::default(),
            recent: Mutex::default(),
            tail_state: tail::channel(tail),
            readers,
            commits: AtomicU64::new(0),
        })
    }

    /// Ends all reads and followers.
    pub(super) fn close(&self) {
        self.readers.close();
        self.tail_state.send_modify(|state| state.closed = true);
    }

    pub(super) fn recent(&self) -> MutexGuard<'_, RecordRing> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StorageError> {
        self.readers.read(query).await?.map_err(|e| storage_error(&self.journal, e))
    }
}

/// Maps an error that SQLite returned after opening.
pub(super) fn storage_error(journal: &str, error: rusqlite::Error) -> StorageError {
    let no_space = is_no_space(&error);
    let journal = journal.to_owned();
    let source: Cause = Arc::new(error);
    if no_space {
        StorageError::NoSpace { journal, source }
    } else {
        StorageError::Unavailable { journal, source }
    }
}

/// Returns whether the disk is full. If there is no space for the write-ahead log's index, SQLite reports a failure
/// to write (`SQLITE_IOERR_SHMSIZE`).
pub(super) fn is_no_space(error: &rusqlite::Error) -> bool {
    let extended_code = error.sqlite_error().map(|e| e.extended_code);
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
        || extended_code == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE)
}
