//! The sources, tested by the rows that they read, and the feeds of the demo, tested by their announcements and by
//! the board that folding these gives.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

/// A board that folds announcements.
mod folded_board;

/// Sources, and the rows that they read from small answers.
mod source_case;

/// The list of sources.
mod registry;

/// AeroDataBox.
mod aerodatabox;

/// Avinor.
mod avinor;

/// Hong Kong International Airport.
mod hkia;

/// An evening in Hong Kong, poll by poll.
mod hkia_evening;

/// The comparison of answers with a board.
mod reconcile;

/// Finavia.
mod finavia;

/// Swedavia.
mod swedavia;

/// VATSIM.
mod vatsim;

/// The recorded day.
mod day;

/// The table of the recorded day.
mod recording;

/// The sample board.
mod sample;

/// The speed of both feeds.
mod speed;
