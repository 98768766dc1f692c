//! What a journal in JetStream owes besides what every journal owes: that is in the tests of the journal.

#![allow(clippy::unwrap_used, reason = "a test that meets an error there has failed")]

/// What a journal gives back.
#[path = "../../../journal/tests/it/records.rs"]
mod records;

/// A journal on a real server, and shorthand for using it.
mod replica;

/// Several who write and read the same stream.
mod together;

/// A payload's id, and its repetition.
mod repeats;

/// Servers that die in the middle of appends, alone and in a cluster.
mod killed;

/// Streams that were deleted, made anew, put back or thinned.
mod replaced;

/// Nobody answers.
mod cut_off;

/// Checkpoints that one writes and another begins at.
mod checkpoints;

/// Every bound has its refusal.
mod bounds;

/// A sentence for what can be wrong at opening.
mod opening;

/// Servers that want TLS and users.
mod guarded;

/// Figures, not checks.
mod figures;
