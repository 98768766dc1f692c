//! All rows of a board as one frame, and the reason for sending it.

use crate::frame::Frame;

/// All rows of a board as one frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Sequence number of the newest event in it; the follower continues with the frames after it.
    pub seq: u64,
    /// The frame, shared by all followers that get it.
    pub frame: Frame,
}

/// The reason why a follower gets a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SnapshotReason {
    /// It started without a resume point.
    Start,
    /// It resumed from an event whose successors have left the window.
    Expired,
    /// It resumed from a sequence number that is not an event of this board.
    Unknown,
    /// It read too slowly and fell out of the window.
    Slow,
}
