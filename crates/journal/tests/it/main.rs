//! Tests of the journals of this crate: the contract of all journals, and the guarantees of the SQLite one.

#![allow(clippy::unwrap_used, reason = "a test that meets an error there has failed")]

/// The contract of all journals.
mod contract;

/// Group commit.
mod append;

/// Limits of the queue, of memory and of the write-ahead log.
mod limits;

/// Checkpoints of a reopened journal.
mod checkpoints;

/// Files opened read-only.
mod import;

/// A killed process and a damaged write-ahead log.
mod crash;

/// Epochs and record ids.
mod epochs;

/// A full disk, a disk that fails, a locked file.
mod write_failures;

/// Measurements: append rate, read rate, opening time.
mod throughput;

/// The message for each fault at opening.
mod open_errors;

/// Readers across many openings of one file.
mod reopen;

/// Files that are moved, deleted or replaced while a journal is open, and logs without a database.
mod lost_files;

/// The size of a probe.
mod probe;

/// The file's size, and the newest record after reopening.
mod prune;
