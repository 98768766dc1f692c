//! The journal's file before SQLite sees it: where it is, whether it may be written, and that no
//! other program has it.
//!
//! SQLite's own locks would let two servers take turns in writing one file. Each would number on
//! from the tail that it knows, and their epochs would interleave. So whoever opens a journal holds
//! a lock on a file beside it for as long as the journal is open. That file stays: removing it
//! while another program waits for it would let two in.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Cause, OpenError, StorageError};

/// A journal's file that this process alone may write.
#[derive(Debug)]
pub(super) struct LockedFile {
    given: PathBuf,
    path: PathBuf,
    /// `None` where nobody could write to it anyway.
    _lock: Option<FileLock>,
}

/// Let go when it is dropped.
#[derive(Debug)]
struct FileLock(File);

/// Finds the file, checks what can be told without reading it as a database, and locks it.
pub(super) fn lock_exclusive(given: &Path) -> Result<LockedFile, OpenError> {
    let path = resolve(given)?;
    check_writable(given, &path)?;
    let file = open_lock(&path).map_err(|e| refused(given, e))?;
    let lock = FileLock::take(given, file, File::try_lock)?;
    check_header(given, &path)?;
    Ok(LockedFile { given: given.to_owned(), path, _lock: Some(lock) })
}

/// Finds the file, and makes sure that nobody writes to it for as long as it is read. Others may read it
/// too.
pub(super) fn lock_shared(given: &Path) -> Result<LockedFile, OpenError> {
    let path = resolve(given)?;
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
    check_header(given, &path)?;
    Ok(LockedFile { given: given.to_owned(), path, _lock: lock })
}

impl LockedFile {
    /// As the user wrote it, for messages.
    pub(super) fn given(&self) -> PathBuf {
        self.given.clone()
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
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
    /// Closing the file alone leaves the lock to a program that another thread is just starting: until it
    /// has begun, it has all open files of this one.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// The file's real place, so that two names of one journal have one lock.
fn resolve(given: &Path) -> Result<PathBuf, OpenError> {
    if let Ok(path) = given.canonicalize() {
        return Ok(path);
    }
    let Some(name) = given.file_name() else {
        return Err(not_a_journal(given, "it is no file name"));
    };
    let folder = match given.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    match folder.canonicalize() {
        Ok(folder) => Ok(folder.join(name)),
        Err(e) => Err(refused(given, e)),
    }
}

/// The mark is honoured even where the user, as root, could overrule it.
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
    OpenOptions::new().create(true).truncate(false).write(true).open(lock_path(path))
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}

/// Said here because SQLite would take a file of a few bytes for an empty database.
fn check_header(given: &Path, path: &Path) -> Result<(), OpenError> {
    let mut head = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(MAGIC.len() as u64).read_to_end(&mut head));
    match read {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        Err(e) => Err(refused(given, e)),
        Ok(_) if head.is_empty() || head == MAGIC => Ok(()),
        Ok(_) => Err(not_a_journal(given, "it is no SQLite database")),
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

/// How every SQLite 3 database begins.
const MAGIC: &[u8] = b"SQLite format 3\0";
