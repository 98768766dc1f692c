//! The whole product from outside: what its tests, the soak and the storm are made of. The tests are in
//! `tests/`, those of the page in `browser/`.
//!
//! Nothing here knows what the product is made of but the stream's decoder, which has its own tests.
#![allow(missing_docs, reason = "for the tests beside it, not for other crates")]
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

/// Waiting for a condition, never for a time.
pub mod wait;

/// Ports that nobody else takes.
pub mod ports;

/// Signals, and standing still.
pub mod signals;

/// The program as a process.
pub mod program;

/// The HTTP API, as a test asks it.
pub mod api;

/// One open stream, read byte by byte.
pub mod follower;

/// What a follower shows.
pub mod screen;

/// A disk that fails and a clock that jumps, in a real program; on Linux.
pub mod faults;

/// An open stream among thousands.
pub mod stream;

/// Seeded rounds of faults, with an oracle that knows what must have come of them.
pub mod recovery;

/// Real `nats-server`s, alone and as a cluster.
pub mod nats;

/// A link between a program and what it needs, that can be cut.
pub mod link;

/// One address for several servers, of which one answers.
pub mod switch;

/// Thousands of followers that lose the server in the same moment.
pub mod storm;
