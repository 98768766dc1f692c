//! The journal's file before SQLite opens it: its real path, its permissions, and locks against other programs.
//!
//! SQLite's own locks would let two servers write to one file alternately. Each would continue from the tail that
//! it knows, and their epochs would interleave. So an open journal holds a lock on a second file, `<path>.lock`.
//! That file is never removed: if it were removed while another program waits for the lock, two programs could
//! hold it.
//!
//! The database itself is locked too, since it may get another name, by a link or by a move, while it is open. That
//! lock is `flock`, which on Linux is independent of the `fcntl` locks that SQLite takes on the same file. They would
//! end as soon as this process closed any other descriptor of the file, so this one stays open.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Cause, OpenError, StorageError};

/// A journal's file and its lock.
#[derive(Debug)]
pub(super) struct LockedFile {
    given: PathBuf,
    path: PathBuf,
    database: FileLock,
    /// `None` if the file system is read-only, so that no program can write to the file.
    _lock: Option<FileLock>,
}

/// Changes with each write to a file, whatever its name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FileStamp {
    bytes: u64,
    /// Seconds and nanoseconds.
    written: (i64, i64),
}

/// Releases the lock when it is dropped.
#[derive(Debug)]
struct FileLock(File);

/// Finds the file, checks it as far as possible without SQLite, and locks it for writing.
pub(super) fn lock_exclusive(given: &Path) -> Result<LockedFile, OpenError> {
    let path = resolve(given)?;
    check_writable(given, &path)?;
    let file = open_lock(&path).map_err(|e| refused(given, e))?;
    let lock = FileLock::take(given, file, File::try_lock)?;
    check_log(given, &path)?;
    let database = create_database(&path).map_err(|e| refused(given, e))?;
    let database = lock_database(given, database, File::try_lock)?;
    Ok(LockedFile { given: given.to_owned(), path, database, _lock: Some(lock) })
}

/// Finds the file and locks it for reading: no program can write to it, and others can read it.
pub(super) fn lock_shared(given: &Path) -> Result<LockedFile, OpenError> {
    let path = resolve(given)?;
    check_log(given, &path)?;
    if !path.exists() {
        return Err(OpenError::NotFound { journal: given.display().to_string() });
    }
    if path.is_dir() {
        return Err(not_a_journal(given, "it is a folder"));
    }
    let file = match open_lock(&path) {
        Err(e) if is_read_only(&e) => File::open(lock_path(&path)).ok(),
        opened => Some(opened.map_err(|e| refused(given, e))?),
    };
    let lock = file.map(|file| FileLock::take(given, file, File::try_lock_shared)).transpose()?;
    let database = File::open(&path).map_err(|e| refused(given, e))?;
    let database = lock_database(given, database, File::try_lock_shared)?;
    Ok(LockedFile { given: given.to_owned(), path, database, _lock: lock })
}

/// Finds the file and checks it as far as possible without SQLite, a lock or a write. `None` if it does not exist yet.
pub(super) fn find_unlocked(given: &Path) -> Result<Option<PathBuf>, OpenError> {
    let path = resolve(given)?;
    check_writable(given, &path)?;
    check_log(given, &path)?;
    match File::open(&path) {
        Ok(database) => check_database(given, &database).map(|()| Some(path)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(refused(given, e)),
    }
}

impl LockedFile {
    /// The path as the user wrote it, for messages.
    pub(super) fn given(&self) -> PathBuf {
        self.given.clone()
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Size and time of the last write of the open database.
    pub(super) fn stamp(&self) -> io::Result<FileStamp> {
        let found = self.database.0.metadata()?;
        Ok(FileStamp { bytes: found.len(), written: (found.mtime(), found.mtime_nsec()) })
    }

    /// Returns whether the open database has no name left.
    pub(super) fn is_deleted(&self) -> bool {
        self.database.0.metadata().is_ok_and(|found| found.nlink() == 0)
    }
}

impl FileLock {
    fn take(
        given: &Path,
        file: File,
        take: fn(&File) -> Result<(), TryLockError>,
    ) -> Result<Self, OpenError> {
        match take(&file) {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::Error(e)) => Err(refused(given, e)),
            Err(e @ TryLockError::WouldBlock) => {
                Err(OpenError::InUse { path: given.to_owned(), source: Arc::new(e) })
            }
        }
    }
}

impl Drop for FileLock {
    /// Closing the file is not enough: a child process that another thread is starting shares all open files,
    /// and so the lock, until it calls `exec`.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// Resolves links, so that two paths of one journal have one lock.
fn resolve(given: &Path) -> Result<PathBuf, OpenError> {
    if let Ok(path) = given.canonicalize() {
        return Ok(path);
    }
    let Some(name) = given.file_name() else {
        return Err(not_a_journal(given, "the path has no file name"));
    };
    let folder = match given.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    match folder.canonicalize() {
        // A link to a file that does not exist yet.
        Ok(folder) => Ok(folder.join(given.read_link().as_deref().unwrap_or(name.as_ref()))),
        Err(e) => Err(refused(given, e)),
    }
}

/// Respects the read-only mode even for root, although the kernel does not.
fn check_writable(given: &Path, path: &Path) -> Result<(), OpenError> {
    match path.metadata() {
        Ok(found) if found.is_dir() => Err(not_a_journal(given, "it is a folder")),
        Ok(found) if found.permissions().readonly() => {
            Err(refused(given, io::Error::new(ErrorKind::PermissionDenied, "it is read-only")))
        }
        _ => Ok(()),
    }
}

fn open_lock(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true).mode(PRIVATE).open(lock_path(path))
}

fn lock_path(path: &Path) -> PathBuf {
    with_suffix(path, ".lock")
}

/// SQLite's write-ahead log.
pub(super) fn log_path(path: &Path) -> PathBuf {
    with_suffix(path, "-wal")
}

/// SQLite's index of the log.
pub(super) fn index_path(path: &Path) -> PathBuf {
    with_suffix(path, "-shm")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// SQLite deletes the log of an empty database, so reject it here.
fn check_log(given: &Path, path: &Path) -> Result<(), OpenError> {
    let bytes = |path: &Path| path.metadata().map_or(0, |found| found.len());
    let log = log_path(path);
    if bytes(path) == 0 && bytes(&log) > 0 {
        return Err(OpenError::MissingDatabase { path: given.to_owned(), log });
    }
    Ok(())
}

/// The mode of new files: rows of private boards are in them.
const PRIVATE: u32 = 0o600;

/// Opens the database, or creates it. SQLite gives its log and its index the same permissions.
pub(super) fn create_database(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true).mode(PRIVATE).open(path)
}

/// Locks the open database, and checks it as far as possible without SQLite.
fn lock_database(
    given: &Path,
    file: File,
    take: fn(&File) -> Result<(), TryLockError>,
) -> Result<FileLock, OpenError> {
    let lock =
        if cfg!(target_os = "linux") { FileLock::take(given, file, take)? } else { FileLock(file) };
    check_database(given, &lock.0)?;
    Ok(lock)
}

fn check_database(given: &Path, file: &File) -> Result<(), OpenError> {
    let found = file.metadata().map_err(|e| refused(given, e))?;
    if found.nlink() > 1 {
        return Err(OpenError::HardLinks { path: given.to_owned() });
    }
    check_header(given, file)
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}

/// Rejects other files here, because SQLite would take a file of a few bytes for an empty database.
fn check_header(given: &Path, file: &File) -> Result<(), OpenError> {
    let mut head = Vec::new();
    match file.take(MAGIC.len() as u64).read_to_end(&mut head) {
        Err(e) => Err(refused(given, e)),
        Ok(_) if head.is_empty() || head == MAGIC => Ok(()),
        Ok(_) => Err(not_a_journal(given, "it is not an SQLite database")),
    }
}

fn refused(given: &Path, error: io::Error) -> OpenError {
    let (path, kind, source) = (given.to_owned(), error.kind(), Arc::new(error));
    match kind {
        ErrorKind::NotFound | ErrorKind::NotADirectory => OpenError::NoFolder { path, source },
        _ if is_read_only(&source) => OpenError::ReadOnly { path, source },
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            StorageError::NoSpace { journal: path.display().to_string(), source }.into()
        }
        _ => StorageError::Unavailable { journal: path.display().to_string(), source }.into(),
    }
}

pub(super) fn not_a_journal(given: &Path, why: &str) -> OpenError {
    OpenError::NotAJournal { path: given.to_owned(), source: Cause::from(Box::from(why)) }
}

/// The first bytes of every SQLite 3 database.
const MAGIC: &[u8] = b"SQLite format 3\0";
