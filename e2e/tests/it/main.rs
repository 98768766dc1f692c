//! The whole product, as its users meet it: real processes, real sockets, real files.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

/// Waiting for a condition, never for a time.
mod wait;

/// The program as a process.
mod program;

/// The HTTP API, as a test asks it.
mod api;

/// One open stream.
mod follower;

/// What a follower shows.
mod screen;

/// What the demo shows.
mod demo;

/// `Last-Event-ID` across cuts, crashes and strange journals.
mod resume;

/// `flightboard publish`, also when something dies in the middle.
mod publish;

/// `flightboard feed` into a running server.
mod feed;

/// Followers that vanish.
mod vanishing;

/// Stopping with a signal.
mod stopping;

/// Starts and commands that must fail with one clear sentence.
mod refusals;

/// Flags as environment variables.
mod environment;
