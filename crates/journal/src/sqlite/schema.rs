//! The database: its tables and settings, and the state loaded from it at opening.
//!
//! `record`: one row per record. `epoch`: one row per epoch, keyed by its first record. `checkpoint`: one row per
//! checkpoint. The header has `application_id`, which marks the database as a journal, and `user_version`, the
//! number of its format.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Row, TransactionBehavior};

use super::lock::{self, LockedFile, log_path, not_a_journal};
use super::reader::{self, Wal};
use super::shared::is_no_space;
use super::sql::{BUSY_TIMEOUT, integer, millis, seq};
use crate::error::{Cause, ImportError, OpenError, StorageError};
use crate::{Epoch, Epochs, JournalOptions, Seq, UnixMillis};

/// The state of a journal at opening. If it was opened for writing, its new epoch has started.
pub(super) struct LoadedJournal {
    pub(super) db: Connection,
    pub(super) epochs: Epochs,
    /// The oldest record and its time.
    pub(super) oldest: Option<(Seq, UnixMillis)>,
    /// The time of the newest record.
    pub(super) newest_time: UnixMillis,
    /// The last records of the checkpoints, in order.
    pub(super) checkpoints: Vec<Seq>,
}

/// Opens the database, checks that it is a sound journal, and starts an epoch.
pub(super) fn open(
    file: &LockedFile,
    options: &JournalOptions,
) -> Result<LoadedJournal, OpenError> {
    let fail = |e| open_failure(&file.given(), e);
    let wal = Wal::find(file.path());
    let mut db = connect(file).map_err(fail)?;
    // Identify the file before writing to it: it may belong to another program.
    match identify(&db, file, wal)? {
        FileState::Unfinished => {
            return Err(OpenError::Unfinished { journal: file.given().display().to_string() });
        }
        FileState::New => create(&mut db, APPLICATION_ID).map_err(fail)?,
        FileState::Finished => {}
    }
    configure(&db, options, file)?;
    check_integrity(&db, file)?;
    let loaded = load(db).map_err(fail)?;
    begin_epoch(loaded).map_err(fail)
}

/// Opens the database of a journal for reading, without starting an epoch.
pub(super) fn open_read_only(file: &LockedFile, wal: Wal) -> Result<LoadedJournal, OpenError> {
    let fail = |e| open_failure(&file.given(), e);
    let db = reader::connect(file.path(), wal).map_err(fail)?;
    let journal = || file.given().display().to_string();
    match identify(&db, file, wal)? {
        FileState::New => return Err(OpenError::NotFound { journal: journal() }),
        FileState::Unfinished => return Err(OpenError::Unfinished { journal: journal() }),
        FileState::Finished => check_integrity(&db, file)?,
    }
    load(db).map_err(fail)
}

/// Checks that the file is a journal of a known format, or can become one, without a lock and without its log.
pub(super) fn check_file(given: &Path) -> Result<(), OpenError> {
    let Some(path) = lock::find_unlocked(given)? else { return Ok(()) };
    let db = reader::connect(&path, Wal::Empty).map_err(|e| open_failure(given, e))?;
    match file_state(&db, given) {
        Ok(FileState::Unfinished) => {
            Err(OpenError::Unfinished { journal: given.display().to_string() })
        }
        Ok(FileState::New) if Wal::find(&path) == Wal::Present => {
            Err(OpenError::MissingDatabase { path: given.to_owned(), log: log_path(&path) })
        }
        // Pages may be missing that are in the log.
        Ok(FileState::New | FileState::Finished) | Err(OpenError::Damaged { .. }) => Ok(()),
        Err(e) => Err(e),
    }
}

/// Opens or creates the database of an unfinished copy.
pub(super) fn open_to_import(file: &LockedFile) -> Result<LoadedJournal, ImportError> {
    let fail = |e| open_failure(&file.given(), e);
    let wal = Wal::find(file.path());
    let mut db = connect(file).map_err(fail)?;
    match identify(&db, file, wal)? {
        FileState::Finished => {
            return Err(ImportError::AlreadyExists { journal: file.given().display().to_string() });
        }
        FileState::New => create(&mut db, UNFINISHED_ID).map_err(fail)?,
        FileState::Unfinished => {}
    }
    configure(&db, &JournalOptions::default(), file)?;
    check_integrity(&db, file)?;
    // No caller waits for a single commit, so SQLite may checkpoint the log inside of one.
    db.pragma_update_and_check(None, "wal_autocheckpoint", IMPORT_CHECKPOINT_PAGES, |_| Ok(()))
        .map_err(fail)?;
    Ok(load(db).map_err(fail)?)
}

/// Opens a journal again whose newest record is `tail`.
pub(super) fn reopen(
    file: &LockedFile,
    options: &JournalOptions,
    tail: Seq,
) -> Result<Connection, OpenError> {
    let fail = |e| open_failure(&file.given(), e);
    let db = connect(file).map_err(fail)?;
    configure(&db, options, file)?;
    // A change without effect makes SQLite create the log.
    db.pragma_update(None, "user_version", FORMAT).map_err(fail)?;
    let loaded = load(db).map_err(fail)?;
    let found = loaded.epochs.tail();
    if found != tail {
        let cause = format!("its newest record is {found} instead of {tail}");
        return Err(OpenError::Damaged {
            path: file.given(),
            source: Cause::from(Box::from(cause)),
        });
    }
    Ok(loaded.db)
}

/// If the file is then rejected, closing the connection leaves the log as it is.
fn connect(file: &LockedFile) -> rusqlite::Result<Connection> {
    let db = Connection::open_with_flags(file.path(), WRITE_FLAGS)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    db.busy_timeout(BUSY_TIMEOUT)?;
    Ok(db)
}

enum FileState {
    New,
    /// An unfinished copy.
    Unfinished,
    Finished,
}

/// `wal` is the log before SQLite opened it.
fn identify(db: &Connection, file: &LockedFile, wal: Wal) -> Result<FileState, OpenError> {
    check_tables(file, wal)?;
    file_state(db, &file.given())
}

fn file_state(db: &Connection, given: &Path) -> Result<FileState, OpenError> {
    let header = |name| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let read = || -> rusqlite::Result<(i64, i64, i64)> {
        let tables = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        Ok((header("application_id")?, header("user_version")?, tables))
    };
    match read().map_err(|e| open_failure(given, e))? {
        (0, 0, 0) => Ok(FileState::New),
        (APPLICATION_ID, FORMAT, _) => Ok(FileState::Finished),
        (UNFINISHED_ID, FORMAT, _) => Ok(FileState::Unfinished),
        (APPLICATION_ID | UNFINISHED_ID, found, _) if found > FORMAT => {
            Err(OpenError::NewerFormat {
                path: given.to_owned(),
                found: u32::try_from(found).unwrap_or(u32::MAX),
                known: FORMAT as u32,
            })
        }
        _ => Err(not_a_journal(given, "it is a database of another program")),
    }
}

/// Rejects a log beside a database without tables, which it cannot belong to: see [`create`]. Together with the
/// log the database may seem to have tables, so this reads it alone.
fn check_tables(file: &LockedFile, wal: Wal) -> Result<(), OpenError> {
    if wal == Wal::Empty {
        return Ok(());
    }
    let count = |db: Connection| -> rusqlite::Result<i64> {
        db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
    };
    // An unreadable database gets its own error later.
    match reader::connect(file.path(), Wal::Empty).and_then(count) {
        Ok(0) => Err(OpenError::MissingDatabase { path: file.given(), log: log_path(file.path()) }),
        _ => Ok(()),
    }
}

/// `FULL` makes each commit wait for the disk. Automatic checkpoints of the log are off, because they would delay
/// replies to appends; the writer checkpoints after it has replied.
fn configure(
    db: &Connection,
    options: &JournalOptions,
    file: &LockedFile,
) -> Result<(), OpenError> {
    let fail = |e| open_failure(&file.given(), e);
    let mode: String =
        db.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0)).map_err(fail)?;
    if mode != "wal" {
        let cause = "the file system lacks shared memory, which a write-ahead log needs";
        let journal = file.given().display().to_string();
        let source = Cause::from(Box::from(cause));
        return Err(StorageError::Unavailable { journal, source }.into());
    }
    db.pragma_update(None, "synchronous", "full").map_err(fail)?;
    // Without temporary files, no commit needs another file descriptor.
    db.pragma_update(None, "temp_store", "memory").map_err(fail)?;
    db.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(())).map_err(fail)?;
    options.max_bytes.map_or(Ok(()), |bytes| set_max_bytes(db, bytes)).map_err(fail)
}

fn set_max_bytes(db: &Connection, bytes: u64) -> rusqlite::Result<()> {
    let page: i64 = db.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let pages = (integer(bytes) / page).max(1);
    db.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
}

/// Creates the tables before there is a write-ahead log, so that an empty database beside a log is never ours.
fn create(db: &mut Connection, application_id: i64) -> rusqlite::Result<()> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute_batch(TABLES)?;
    tx.pragma_update(None, "application_id", application_id)?;
    tx.pragma_update(None, "user_version", FORMAT)?;
    tx.commit()
}

/// The check reads the whole file, so it skips large ones: there, a read of a damaged page reports the damage.
fn check_integrity(db: &Connection, file: &LockedFile) -> Result<(), OpenError> {
    let bytes = fs::metadata(file.path()).map_or(0, |found| found.len());
    if bytes > MAX_CHECKED_BYTES {
        return Ok(());
    }
    let verdict: rusqlite::Result<String> =
        db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0));
    match verdict {
        Ok(verdict) if verdict == "ok" => Ok(()),
        Ok(found) => {
            // SQLite's finding has a line break after its heading, and an error message is one line.
            let found = found.replace('\n', " ");
            Err(OpenError::Damaged { path: file.given(), source: Cause::from(Box::from(found)) })
        }
        Err(e) => Err(open_failure(&file.given(), e)),
    }
}

fn load(db: Connection) -> rusqlite::Result<LoadedJournal> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    let oldest = oldest_record(&db)?;
    let newest = db
        .query_row("SELECT seq, time FROM record ORDER BY seq DESC LIMIT 1", [], seq_and_time)
        .optional()?;
    let (tail, newest_time) = newest.unwrap_or_default();
    let checkpoints =
        rows(&db, "SELECT seq FROM checkpoint ORDER BY seq", |row| Ok(seq(row.get(0)?)))?;
    let known =
        rows(&db, "SELECT id, first FROM epoch", |row| Ok((Epoch(row.get(0)?), seq(row.get(1)?))))?;
    Ok(LoadedJournal { db, epochs: Epochs::new(known, tail), oldest, newest_time, checkpoints })
}

fn begin_epoch(mut loaded: LoadedJournal) -> rusqlite::Result<LoadedJournal> {
    loaded.epochs = loaded.epochs.begin(loaded.epochs.unused_epoch());
    save_epoch(&mut loaded.db, &loaded.epochs)?;
    Ok(loaded)
}

/// Saves the started epoch, and deletes unused epochs and those beyond [`MAX_EPOCHS`](crate::MAX_EPOCHS).
fn save_epoch(db: &mut Connection, epochs: &Epochs) -> rusqlite::Result<()> {
    let Some(((_, oldest), (epoch, first))) = epochs.ends() else { return Ok(()) };
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let outside = "DELETE FROM epoch WHERE first < ?1 OR first >= ?2";
    tx.execute(outside, [integer(oldest.0), integer(first.0)])?;
    let begin = "INSERT INTO epoch (first, id) VALUES (?1, ?2)";
    tx.execute(begin, [integer(first.0), i64::from(epoch.0)])?;
    tx.commit()
}

pub(super) fn oldest_record(db: &Connection) -> rusqlite::Result<Option<(Seq, UnixMillis)>> {
    db.query_row("SELECT seq, time FROM record ORDER BY seq LIMIT 1", [], seq_and_time).optional()
}

fn seq_and_time(row: &Row<'_>) -> rusqlite::Result<(Seq, UnixMillis)> {
    Ok((seq(row.get(0)?), millis(row.get(1)?)))
}

fn rows<T>(
    db: &Connection,
    sql: &str,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    db.prepare(sql)?.query_map([], read)?.collect()
}

/// Maps an error that SQLite returned at opening.
fn open_failure(given: &Path, error: rusqlite::Error) -> OpenError {
    let (path, code) = (given.to_owned(), error.sqlite_error_code());
    let no_space = is_no_space(&error);
    let source: Cause = Arc::new(error);
    match code {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            OpenError::InUse { path, source }
        }
        Some(ErrorCode::NotADatabase) => OpenError::NotAJournal { path, source },
        // "No such table", or a value that a journal never writes.
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::Unknown) | None => {
            OpenError::Damaged { path, source }
        }
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            OpenError::ReadOnly { path, source }
        }
        _ if no_space => {
            StorageError::NoSpace { journal: path.display().to_string(), source }.into()
        }
        _ => StorageError::Unavailable { journal: path.display().to_string(), source }.into(),
    }
}

const TABLES: &str = "
    CREATE TABLE record (seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, payload BLOB NOT NULL) STRICT;
    CREATE TABLE epoch (first INTEGER PRIMARY KEY, id INTEGER NOT NULL UNIQUE) STRICT;
    CREATE TABLE checkpoint (seq INTEGER PRIMARY KEY, state BLOB NOT NULL) STRICT;
";

/// "flbd": marks a journal.
pub(super) const APPLICATION_ID: i64 = 0x666c_6264;

/// "flbc": marks an unfinished copy.
pub(super) const UNFINISHED_ID: i64 = 0x666c_6263;

/// The newest known format. Any change of the tables raises it.
pub(super) const FORMAT: i64 = 1;

/// The number of log pages at which SQLite checkpoints during an import.
const IMPORT_CHECKPOINT_PAGES: i64 = 1000;

/// The largest file checked as a whole at opening, which takes some tenths of a second.
const MAX_CHECKED_BYTES: u64 = 64 * 1024 * 1024;

const WRITE_FLAGS: OpenFlags = OpenFlags::SQLITE_OPEN_READ_WRITE
    .union(OpenFlags::SQLITE_OPEN_CREATE)
    .union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

#[cfg(test)]
mod tests {
    use super::*;

    /// Only a power cut would show whether commits wait for the disk; killing the process does not.
    #[test]
    fn commits_sync_the_disk() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let file = super::super::lock::lock_exclusive(&folder.path().join("board.db"))?;
        let db = open(&file, &JournalOptions::default())?.db;
        let setting = |name| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        assert_eq!(setting("synchronous")?, 2, "FULL");
        assert_eq!(setting("wal_autocheckpoint")?, 0);
        let mode: String = db.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
        assert_eq!(mode, "wal");
        Ok(())
    }
}
