use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::follower::SqliteFollower;
use super::lock::{self, LockedFile};
use super::queue::SqliteJob;
use super::reader::{self, ReaderPool, Wal};
use super::schema;
use super::shared::SqliteShared;
use super::watch::JournalFiles;
use super::writer;
use crate::error::{AppendError, OpenError, QueueError, SaveCheckpointError, StorageError};
use crate::journal::{MAX_STATE_BYTES, PROBE_BYTES, check_append, check_size};
use crate::{Checkpoint, Epochs, Journal, JournalOptions, Seq};

/// A journal in a file.
///
/// Opening blocks for some milliseconds, or longer for a large file after a crash. Dropping the journal
/// without [`Journal::close`] blocks as well. Following needs a tokio runtime for the blocking reads.
#[derive(Debug)]
pub struct SqliteJournal {
    epochs: Epochs,
    shared: Arc<SqliteShared>,
    writer: Mutex<Option<JoinHandle<()>>>,
    /// The lock of a read-only journal. Otherwise the writer thread owns it.
    read_only_file: Option<LockedFile>,
}

impl SqliteJournal {
    /// Opens the journal in this file, or creates it, and starts an epoch.
    ///
    /// # Errors
    /// The file is in use, not writable, damaged or not a journal, or the disk fails.
    pub fn open(path: impl AsRef<Path>, options: JournalOptions) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let file = lock::lock_exclusive(path)?;
        let loaded = schema::open(&file, &options)?;
        let epochs = loaded.epochs.clone();
        let unavailable = |e| StorageError::Unavailable {
            journal: path.display().to_string(),
            source: Arc::new(e),
        };
        let files = Arc::new(JournalFiles::watch(&file).map_err(unavailable)?);
        let readers = ReaderPool::new(file.path(), Wal::Present);
        readers.watch(&files);
        let shared = SqliteShared::new(path, epochs.tail(), readers);
        let writer = writer::start(Arc::clone(&shared), loaded, options, file, files);
        let writer = writer.map_err(unavailable)?;
        Ok(SqliteJournal { epochs, shared, writer: Mutex::new(Some(writer)), read_only_file: None })
    }

    /// Opens the journal in this file for reading, and changes nothing in it. Appends, probes and checkpoints
    /// fail with [`StorageError::Closed`]. While it is open, no program can write to the file.
    ///
    /// # Errors
    /// [`OpenError::NotFound`], [`OpenError::Unfinished`], and those of [`SqliteJournal::open`].
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let file = lock::lock_shared(path)?;
        let wal = Wal::find(file.path());
        let epochs = schema::open_read_only(&file, wal)?.epochs;
        let readers = ReaderPool::new(file.path(), wal);
        let shared = SqliteShared::new(path, epochs.tail(), readers);
        shared.queue.close();
        Ok(SqliteJournal { epochs, shared, writer: Mutex::new(None), read_only_file: Some(file) })
    }

    /// Checks by the header of the file, without a lock and without a write, that [`SqliteJournal::open`] can open it or
    /// create it. Another program may be using it. Damage and a lack of space show only at opening.
    ///
    /// # Errors
    /// The file is not writable, not a journal, or of a newer format.
    pub fn check_file(path: impl AsRef<Path>) -> Result<(), OpenError> {
        schema::check_file(path.as_ref())
    }

    /// The number of commits of appends since opening. Records per commit show how well appends share the
    /// wait for the disk.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.shared.commits.load(Ordering::Relaxed)
    }

    fn join_writer(&self) {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            let _ = writer.join();
        }
    }
}

impl Journal for SqliteJournal {
    type Follower = SqliteFollower;

    fn append(
        &self,
        payloads: Vec<Bytes>,
    ) -> impl Future<Output = Result<Vec<Seq>, AppendError>> + Send {
        let (reply, replied) = oneshot::channel();
        let queued = check_append(&payloads).and_then(|bytes| {
            Ok(self.shared.queue.push(SqliteJob::Append { payloads, reply }, bytes)?)
        });
        async move {
            queued?;
            replied.await.unwrap_or(Err(StorageError::Closed.into()))
        }
    }

    fn probe(&self) -> impl Future<Output = Result<(), AppendError>> + Send {
        let (reply, replied) = oneshot::channel();
        let queued = self.shared.queue.push(SqliteJob::Probe { reply }, PROBE_BYTES);
        async move {
            queued?;
            replied.await.unwrap_or(Err(StorageError::Closed.into()))
        }
    }

    async fn check(&self) -> Result<(), StorageError> {
        let (reply, replied) = oneshot::channel();
        match self.shared.queue.push(SqliteJob::Check { reply }, 0) {
            // The writer checks the files before each of the queued appends.
            Err(QueueError::Full) => Ok(()),
            Err(QueueError::Closed) => Err(StorageError::Closed),
            Ok(()) => replied.await.unwrap_or(Err(StorageError::Closed)),
        }
    }

    fn follow(&self, after: Seq) -> SqliteFollower {
        SqliteFollower::new(after, Arc::clone(&self.shared))
    }

    fn epochs(&self) -> Epochs {
        self.epochs.with_tail(self.tail())
    }

    fn tail(&self) -> Seq {
        self.shared.tail_state.borrow().tail
    }

    fn checkpoint(
        &self,
        seq: Seq,
        state: Bytes,
        needed_after: Seq,
    ) -> impl Future<Output = Result<(), SaveCheckpointError>> + Send {
        let (reply, replied) = oneshot::channel();
        let bytes = state.len();
        let checked =
            check_size("a state", bytes, MAX_STATE_BYTES).map_err(SaveCheckpointError::from);
        let queued = checked.and_then(|()| {
            let job = SqliteJob::SaveCheckpoint { seq, state, needed_after, reply };
            Ok(self.shared.queue.push(job, bytes)?)
        });
        async move {
            queued?;
            replied.await.unwrap_or(Err(StorageError::Closed.into()))
        }
    }

    async fn start_point(&self) -> Result<Option<Checkpoint>, StorageError> {
        self.shared.read(reader::oldest_checkpoint).await
    }

    async fn close(&self) {
        self.shared.queue.close();
        if self.read_only_file.is_some() {
            self.shared.close();
        }
        // The writer sets `closed` as its last act, so joining it blocks for microseconds only.
        let mut tail_state = self.shared.tail_state.subscribe();
        let _ = tail_state.wait_for(|state| state.closed).await;
        self.join_writer();
    }
}

impl Drop for SqliteJournal {
    /// Waits for the writer, so that the file can be opened again at once.
    fn drop(&mut self) {
        self.shared.queue.close();
        self.join_writer();
    }
}
