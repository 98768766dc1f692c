//! What every journal owes, checked against each of them, and what the one in a file owes besides.

#![allow(clippy::unwrap_used, reason = "a test that meets an error there has failed")]

/// What a journal gives back.
mod records;

/// Journals to test, and shorthand for using them.
mod subject;

/// Append: order, answers, the end.
mod appending;

/// Every bound has its refusal.
mod bounds;

/// Checkpoints and where a start begins.
mod checkpoints;

/// A journal that becomes the same as another one.
mod importing;

/// What a killed process and a lying disk leave behind.
mod crash;

/// Which ids are honoured, and the text of an id.
mod epochs;

/// A full disk, a disk that refuses to write, a file that is locked.
mod failing;

/// Figures, not checks: how fast appends become durable.
mod figures;

/// History, then live, without a seam.
mod following;

/// A sentence for everything that can be wrong at opening.
mod opening;

/// One sequence through many openings of the file.
mod reopening;

/// Whether an append would be taken, without one.
mod probing;

/// What is let go, and what never is.
mod retaining;
