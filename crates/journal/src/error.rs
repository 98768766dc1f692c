//! Everything that can go wrong, named for what the caller can do about it.

use std::path::PathBuf;
use std::sync::Arc;

use crate::Seq;

/// What lies beneath a failure. Shared, since one failed commit answers many appends.
pub type Cause = Arc<dyn std::error::Error + Send + Sync>;

/// Why the journal did not do what was asked. An append answered with any of these was not
/// acknowledged, and no follower ever sees it, but for [`Error::Unknown`]; repeating it is safe.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// Send less.
    #[error("{what} of {bytes} bytes is too large: at most {limit} are taken")]
    TooLarge {
        /// What was measured, e.g. "a payload".
        what: &'static str,
        /// Its size.
        bytes: usize,
        /// The bound.
        limit: usize,
    },
    /// Send fewer at once.
    #[error("{records} records are too many for one append: at most {limit} are taken")]
    TooMany {
        /// How many were given.
        records: usize,
        /// The bound.
        limit: usize,
    },
    /// Try again in a moment: the queue to the disk is at its bound.
    #[error("too much is waiting to be written to the journal")]
    Busy,
    /// Free some space, or keep less.
    #[error("no room is left for the journal {journal}")]
    NoRoom {
        /// Which journal.
        journal: String,
        /// What the storage said.
        source: Cause,
    },
    /// Look after the disk, then try again.
    #[error("the journal {journal} cannot be read or written")]
    Storage {
        /// Which journal.
        journal: String,
        /// What the storage said.
        source: Cause,
    },
    /// Append it again, under the same ids: its records may be there, or a beginning of them, and may
    /// still come to be.
    #[error("it is not known whether the journal {journal} took it")]
    Unknown {
        /// Which journal.
        journal: String,
        /// What was last heard.
        source: Cause,
    },
    /// Open the journal again and begin at its start point: it is not any more what was read of it.
    #[error("the journal {journal} was replaced, or lost records that were read")]
    Replaced {
        /// Which journal.
        journal: String,
        /// What was found.
        source: Cause,
    },
    /// Ask for something else: it does not help to wait.
    #[error("the journal {journal} cannot be had as it was asked for")]
    Unfit {
        /// Which journal.
        journal: String,
        /// What does not fit.
        source: Cause,
    },
    /// The journal was closed.
    #[error("the journal is closed")]
    Closed,
    /// Begin at a checkpoint: what was to be followed is no longer kept.
    #[error("the records after {after} are no longer kept, only those after {kept_after} are")]
    Removed {
        /// Where following was to go on.
        after: Seq,
        /// Where it can begin.
        kept_after: Seq,
    },
    /// Checkpoint a position that the journal has records up to and from.
    #[error("no checkpoint can be kept at {seq}: the journal reaches from {kept_after} to {tail}")]
    OutOfReach {
        /// The checkpoint's position.
        seq: Seq,
        /// The oldest possible one.
        kept_after: Seq,
        /// The newest possible one.
        tail: Seq,
    },
    /// Copy the records in between first: in a copy none is skipped and none comes twice.
    #[error("record {seq} does not follow record {tail}")]
    Gap {
        /// The record that was given.
        seq: Seq,
        /// The one before it.
        tail: Seq,
    },
    /// Name one that is there.
    #[error("there is no journal {journal}")]
    Absent {
        /// Which journal.
        journal: String,
    },
    /// Copy to it again, which goes on where it was.
    #[error("the journal {journal} is a copy that was not finished: copy to it again to finish it")]
    Unfinished {
        /// Which journal.
        journal: String,
    },
    /// Copy to a place where there is none.
    #[error("there is a journal {journal} already")]
    Occupied {
        /// Which journal.
        journal: String,
    },
    /// Remove what is there, or copy to another place.
    #[error("{journal} is an unfinished copy of another journal")]
    OtherOrigin {
        /// Which journal.
        journal: String,
    },
    /// Stop the other program, or name another file.
    #[error(
        "the journal {} is in use by another program: stop that one or name another file",
        path.display()
    )]
    InUse {
        /// The journal's file.
        path: PathBuf,
        /// How that was noticed.
        source: Cause,
    },
    /// Make the folder.
    #[error(
        "the folder of the journal {} does not exist: create it or name another file",
        path.display()
    )]
    NoFolder {
        /// The journal's file.
        path: PathBuf,
        /// What the system said.
        source: Cause,
    },
    /// Give the program leave to write.
    #[error(
        "the journal {} cannot be written: let this user write the file and its folder, or name \
         another file",
        path.display()
    )]
    ReadOnly {
        /// The journal's file.
        path: PathBuf,
        /// What the system said.
        source: Cause,
    },
    /// Name another file: this one belongs to something else.
    #[error("{} is not a journal: name another file", path.display())]
    NotAJournal {
        /// The file.
        path: PathBuf,
        /// What was found instead.
        source: Cause,
    },
    /// Restore a copy.
    #[error(
        "the journal {} is damaged: restore a copy of it, or move it away to begin a new one",
        path.display()
    )]
    Damaged {
        /// The journal's file.
        path: PathBuf,
        /// What was found.
        source: Cause,
    },
    /// Use a newer program.
    #[error(
        "the journal {} has format {found} and this program knows formats up to {known}: use a \
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
}
