//! The files of an open journal: whether they are still where they were.
//!
//! An open file survives its name. SQLite would go on writing to a file that was moved, deleted or replaced, and
//! the next start would find another journal, or none. So the writer compares the names with the open files before
//! each commit. A comparison is one `stat` for each file.

use std::fs::Metadata;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::lock::{LockedFile, index_path, log_path};
use crate::error::{Cause, StorageError};

/// The names of a journal's files, and the files that they named when the journal was opened.
#[derive(Debug)]
pub(super) struct JournalFiles {
    /// The database by the path that the user wrote, and by its real path.
    database: [WatchedFile; 2],
    /// SQLite's write-ahead log and its index.
    log: [WatchedFile; 2],
}

/// A file that is not where it was.
#[derive(Debug)]
pub(super) enum FileLoss {
    Database(StorageError),
    /// The log or its index. The database is in place.
    Log(StorageError),
}

impl JournalFiles {
    /// Takes the identity of each file. SQLite must have created all of them.
    pub(super) fn watch(file: &LockedFile) -> io::Result<Self> {
        let path = file.path();
        Ok(Self {
            database: [WatchedFile::new(file.given())?, WatchedFile::new(path.to_owned())?],
            log: [WatchedFile::new(log_path(path))?, WatchedFile::new(index_path(path))?],
        })
    }

    pub(super) fn check(&self) -> Result<(), FileLoss> {
        self.database.iter().try_for_each(WatchedFile::check).map_err(FileLoss::Database)?;
        self.log.iter().try_for_each(WatchedFile::check).map_err(FileLoss::Log)
    }
}

impl From<FileLoss> for StorageError {
    fn from(loss: FileLoss) -> Self {
        match loss {
            FileLoss::Database(error) | FileLoss::Log(error) => error,
        }
    }
}

#[derive(Debug)]
struct WatchedFile {
    path: PathBuf,
    identity: FileIdentity,
}

/// A file, whatever its name.
#[derive(Debug, PartialEq, Eq)]
struct FileIdentity {
    device: u64,
    inode: u64,
}

impl WatchedFile {
    fn new(path: PathBuf) -> io::Result<Self> {
        let identity = FileIdentity::from(&path.metadata()?);
        Ok(Self { path, identity })
    }

    fn check(&self) -> Result<(), StorageError> {
        match self.path.metadata() {
            Ok(found) if FileIdentity::from(&found) == self.identity => Ok(()),
            Ok(_) => Err(lost(&self.path, Cause::from(Box::from("another file has its name")))),
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                Err(lost(&self.path, Arc::new(e)))
            }
            Err(e) => Err(StorageError::Unavailable {
                journal: self.path.display().to_string(),
                source: Arc::new(e),
            }),
        }
    }
}

impl From<&Metadata> for FileIdentity {
    fn from(found: &Metadata) -> Self {
        Self { device: found.dev(), inode: found.ino() }
    }
}

fn lost(path: &Path, source: Cause) -> StorageError {
    StorageError::FileLost { path: path.to_owned(), source }
}
