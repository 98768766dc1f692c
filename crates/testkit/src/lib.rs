//! Tools for tests from outside: the program as a process, its HTTP API, followers, real NATS servers, and
//! faults of disks and links.
//!
//! It does not know what the product is made of.
#![allow(missing_docs, reason = "for tests, not for other crates")]
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

/// Waiting for a condition, never for a time.
pub mod wait;

/// Ports that no other process takes.
pub mod ports;

/// Signals, and stopping a process for a while.
pub mod signals;

/// The program as a process.
pub mod program;

/// The HTTP API as a test calls it.
pub mod api;

/// One open stream, read byte by byte.
pub mod follower;

/// An open stream among thousands, for an async runtime.
pub mod event_stream;

/// Epoch and sequence number of an event id.
pub mod event_id;

/// The rows that a follower shows.
pub mod screen;

/// A failing disk and a jumping clock in a real program; on Linux.
pub mod faults;

/// Real `nats-server`s, alone and as a cluster.
pub mod nats;

/// A TCP link that can be cut.
pub mod link;

/// One address for several servers, of which one answers.
pub mod switch;
