//! Tools for tests from outside: the program as a process, clients of its API and streams, real NATS servers,
//! and faults of disks, clocks and networks.
//!
//! It knows the event-stream format, and the journal's API for the tests that every journal must pass. It knows
//! no other crate of the product.
#![allow(missing_docs, reason = "for tests, not for other crates")]
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

/// Polling for a condition instead of sleeping.
pub mod wait;

/// Ports that no other process is given.
pub mod ports;

/// Signals; pausing a process.
pub mod signals;

/// The program as a process.
pub mod process;

/// A client of the HTTP API.
pub mod api;

/// An incremental decoder of one HTTP response.
pub mod response;

/// A blocking follower of one stream.
pub mod follower;

/// An asynchronous stream, small enough for thousands of them.
pub mod event_stream;

/// Epoch and sequence number of an event id.
pub mod event_id;

/// The rows that a follower shows.
pub mod view;

/// A failing disk and a wrong clock in a real program; Linux only.
pub mod fault_library;

/// A TCP proxy that cuts, stalls and redirects connections.
pub mod fault_proxy;

/// Real nginx, HAProxy, Apache and Caddy.
pub mod proxies;

/// An HTTP server that stands for an airport's source.
pub mod fake_upstream;

/// Real `nats-server`s, alone and as a cluster.
pub mod nats;

/// The tests that every journal must pass.
pub mod journal_contract;
