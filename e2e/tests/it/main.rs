//! The whole product, as its users meet it: real processes, real sockets, real files.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use testkit::{api, follower, process, signals, view, wait};

/// What the demo shows.
mod demo;

/// `Last-Event-ID` across cuts, crashes and strange journals.
mod resume;

/// Seeded rounds of faults, with an oracle.
mod chaos;

/// The same with replicas on a cluster of NATS servers.
mod cluster;

/// `flightboard publish`, also when something dies in the middle.
mod publish;

/// `flightboard feed` into a running server.
mod feed;

/// A disk that fails and a clock that jumps.
#[cfg(target_os = "linux")]
mod disk;

/// Followers that vanish.
mod vanishing;

/// Followers that never read.
mod slow;

/// More streams than there are places, or files.
mod overload;

/// `flightboard copy`, between files and NATS.
mod copy;

/// `flightboard-bench`, whose counts are exact.
mod bench;

/// Several servers with one journal in NATS.
mod replicas;

/// The same where NATS wants TLS and users.
mod guarded;

/// Several servers behind one address, as the documents have it.
mod behind;

/// Stopping with a signal.
mod stopping;

/// Starts and commands that must fail with one clear sentence.
mod refusals;

/// Flags as environment variables.
mod environment;
