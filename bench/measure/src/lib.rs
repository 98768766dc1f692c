//! Thousands of followers that lose the server in the same moment, and what it takes until all of them
//! are right again; measured, not tested.
//!
//! One publisher changes one flight of one board at an even rate, and nobody else writes. So how many
//! events a follower saw since its timetable, and the sum of their numbers, tell whether it has seen all
//! of them, once each.
#![allow(missing_docs, reason = "for the programs beside it, not for other crates")]

/// What all of them have seen, and when.
pub mod delivery_tracker;

/// A follower that counts.
pub mod counting_follower;

/// The one who publishes.
pub mod steady_publisher;
