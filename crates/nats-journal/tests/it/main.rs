//! Tests of a journal in JetStream: the contract of all journals, and the properties that only this one has.

#![allow(clippy::unwrap_used, reason = "a test that meets an error there has failed")]

/// The contract of all journals.
mod contract;

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
