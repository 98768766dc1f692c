use std::path::PathBuf;

use super::{Cause, StorageError};

/// Opening a journal failed. Only [`OpenError::Storage`] may pass without an intervention.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OpenError {
    /// Name a journal that exists.
    #[error("there is no journal {journal}")]
    NotFound {
        /// Name of the journal.
        journal: String,
    },
    /// Copy to it again, which continues at the last record copied.
    #[error("the journal {journal} is an unfinished copy: copy to it again to finish it")]
    Unfinished {
        /// Name of the journal.
        journal: String,
    },
    /// Change the settings or the storage: they do not fit together, and waiting does not help.
    #[error("cannot open the journal {journal} with these settings")]
    Incompatible {
        /// Name of the journal.
        journal: String,
        /// The mismatch.
        source: Cause,
    },
    /// Stop the other program, or name another file.
    #[error(
        "the journal {} is in use by another program: stop that program or name another file",
        path.display()
    )]
    InUse {
        /// The journal's file.
        path: PathBuf,
        /// The lock's error.
        source: Cause,
    },
    /// Create the folder.
    #[error(
        "the folder of the journal {} does not exist: create it or name another file",
        path.display()
    )]
    NoFolder {
        /// The journal's file.
        path: PathBuf,
        /// Error of the kernel.
        source: Cause,
    },
    /// Give the program write permission.
    #[error(
        "the journal {} is not writable: give this user write permission for the file and its \
         folder, or name another file",
        path.display()
    )]
    ReadOnly {
        /// The journal's file.
        path: PathBuf,
        /// Error of the kernel.
        source: Cause,
    },
    /// Name another file: this one belongs to another program.
    #[error("{} is not a journal: name another file", path.display())]
    NotAJournal {
        /// The file.
        path: PathBuf,
        /// The file's actual contents.
        source: Cause,
    },
    /// Put the database back.
    #[error(
        "{} has updates of the journal {}, which is empty or missing: put the journal back, or move {} away to \
         start a new one", log.display(), path.display(), log.display()
    )]
    MissingDatabase {
        /// The journal's file.
        path: PathBuf,
        /// Its write-ahead log.
        log: PathBuf,
    },
    /// Remove the other names.
    #[error(
        "the journal {} has other names (hard links), and SQLite keeps the newest updates beside only one of \
         them: remove the others, or name a copy",
        path.display()
    )]
    HardLinks {
        /// The journal's file.
        path: PathBuf,
    },
    /// Restore a copy.
    #[error(
        "the journal {} is damaged: restore a copy of it, or move it away to start a new one",
        path.display()
    )]
    Damaged {
        /// The journal's file.
        path: PathBuf,
        /// SQLite's finding.
        source: Cause,
    },
    /// Use a newer program.
    #[error(
        "the journal {} has format {found}, and this program knows formats up to {known}: use a \
         newer program or name another file",
        path.display()
    )]
    NewerFormat {
        /// The journal's file.
        path: PathBuf,
        /// The file's format.
        found: u32,
        /// The newest format known here.
        known: u32,
    },
    /// Try again later: the storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}
