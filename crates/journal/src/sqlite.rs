//! A journal in a file, kept by SQLite: write-ahead log, an fsync for each commit, one thread that
//! writes. This file joins the parts: the queue to the writer, the ring of recent records that the
//! writer fills, and the readers for those who are behind it.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use bytes::Bytes;
use tokio::sync::{oneshot, watch};

use crate::error::{
    AppendError, Cause, FollowError, ImportError, OpenError, SaveCheckpointError, StorageError,
};
use crate::journal::{MAX_STATE_BYTES, PROBE_BYTES, check_append, check_size};
use crate::ring::RecordRing;
use crate::tail::{self, TailState};
use crate::{Checkpoint, Epochs, Follow, ImportSource, Journal, JournalOptions, Record, Seq};

use self::reader::Wal;

/// The file itself: is it there, ours alone, and a journal?
mod lock;

/// Its tables, and what is loaded from them at opening.
mod schema;

/// Appends on their way to the writer.
mod queue;

/// The one thread that writes.
mod writer;

/// Connections for reading history.
mod reader;

/// Letting the oldest records go.
mod prune;

/// Copying another journal.
mod import;

pub use self::import::SqliteImport;
pub use self::queue::{QUEUE_APPENDS, QUEUE_BYTES, check_queue};
pub use self::writer::{RECENT_BYTES, RECENT_RECORDS};

/// A journal in a file.
///
/// Opening blocks for some milliseconds (on a large file after a crash, longer); so does dropping
/// it without [`Journal::close`]. Following needs a tokio runtime, for the blocking reads.
#[derive(Debug)]
pub struct SqliteJournal {
    epochs: Epochs,
    shared: Arc<SqliteShared>,
    writer: Mutex<Option<JoinHandle<()>>>,
    /// Of one that is only read. A writer has its own.
    read: Option<lock::LockedFile>,
}

/// What the writer and all followers hold in common.
#[derive(Debug)]
struct SqliteShared {
    journal: String,
    queue: queue::SqliteQueue,
    recent: Mutex<RecordRing>,
    tail_state: watch::Sender<TailState>,
    readers: reader::ReaderPool,
    commits: AtomicU64,
}

impl SqliteJournal {
    /// Opens the journal in this file, or makes a new one, and begins an epoch in it.
    ///
    /// # Errors
    /// The file is in use, not writable, damaged or not a journal, or the disk fails.
    pub fn open(path: impl AsRef<Path>, options: JournalOptions) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let file = lock::lock_exclusive(path)?;
        let opened = schema::open(&file, &options)?;
        let epochs = opened.epochs.clone();
        let shared =
            SqliteShared::new(path, &epochs, reader::ReaderPool::new(file.path(), Wal::Present));
        let writer = writer::start(Arc::clone(&shared), opened, options, file).map_err(|e| {
            StorageError::Unavailable { journal: path.display().to_string(), source: Arc::new(e) }
        })?;
        Ok(SqliteJournal { epochs, shared, writer: Mutex::new(Some(writer)), read: None })
    }

    /// Opens the journal in this file to read it, and changes nothing of it. Appends, probes and checkpoints
    /// are refused as if it were closed. While it is open nobody can write to it.
    ///
    /// # Errors
    /// [`OpenError::NotFound`], [`OpenError::Unfinished`], and those of [`SqliteJournal::open`].
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let file = lock::lock_shared(path)?;
        let log = Wal::of(file.path());
        let epochs = schema::open_read_only(&file, log)?.epochs;
        let shared = SqliteShared::new(path, &epochs, reader::ReaderPool::new(file.path(), log));
        shared.queue.close();
        Ok(SqliteJournal { epochs, shared, writer: Mutex::new(None), read: Some(file) })
    }

    /// Begins to copy another journal into this file, or goes on with it.
    ///
    /// # Errors
    /// [`ImportError::AlreadyExists`], [`ImportError::SourceMismatch`], and those of [`SqliteJournal::open`].
    pub fn import(
        path: impl AsRef<Path>,
        origin: &ImportSource,
    ) -> Result<SqliteImport, ImportError> {
        SqliteImport::begin(path.as_ref(), origin)
    }

    /// How many commits of appends there were since opening. Records by commits is how well
    /// appends share the wait for the disk.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.shared.commits.load(Ordering::Relaxed)
    }

    fn writer(&self) -> Option<JoinHandle<()>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Journal for SqliteJournal {
    type Follower = SqliteFollower;

    fn append(
        &self,
        payloads: Vec<Bytes>,
    ) -> impl Future<Output = Result<Vec<Seq>, AppendError>> + Send {
        let (answer, answered) = oneshot::channel();
        let queued = check_append(&payloads).and_then(|bytes| {
            Ok(self.shared.queue.push(queue::SqliteJob::Append { payloads, answer }, bytes)?)
        });
        async move {
            queued?;
            answered.await.unwrap_or(Err(StorageError::Closed.into()))
        }
    }

    fn probe(&self) -> impl Future<Output = Result<(), AppendError>> + Send {
        let (answer, answered) = oneshot::channel();
        let queued = self.shared.queue.push(queue::SqliteJob::Probe { answer }, PROBE_BYTES);
        async move {
            queued?;
            answered.await.unwrap_or(Err(StorageError::Closed.into()))
        }
    }

    fn follow(&self, after: Seq) -> SqliteFollower {
        SqliteFollower {
            after,
            shared: Arc::clone(&self.shared),
            tail_state: self.shared.tail_state.subscribe(),
        }
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
        let (answer, answered) = oneshot::channel();
        let bytes = state.len();
        let checked =
            check_size("a state", bytes, MAX_STATE_BYTES).map_err(SaveCheckpointError::from);
        let queued = checked.and_then(|()| {
            let job = queue::SqliteJob::Checkpoint { seq, state, needed_after, answer };
            self.shared.queue.push(job, bytes).map_err(SaveCheckpointError::from)
        });
        async move {
            queued?;
            answered.await.unwrap_or(Err(StorageError::Closed.into()))
        }
    }

    async fn start_point(&self) -> Result<Option<Checkpoint>, StorageError> {
        self.shared.read(reader::oldest_checkpoint).await
    }

    async fn close(&self) {
        self.shared.queue.close();
        if self.read.is_some() {
            self.shared.end();
        }
        // The thread says so at its very end; joining it is then a matter of microseconds.
        let mut live = self.shared.tail_state.subscribe();
        let _ = live.wait_for(|live| live.closed).await;
        if let Some(writer) = self.writer() {
            let _ = writer.join();
        }
    }
}

impl Drop for SqliteJournal {
    /// Waits for the writer, so that the file can be opened again at once.
    fn drop(&mut self) {
        self.shared.queue.close();
        if let Some(writer) = self.writer() {
            let _ = writer.join();
        }
    }
}

impl SqliteShared {
    fn new(path: &Path, epochs: &Epochs, readers: reader::ReaderPool) -> Arc<Self> {
        Arc::new(SqliteShared {
            journal: path.display().to_string(),
            queue: queue::SqliteQueue::default(),
            recent: Mutex::default(),
            tail_state: tail::channel(epochs.tail()),
            readers,
            commits: AtomicU64::new(0),
        })
    }

    /// Nothing more comes.
    fn end(&self) {
        self.readers.close();
        self.tail_state.send_modify(|live| live.closed = true);
    }

    async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StorageError> {
        self.readers.read(query).await?.map_err(|e| failure(&self.journal, e))
    }
}

/// A failure of SQLite after opening, as the caller can act on it.
fn failure(journal: &str, error: rusqlite::Error) -> StorageError {
    let no_room = says_no_room(&error);
    let (journal, source): (_, Cause) = (journal.to_owned(), Arc::new(error));
    if no_room {
        StorageError::NoSpace { journal, source }
    } else {
        StorageError::Unavailable { journal, source }
    }
}

/// Whether a failure comes of a full disk. Where the index of the log finds no room, SQLite calls it
/// a failure to write.
fn says_no_room(error: &rusqlite::Error) -> bool {
    let index = error.sqlite_error().map(|e| e.extended_code);
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
        || index == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE)
}

/// Follows a [`SqliteJournal`].
#[derive(Debug)]
pub struct SqliteFollower {
    after: Seq,
    shared: Arc<SqliteShared>,
    tail_state: watch::Receiver<TailState>,
}

impl Follow for SqliteFollower {
    async fn next(&mut self) -> Result<Vec<Record>, FollowError> {
        loop {
            let TailState { tail, closed } = *self.tail_state.borrow_and_update();
            if self.after < tail {
                let batch = match self.recent() {
                    Some(batch) => batch,
                    None if closed => return Err(StorageError::Closed.into()),
                    None => self.history(tail).await?,
                };
                // Only here, after the last wait: a dropped future has moved nothing.
                self.after = batch.last().map_or(self.after, |record| record.seq);
                return Ok(batch);
            }
            if closed {
                return Err(StorageError::Closed.into());
            }
            tail::changed(&mut self.tail_state).await?;
        }
    }
}

impl SqliteFollower {
    fn recent(&self) -> Option<Vec<Record>> {
        self.shared.recent.lock().unwrap_or_else(PoisonError::into_inner).after(self.after)
    }

    async fn history(&self, tail: Seq) -> Result<Vec<Record>, FollowError> {
        let after = self.after;
        match self.shared.read(move |db| reader::batch(db, after, tail)).await? {
            reader::BatchRead::Records(records) => Ok(records),
            reader::BatchRead::Pruned { kept_after } => {
                Err(FollowError::Pruned { after, kept_after })
            }
        }
    }
}
