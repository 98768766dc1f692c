//! Reading history: a few read-only connections, used off the async threads, for short reads only.
//! A long one would keep the writer from folding its log into the file.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use tokio::sync::Semaphore;

use super::schema::{self, BUSY_TIMEOUT, integer, seq};
use crate::error::StorageError;
use crate::ring::BatchLimit;
use crate::{Checkpoint, Record, Seq};

/// How many reads go on at once. Others wait their turn.
const MAX_READERS: usize = 4;

#[derive(Debug)]
pub(super) struct ReaderPool {
    path: PathBuf,
    log: Wal,
    turns: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl ReaderPool {
    pub(super) fn new(path: &Path, log: Wal) -> Self {
        let turns = Arc::new(Semaphore::new(MAX_READERS));
        ReaderPool { path: path.to_owned(), log, turns, idle: Arc::default() }
    }

    /// Runs a query on a thread that may block.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<rusqlite::Result<T>, StorageError> {
        let turn =
            Arc::clone(&self.turns).acquire_owned().await.map_err(|_| StorageError::Closed)?;
        let (idle, path, log) = (Arc::clone(&self.idle), self.path.clone(), self.log);
        let reading = tokio::task::spawn_blocking(move || {
            let turn = turn;
            let rested = lock(&idle).pop();
            let db = rested.map_or_else(|| connect(&path, log), Ok)?;
            let result = query(&db)?;
            // One that failed, or outlived the journal, is not used again.
            if !turn.semaphore().is_closed() {
                lock(&idle).push(db);
            }
            Ok(result)
        });
        reading.await.map_err(|_| StorageError::Closed)
    }

    /// No read begins after this.
    pub(super) fn close(&self) {
        self.turns.close();
        lock(&self.idle).clear();
    }
}

fn lock(idle: &Mutex<Vec<Connection>>) -> std::sync::MutexGuard<'_, Vec<Connection>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether something written may not be in the file yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wal {
    /// It may be in the log.
    Present,
    /// All is in the file, and nobody writes.
    Empty,
}

impl Wal {
    pub(super) fn of(path: &Path) -> Self {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let bytes = std::fs::metadata(PathBuf::from(log)).map_or(0, |found| found.len());
        if bytes > 0 { Wal::Present } else { Wal::Empty }
    }
}

/// Without a log the file is read as one that cannot change: otherwise SQLite would make an empty one,
/// which readers cannot remove.
pub(super) fn connect(path: &Path, log: Wal) -> rusqlite::Result<Connection> {
    let reading = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = match log {
        Wal::Present => Connection::open_with_flags(path, reading)?,
        Wal::Empty => {
            Connection::open_with_flags(unchanging(path), reading | OpenFlags::SQLITE_OPEN_URI)?
        }
    };
    db.busy_timeout(BUSY_TIMEOUT)?;
    Ok(db)
}

/// The file as a URI, in which some characters mean something else.
fn unchanging(path: &Path) -> PathBuf {
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

/// What is found after a position.
pub(super) enum BatchRead {
    Records(Vec<Record>),
    /// The record after it is not there any more.
    Pruned {
        kept_after: Seq,
    },
}

/// The records after `after` as far as one batch goes. None beyond `tail`: what the writer has
/// committed but not yet announced is not for followers.
pub(super) fn batch(db: &Connection, after: Seq, tail: Seq) -> rusqlite::Result<BatchRead> {
    let sql = "SELECT seq, time, payload FROM record WHERE seq > ?1 AND seq <= ?2 ORDER BY seq";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([integer(after.0), integer(tail.0)])?;
    let (mut records, mut bound, mut expected) = (Vec::new(), BatchLimit::default(), after.next());
    while let Some(row) = rows.next()? {
        let record = Record {
            seq: seq(row.get(0)?),
            time: schema::millis(row.get(1)?),
            payload: Bytes::copy_from_slice(row.get_ref(2)?.as_blob()?),
        };
        if record.seq != expected && records.is_empty() {
            return Ok(BatchRead::Pruned { kept_after: record.seq.prev() });
        }
        // A hole further on shared the batch, so that the next one begins with it and tells.
        if record.seq != expected || !bound.admits(&record) {
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
