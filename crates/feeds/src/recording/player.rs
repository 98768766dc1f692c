//! Plays a recording.

use std::time::Duration;

use flight::{BoardName, Change, ParseError};
use jiff::Timestamp;

use crate::demo::{Announcement, Speed};
use crate::recording::RecordedLine;

/// Why a line cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// It is not a line of a recording.
    #[error("is not a line of a recording: {0}")]
    Syntax(#[from] serde_json::Error),
    /// A field has no valid value.
    #[error(transparent)]
    Field(#[from] ParseError),
}

/// Plays the lines of a recording in their order.
#[derive(Debug)]
pub struct RecordingPlayer {
    board: BoardName,
    speed: Speed,
    /// The time of the first line.
    start: Option<Timestamp>,
    after: Duration,
}

impl RecordingPlayer {
    /// Plays on `board`, `speed` times as fast as it was.
    pub fn new(board: BoardName, speed: Speed) -> Self {
        Self { board, speed, start: None, after: Duration::ZERO }
    }

    /// The change of a line, and when it is due.
    ///
    /// # Errors
    /// The line is not JSON, or has another field or an invalid value.
    pub fn announce(&mut self, line: &str) -> Result<Announcement, PlayError> {
        let RecordedLine { time, event, data } = serde_json::from_str(line)?;
        let change = Change::parse(&self.board, &event, &data)?;
        let time = flight::parse_timestamp(&time).ok_or_else(|| {
            let reason = "must be an RFC 3339 time such as 2026-11-22T08:15:00Z";
            ParseError::new("time", reason)
        })?;
        let since_start = time.duration_since(*self.start.get_or_insert(time));
        let after = Duration::try_from(since_start).unwrap_or_default();
        // Lines of one recording are in order. Those of joined recordings need not be.
        self.after = self.after.max(self.speed.to_real_time(after));
        Ok(Announcement { after: self.after, change })
    }
}
