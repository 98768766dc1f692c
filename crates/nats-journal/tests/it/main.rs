//! What a journal in JetStream owes besides what every journal owes: that is in the tests of the journal.

#![allow(clippy::unwrap_used, reason = "a test that meets an error there has failed")]

/// What a journal gives back.
#[path = "../../../journal/tests/it/records.rs"]
mod records;

/// A journal on a real server, and shorthand for using it.
mod harness;

/// Several who write and read the same stream.
mod replicas;

/// A payload's id, and its repetition.
mod deduplication;

/// Servers that die in the middle of appends, alone and in a cluster.
mod server_kills;

/// Streams that were deleted, made anew, put back or thinned.
mod stream_replacement;

/// Nobody answers.
mod outages;

/// Checkpoints that one writes and another begins at.
mod checkpoints;

/// Every bound has its refusal.
mod limits;

/// A sentence for what can be wrong at opening.
mod open_errors;

/// Servers that want TLS and users.
mod security;

/// Figures, not checks.
mod throughput;
