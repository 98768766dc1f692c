//! What is in the file, and what is loaded of it at opening.
//!
//! `record`: one row a record. `epoch`: one row a run of writing, by its first record.
//! `checkpoint`: one row a checkpoint. The header carries `application_id`, which says that this is
//! a journal, and `user_version`, the number of its format.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Row, TransactionBehavior};

use super::lock::{LockedFile, not_a_journal};
use super::reader::{self, Wal};
use super::says_no_room;
use crate::error::{Cause, ImportError, OpenError, StorageError};
use crate::{Epoch, Epochs, JournalOptions, Seq, UnixMillis};

/// A journal as it was found. One that is opened for writing is in its new epoch.
pub(super) struct LoadedJournal {
    pub(super) db: Connection,
    pub(super) epochs: Epochs,
    /// The oldest record and when it was written.
    pub(super) oldest: Option<(Seq, UnixMillis)>,
    /// When the newest record was written.
    pub(super) newest_time: UnixMillis,
    /// The positions of the checkpoints, in order.
    pub(super) checkpoints: Vec<Seq>,
}

/// Opens the database, makes sure that it is a sound journal, and begins an epoch.
pub(super) fn open(
    file: &LockedFile,
    options: &JournalOptions,
) -> Result<LoadedJournal, OpenError> {
    let fail = |e| open_failure(&file.given(), e);
    let mut db = Connection::open_with_flags(file.path(), WRITE_FLAGS).map_err(fail)?;
    db.busy_timeout(BUSY_TIMEOUT).map_err(fail)?;
    // Before anything is written: the file may belong to another program.
    let state = identify(&db, file)?;
    if state == FileState::Unfinished {
        return Err(OpenError::Unfinished { journal: file.given().display().to_string() });
    }
    configure(&db, options, file)?;
    if state == FileState::New {
        create(&mut db, APPLICATION_ID).map_err(fail)?;
    } else {
        check_integrity(&db, file)?;
    }
    let opened = load(db).map_err(fail)?;
    begin(opened).map_err(fail)
}

/// Opens the database of a journal for reading, and begins no epoch.
pub(super) fn open_read_only(file: &LockedFile, log: Wal) -> Result<LoadedJournal, OpenError> {
    let fail = |e| open_failure(&file.given(), e);
    let db = reader::connect(file.path(), log).map_err(fail)?;
    let journal = || file.given().display().to_string();
    match identify(&db, file)? {
        FileState::New => return Err(OpenError::NotFound { journal: journal() }),
        FileState::Unfinished => return Err(OpenError::Unfinished { journal: journal() }),
        FileState::Finished => check_integrity(&db, file)?,
    }
    load(db).map_err(fail)
}

/// Opens a database in which another journal is copied, or makes one.
pub(super) fn open_to_import(file: &LockedFile) -> Result<LoadedJournal, ImportError> {
    let fail = |e| open_failure(&file.given(), e);
    let mut db = Connection::open_with_flags(file.path(), WRITE_FLAGS).map_err(fail)?;
    db.busy_timeout(BUSY_TIMEOUT).map_err(fail)?;
    let state = identify(&db, file)?;
    if state == FileState::Finished {
        return Err(ImportError::AlreadyExists { journal: file.given().display().to_string() });
    }
    configure(&db, &JournalOptions::default(), file)?;
    // Nobody waits for an answer to a single commit, so SQLite may fold the log when it likes.
    db.pragma_update_and_check(None, "wal_autocheckpoint", IMPORT_CHECKPOINT_PAGES, |_| Ok(()))
        .map_err(fail)?;
    if state == FileState::New {
        create(&mut db, UNFINISHED_ID).map_err(fail)?;
    } else {
        check_integrity(&db, file)?;
    }
    Ok(load(db).map_err(fail)?)
}

#[derive(PartialEq)]
enum FileState {
    New,
    /// A copy that is not yet a journal.
    Unfinished,
    Finished,
}

fn identify(db: &Connection, file: &LockedFile) -> Result<FileState, OpenError> {
    let header = |name| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let read = || -> rusqlite::Result<(i64, i64, i64)> {
        let tables = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        Ok((header("application_id")?, header("user_version")?, tables))
    };
    match read().map_err(|e| open_failure(&file.given(), e))? {
        (0, 0, 0) => Ok(FileState::New),
        (APPLICATION_ID, FORMAT, _) => Ok(FileState::Finished),
        (UNFINISHED_ID, FORMAT, _) => Ok(FileState::Unfinished),
        (APPLICATION_ID | UNFINISHED_ID, found, _) if found > FORMAT => {
            Err(OpenError::NewerFormat {
                path: file.given(),
                found: u32::try_from(found).unwrap_or(u32::MAX),
                known: FORMAT as u32,
            })
        }
        _ => Err(not_a_journal(&file.given(), "it is a database of another program")),
    }
}

/// `FULL` is what makes each commit wait for the disk. SQLite's own folding of the log would happen
/// before appends are answered; the writer does it after.
fn configure(
    db: &Connection,
    options: &JournalOptions,
    file: &LockedFile,
) -> Result<(), OpenError> {
    let fail = |e| open_failure(&file.given(), e);
    let mode: String =
        db.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0)).map_err(fail)?;
    if mode != "wal" {
        let why = "its file system has no shared memory, as a write-ahead log needs";
        let (journal, source) = (file.given().display().to_string(), Cause::from(Box::from(why)));
        return Err(StorageError::Unavailable { journal, source }.into());
    }
    db.pragma_update(None, "synchronous", "full").map_err(fail)?;
    db.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(())).map_err(fail)?;
    options.max_bytes.map_or(Ok(()), |bytes| set_max_bytes(db, bytes)).map_err(fail)
}

fn set_max_bytes(db: &Connection, bytes: u64) -> rusqlite::Result<()> {
    let page: i64 = db.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let pages = (integer(bytes) / page).max(1);
    db.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
}

fn create(db: &mut Connection, application_id: i64) -> rusqlite::Result<()> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute_batch(TABLES)?;
    tx.pragma_update(None, "application_id", application_id)?;
    tx.pragma_update(None, "user_version", FORMAT)?;
    tx.commit()
}

/// The check reads the whole file, so a large one is opened without it: damage there is met, and
/// told, by whoever reads the damaged place.
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
            // SQLite's finding has a line break after its heading; a refusal is one line.
            let found = found.replace('\n', " ");
            Err(OpenError::Damaged { path: file.given(), source: Cause::from(Box::from(found)) })
        }
        Err(e) => Err(open_failure(&file.given(), e)),
    }
}

fn load(db: Connection) -> rusqlite::Result<LoadedJournal> {
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

fn begin(mut opened: LoadedJournal) -> rusqlite::Result<LoadedJournal> {
    opened.epochs = opened.epochs.begin(opened.epochs.unused_epoch());
    save_epoch(&mut opened.db, &opened.epochs)?;
    Ok(opened)
}

/// Writes the begun epoch, and forgets the ones that made way for it.
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

/// A failure at opening, as the one who starts the program can act on it.
fn open_failure(given: &Path, error: rusqlite::Error) -> OpenError {
    let (path, code) = (given.to_owned(), error.sqlite_error_code());
    let no_room = says_no_room(&error);
    let source: Cause = Arc::new(error);
    match code {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            OpenError::InUse { path, source }
        }
        Some(ErrorCode::NotADatabase) => OpenError::NotAJournal { path, source },
        // "No such table", or a value that no journal writes.
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::Unknown) | None => {
            OpenError::Damaged { path, source }
        }
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            OpenError::ReadOnly { path, source }
        }
        _ if no_room => {
            StorageError::NoSpace { journal: path.display().to_string(), source }.into()
        }
        _ => StorageError::Unavailable { journal: path.display().to_string(), source }.into(),
    }
}

/// SQLite's integers are signed. No journal lives long enough to come near their end.
pub(super) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn seq(integer: i64) -> Seq {
    Seq(u64::try_from(integer).unwrap_or_default())
}

pub(super) fn millis(integer: i64) -> UnixMillis {
    UnixMillis(u64::try_from(integer).unwrap_or_default())
}

const TABLES: &str = "
    CREATE TABLE record (seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, payload BLOB NOT NULL) STRICT;
    CREATE TABLE epoch (first INTEGER PRIMARY KEY, id INTEGER NOT NULL UNIQUE) STRICT;
    CREATE TABLE checkpoint (seq INTEGER PRIMARY KEY, state BLOB NOT NULL) STRICT;
";

/// "flbd": what tells a journal from any other database.
pub(super) const APPLICATION_ID: i64 = 0x666c_6264;

/// "flbc": what tells a copy that is not finished from a journal.
pub(super) const UNFINISHED_ID: i64 = 0x666c_6263;

/// The newest format known here. Raised by whoever changes the tables.
pub(super) const FORMAT: i64 = 1;

/// How many pages the log of a copy may have before it is folded.
const IMPORT_CHECKPOINT_PAGES: i64 = 1000;

/// How long to wait for another program's lock before giving up.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

/// The largest file that is checked from end to end at opening: a matter of tenths of a second.
const MAX_CHECKED_BYTES: u64 = 64 * 1024 * 1024;

const WRITE_FLAGS: OpenFlags = OpenFlags::SQLITE_OPEN_READ_WRITE
    .union(OpenFlags::SQLITE_OPEN_CREATE)
    .union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

#[cfg(test)]
mod tests {
    use super::*;

    /// A kill does not show whether commits wait for the disk, only a power cut would.
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
