//! Recordings: the rows of a board as of a time, and its changes since, each with its time.
//!
//! A recording is NDJSON. Each line is an update as [`flight::Change::parse`] takes it, with its time:
//! `{"time":"2026-11-22T12:03:00.512Z","event":"flightStateUpdate","data":{"flight":"BA117","gate":"B7"}}`.

/// One line of a recording.
mod line;

/// Writes a recording from a server's answers about the past.
mod recorder;

/// Plays a recording.
mod player;

pub use line::RecordedLine;
pub use player::{PlayError, RecordingPlayer};
pub use recorder::{BoardRecorder, ListedChange, PastAnswer, ValueTransition};
