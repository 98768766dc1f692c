//! Properties of a journal in JetStream beyond the contract of every journal, which the tests of the `journal`
//! crate check.

#![allow(clippy::unwrap_used, reason = "a test that meets an error there has failed")]

/// Records that a journal returns.
#[path = "../../../journal/tests/it/records.rs"]
mod records;

/// Journals on a real server.
mod harness;

/// Several replicas on one stream.
mod replicas;

/// Deduplication ids and subjects.
mod deduplication;

/// Servers killed during appends, standalone and in a cluster.
mod server_kills;

/// Streams that were deleted, recreated, restored or damaged.
mod stream_replacement;

/// Stopped and silent servers.
mod outages;

/// Checkpoints shared by replicas.
mod checkpoints;

/// Limits and the errors for exceeding them.
mod limits;

/// Error messages of opening.
mod open_errors;

/// TLS, credentials and permissions.
mod security;

/// Measurements.
mod throughput;
