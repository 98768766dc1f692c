//! The client against scripted servers, on real sockets.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

/// A server that answers as a script says.
mod scripted_server;

/// The cases of the event-source standard.
mod conformance;

/// Proxies, TLS, tokens and limits of an event source.
mod connections;

/// A board through cuts, refusals and silence.
mod following;

/// The fold of events, by the golden files of the server.
mod folds;

/// The example.
#[path = "../../examples/changes.rs"]
#[allow(dead_code, reason = "the example's main function is not called")]
mod changes;
