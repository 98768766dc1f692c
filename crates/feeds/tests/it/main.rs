//! The feeds, told by what they announce and by what a board makes of it.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

/// Announcements as lines, and a board that is told them.
mod audience;

/// The recorded day.
mod day;

/// The table of the recorded day.
mod recording;

/// The sample board.
mod sample;

/// Speeds, on both feeds.
mod speed;
