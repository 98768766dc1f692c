//! Reading history: a few read-only connections on blocking threads, for short reads only. A long read would
//! prevent the writer from checkpointing its write-ahead log.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::lock::log_path;
use super::sql::{BUSY_TIMEOUT, integer, millis, seq};
use super::watch::JournalFiles;
use crate::error::StorageError;
use crate::ring::BatchLimit;
use crate::{Checkpoint, Record, Seq};

/// The maximum number of concurrent reads.
const MAX_READERS: u32 = 4;

#[derive(Debug)]
pub(super) struct ReaderPool {
    path: PathBuf,
    wal: Wal,
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
    /// `None` in a read-only journal.
    files: Mutex<Option<Arc<JournalFiles>>>,
}

impl ReaderPool {
    pub(super) fn new(path: &Path, wal: Wal) -> Self {
        let permits = Arc::new(Semaphore::new(MAX_READERS as usize));
        let (idle, files) = Default::default();
        ReaderPool { path: path.to_owned(), wal, permits, idle, files }
    }

    /// Opens connections only while these files are in place: others have other records.
    pub(super) fn watch(&self, files: &Arc<JournalFiles>) {
        *self.files.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(files));
    }

    /// Closes all connections and opens no more until the permits are dropped. `None` if one is in use.
    pub(super) fn pause(&self) -> Option<SemaphorePermit<'_>> {
        let permits = self.permits.try_acquire_many(MAX_READERS).ok()?;
        lock(&self.idle).clear();
        Some(permits)
    }

    /// Runs a query on a blocking thread.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<rusqlite::Result<T>, StorageError> {
        let permits = Arc::clone(&self.permits);
        let permit = permits.acquire_owned().await.map_err(|_| StorageError::Closed)?;
        let idle = Arc::clone(&self.idle);
        let path = self.path.clone();
        let wal = self.wal;
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let reading = tokio::task::spawn_blocking(move || {
            let permit = permit;
            let check_files = || files.as_ref().map_or(Ok(()), |files| files.check());
            // Before, since SQLite would create a log where none is, and after, since a name may change meanwhile.
            check_files()?;
            let pooled = lock(&idle).pop();
            let db = pooled.map_or_else(|| connect(&path, wal), Ok);
            check_files()?;
            Ok(db.and_then(|db| {
                let result = query(&db)?;
                // A connection that failed, or that outlived the journal, does not return to the pool.
                if !permit.semaphore().is_closed() {
                    lock(&idle).push(db);
                }
                Ok(result)
            }))
        });
        reading.await.map_err(|e| match e.is_panic() {
            true => StorageError::Unavailable {
                journal: self.path.display().to_string(),
                source: Arc::new(e),
            },
            // The runtime is shutting down.
            false => StorageError::Closed,
        })?
    }

    /// Rejects further reads.
    pub(super) fn close(&self) {
        self.permits.close();
        lock(&self.idle).clear();
    }
}

fn lock(idle: &Mutex<Vec<Connection>>) -> std::sync::MutexGuard<'_, Vec<Connection>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The write-ahead log, which may hold commits that the database file lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wal {
    /// It may.
    Present,
    /// The file is complete, and no program writes to it.
    Empty,
}

impl Wal {
    pub(super) fn find(path: &Path) -> Self {
        let bytes = log_path(path).metadata().map_or(0, |found| found.len());
        if bytes > 0 { Wal::Present } else { Wal::Empty }
    }
}

/// Opens a connection for reading. Without a log, the file is opened as immutable: otherwise SQLite would create
/// an empty log, which readers cannot remove.
pub(super) fn connect(path: &Path, wal: Wal) -> rusqlite::Result<Connection> {
    let reading = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = match wal {
        Wal::Present => Connection::open_with_flags(path, reading)?,
        Wal::Empty => {
            Connection::open_with_flags(immutable_uri(path), reading | OpenFlags::SQLITE_OPEN_URI)?
        }
    };
    db.busy_timeout(BUSY_TIMEOUT)?;
    Ok(db)
}

/// The path as a `file:` URI, with the characters escaped that have a meaning in a URI.
fn immutable_uri(path: &Path) -> PathBuf {
    let mut uri = std::ffi::OsString::from("file:");
    for part in path.as_os_str().as_bytes() {
        match part {
            b'%' | b'?' | b'#' => uri.push(format!("%{part:02X}")),
            other => uri.push(std::ffi::OsStr::from_bytes(&[*other])),
        }
    }
    uri.push("?immutable=1");
    uri.into()
}

/// The result of reading after a record.
pub(super) enum BatchRead {
    Records(Vec<Record>),
    /// The next record was pruned.
    Pruned {
        kept_after: Seq,
    },
}

/// Reads one batch of the records after `after`. It ends at `tail`: the writer may have committed records that it
/// has not yet published.
pub(super) fn read_batch(db: &Connection, after: Seq, tail: Seq) -> rusqlite::Result<BatchRead> {
    let sql = "SELECT seq, time, payload FROM record WHERE seq > ?1 AND seq <= ?2 ORDER BY seq";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([integer(after.0), integer(tail.0)])?;
    let mut records = Vec::new();
    let mut limit = BatchLimit::default();
    let mut expected = after.next();
    while let Some(row) = rows.next()? {
        let record = Record {
            seq: seq(row.get(0)?),
            time: millis(row.get(1)?),
            payload: Bytes::copy_from_slice(row.get_ref(2)?.as_blob()?),
        };
        if record.seq != expected && records.is_empty() {
            return Ok(BatchRead::Pruned { kept_after: record.seq.prev() });
        }
        // A gap later in the batch ends it, so that the next read starts at the gap and reports it.
        if record.seq != expected || !limit.admits(&record) {
            break;
        }
        expected = record.seq.next();
        records.push(record);
    }
    if records.is_empty() {
        Ok(BatchRead::Pruned { kept_after: tail })
    } else {
        Ok(BatchRead::Records(records))
    }
}

pub(super) fn oldest_checkpoint(db: &Connection) -> rusqlite::Result<Option<Checkpoint>> {
    let sql = "SELECT seq, state FROM checkpoint ORDER BY seq LIMIT 1";
    db.query_row(sql, [], |row| {
        let state = Bytes::copy_from_slice(row.get_ref(1)?.as_blob()?);
        Ok(Checkpoint { seq: seq(row.get(0)?), state })
    })
    .optional()
}
