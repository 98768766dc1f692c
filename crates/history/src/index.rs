//! The database of the index: in a file beside the journal, or in memory.
//!
//! `change`: one row per event. `departed`: the rows that have left a board. `state`: states of a board from which later
//! ones are computed. `position`: the fold up to which the index was written. The file is removed if it is damaged or of
//! another format.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{io, thread};

use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags};

/// The format of the tables, in `user_version`.
const FORMAT: i64 = 2;

const SCHEMA: &str = "
    CREATE TABLE change (
        board TEXT NOT NULL, seq INTEGER NOT NULL, time INTEGER NOT NULL, event TEXT NOT NULL,
        flight TEXT, date TEXT, leg TEXT, publisher TEXT, feed INTEGER NOT NULL, privacy INTEGER NOT NULL,
        data TEXT NOT NULL, fields TEXT NOT NULL,
        PRIMARY KEY (board, seq)
    ) WITHOUT ROWID;
    CREATE INDEX change_time ON change (board, time, seq);
    CREATE INDEX change_flight ON change (board, flight, seq) WHERE flight IS NOT NULL;
    CREATE INDEX change_privacy ON change (board, seq) WHERE privacy;
    CREATE TABLE departed (
        board TEXT NOT NULL, seq INTEGER NOT NULL, number INTEGER NOT NULL, flight TEXT NOT NULL,
        PRIMARY KEY (board, seq, number)
    ) WITHOUT ROWID;
    CREATE TABLE state (
        board TEXT NOT NULL, seq INTEGER NOT NULL, time INTEGER NOT NULL, state BLOB NOT NULL,
        PRIMARY KEY (board, seq)
    ) WITHOUT ROWID;
    CREATE TABLE position (id TEXT NOT NULL, time INTEGER NOT NULL, boards BLOB NOT NULL);
";

/// Wait for a checkpoint of the write-ahead log before giving up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

/// Wait for a recorder whose journal was closed a moment ago.
const LOCK_TIMEOUT: Duration = Duration::from_secs(1);

const LOCK_POLL_INTERVAL: Duration = Duration::from_millis(10);

/// The index, with one connection that writes.
#[derive(Debug)]
pub(crate) struct Index {
    writer: Mutex<Connection>,
    /// `None` in memory, where there is only one connection.
    readers: Option<Readers>,
    /// Held as long as the index is open. Two recorders of one file would mix their events.
    _lock: Option<File>,
}

#[derive(Debug)]
struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Index {
    /// Opens the index. Removes a file that is not one, and begins another.
    pub(crate) fn open(file: Option<&Path>) -> rusqlite::Result<Self> {
        let Some(path) = file else {
            let db = Connection::open_in_memory()?;
            create(&db)?;
            return Ok(Self { writer: Mutex::new(db), readers: None, _lock: None });
        };
        let lock = lock(path)?;
        let db = open_file(path).or_else(|error| {
            if !is_unusable(&error) {
                return Err(error);
            }
            tracing::warn!("the index of the history is not usable, building it again: {error}");
            remove(path);
            open_file(path)
        })?;
        let readers = Readers { path: path.to_owned(), idle: Mutex::default() };
        Ok(Self { writer: Mutex::new(db), readers: Some(readers), _lock: Some(lock) })
    }

    /// Writes all of `write`, or nothing.
    pub(crate) fn write<T>(
        &self,
        write: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let mut db = self.writer.lock();
        let transaction = db.transaction()?;
        let result = write(&transaction)?;
        transaction.commit()?;
        Ok(result)
    }

    /// Reads one state of the index.
    pub(crate) fn read<T, E: From<rusqlite::Error>>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let Some(readers) = &self.readers else { return read(&self.writer.lock()) };
        let idle = readers.idle.lock().pop();
        let mut db = idle.map_or_else(|| open_reader(&readers.path), Ok)?;
        let transaction = db.transaction()?;
        let result = read(&transaction);
        drop(transaction);
        readers.idle.lock().push(db);
        result
    }
}

/// Locks the index against other recorders, of this process too. The lock is on a file of its own, which remains: SQLite's locks
/// end as soon as the process closes any descriptor of the database.
fn lock(path: &Path) -> rusqlite::Result<File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(name);
    let file = file.map_err(cannot_open)?;
    let deadline = Instant::now() + LOCK_TIMEOUT;
    while let Err(error) = file.try_lock() {
        if !matches!(error, TryLockError::WouldBlock) || Instant::now() > deadline {
            return Err(cannot_open(error.into()));
        }
        thread::sleep(LOCK_POLL_INTERVAL);
    }
    Ok(file)
}

fn open_file(path: &Path) -> rusqlite::Result<Connection> {
    // Like the journal, the index has the rows of private boards.
    let created =
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
    created.map_err(cannot_open)?;
    let db = Connection::open(path)?;
    db.busy_timeout(BUSY_TIMEOUT)?;
    let mode: String = db.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    debug_assert_eq!(mode, "wal");
    // A commit does not wait for the disk: the journal has its records.
    db.pragma_update(None, "synchronous", "NORMAL")?;
    match db.pragma_query_value(None, "user_version", |row| row.get(0))? {
        0 => create(&db)?,
        FORMAT => {}
        _ => return Err(rusqlite::Error::InvalidQuery),
    }
    Ok(db)
}

fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(BUSY_TIMEOUT)?;
    Ok(db)
}

fn create(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(SCHEMA)?;
    db.pragma_update(None, "user_version", FORMAT)
}

/// True if the file is damaged, of another program, or of another version of this one.
fn is_unusable(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase, Unknown};
    let code = error.sqlite_error_code();
    matches!(code, Some(DatabaseCorrupt | NotADatabase | Unknown))
        || matches!(error, rusqlite::Error::InvalidQuery)
}

fn remove(path: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        if let Err(error) = fs::remove_file(&name)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!("cannot remove the index of the history: {error}");
        }
    }
}

fn cannot_open(error: io::Error) -> rusqlite::Error {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
    rusqlite::Error::SqliteFailure(code, Some(error.to_string()))
}
