//! Shared by the programs that measure flightboard through failures: a publisher with an even rate, followers that
//! count events, and a tracker of everything they received.
//!
//! One publisher patches one flight of one board, and nothing else is published. So the number of events that a
//! follower received since its timetable, and the sum of their sequence numbers, tell whether it received each
//! event exactly once. That costs a few counters per follower instead of a list of events.
#![allow(missing_docs, reason = "for the programs beside it, not for other crates")]

/// Counts the events of all followers, and measures their delays.
pub mod delivery_tracker;

/// A follower that reports each event to the tracker.
pub mod counting_follower;

/// A health check, and the longest waits of requests.
pub mod health_check;

/// A publisher with an even rate.
pub mod steady_publisher;

/// Runs of `flightboard-bench`.
pub mod load_generator;
