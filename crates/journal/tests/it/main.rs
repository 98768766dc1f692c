//! What every journal owes, checked against each of them, and what the one in a file owes besides.

#![allow(clippy::unwrap_used, reason = "a test that meets an error there has failed")]

/// What a journal gives back.
mod records;

/// Journals to test, and shorthand for using them.
mod subject;

/// Append: order, answers, the end.
mod append;

/// Every bound has its refusal.
mod limits;

/// Checkpoints and where a start begins.
mod checkpoints;

/// A journal that becomes the same as another one.
mod import;

/// What a killed process and a lying disk leave behind.
mod crash;

/// Which ids are honoured, and the text of an id.
mod epochs;

/// A full disk, a disk that refuses to write, a file that is locked.
mod write_failures;

/// Figures, not checks: how fast appends become durable.
mod throughput;

/// History, then live, without a seam.
mod follow;

/// A sentence for everything that can be wrong at opening.
mod open_errors;

/// One sequence through many openings of the file.
mod reopen;

/// Whether an append would be taken, without one.
mod probe;

/// What is let go, and what never is.
mod prune;
