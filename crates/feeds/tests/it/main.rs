//! The feeds, tested by their announcements and by the board that folding these gives.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

/// A board that folds announcements.
mod folded_board;

/// The recorded day.
mod day;

/// The table of the recorded day.
mod recording;

/// The sample board.
mod sample;

/// The speed of both feeds.
mod speed;
