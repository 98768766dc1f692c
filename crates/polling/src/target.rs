//! The boards to which a feed publishes.

use std::time::Duration;

use flight::{BoardName, BoardSettings, Change, Flight};
use jiff::Timestamp;

/// The boards of a server, in the same process or behind its HTTP API.
pub trait FeedTarget: Send + Sync {
    /// Opens a board if it is missing. An existing board keeps its settings.
    fn open_board(
        &self,
        settings: &BoardSettings,
    ) -> impl Future<Output = Result<(), TargetError>> + Send;

    /// Reads a board; `None` if there is no such board.
    fn read_board(
        &self,
        board: &BoardName,
    ) -> impl Future<Output = Result<Option<BoardContents>, TargetError>> + Send;

    /// Publishes changes in order, at most [`MAX_BATCH_CHANGES`](crate::MAX_BATCH_CHANGES) at once, as changes of a feed: they
    /// leave held fields alone.
    fn publish(
        &self,
        board: &BoardName,
        changes: Vec<Change>,
    ) -> impl Future<Output = Result<PublishReport, TargetError>> + Send;

    /// Returns whether this feed is the one that polls for `board`, and makes it so for the time of
    /// `lease` if no other is. Called again before the lease ends.
    fn may_poll(
        &self,
        board: &BoardName,
        lease: Duration,
    ) -> impl Future<Output = Result<bool, TargetError>> + Send;
}

/// A board's rows, and the last report of its source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BoardContents {
    /// The rows.
    pub flights: Vec<Flight>,
    /// The `lastAnswer` of the board's source.
    pub last_answer: Option<Timestamp>,
    /// The `lastChange` of the board's source.
    pub last_change: Option<Timestamp>,
}

/// The outcome of publishing changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublishReport {
    /// The number of changes that had an effect.
    pub changed: u64,
    /// The reasons for which others were rejected.
    pub rejected: Vec<String>,
}

/// The boards cannot be read or changed now. The feed tries again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TargetError(pub String);
