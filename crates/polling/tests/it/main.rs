//! Feeds, tested by the boards that they publish to.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

/// Boards in memory.
mod memory_boards;

/// A source whose answers are rows.
mod row_source;

/// Polls, and the boards after them.
mod polling;

/// Failures of a source or of the boards.
mod failures;

/// Options that a source does not allow.
mod options;

/// Replicas, of which one polls.
mod replicas;

/// Files and pushed answers.
mod other_inputs;
