//! All rows of a board as frames, and the reason for sending them.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::frame::Frame;

/// All rows of a board.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Sequence number of the newest event in it; the follower continues with the frames after it.
    pub seq: u64,
    /// Its bytes, shared by all followers that get it.
    pub frames: SnapshotFrames,
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
    /// It read too slowly: it fell out of the window, or held the rows of an old snapshot.
    Slow,
}

/// One event in several frames, most of which belong to a [`RowFrames`] that may be withdrawn.
#[derive(Debug, Clone)]
pub struct SnapshotFrames {
    head: Frame,
    rest: Option<SnapshotRest>,
}

#[derive(Debug, Clone)]
struct SnapshotRest {
    rows: RowFrames,
    tail: Frame,
    discard: Frame,
}

/// The frames of a board's rows. Clones share them, and [`RowFrames::withdraw`] frees them, also for readers in the middle of them.
#[derive(Debug, Clone)]
pub struct RowFrames {
    frames: Arc<Mutex<Option<Vec<Frame>>>>,
    count: usize,
    bytes: usize,
    payload_bytes: usize,
}

impl SnapshotFrames {
    /// An event of these frames, none of which is empty. If the rows are withdrawn, `discard` ends an event that has
    /// begun, so that its readers ignore it.
    pub fn new(head: Frame, rows: RowFrames, tail: Frame, discard: Frame) -> Self {
        Self { head, rest: Some(SnapshotRest { rows, tail, discard }) }
    }

    /// Returns the frames from the one at `start` on, with their indexes: about `max_bytes` of them, but at least one.
    /// `None` if the rows are withdrawn.
    pub fn after(&self, start: usize, max_bytes: usize) -> Option<Vec<(u64, Frame)>> {
        let rest = self.rest.as_ref();
        let rows = rest.map(|rest| rest.rows.frames.lock());
        let rows = match &rows {
            Some(rows) => rows.as_deref()?,
            None => &[],
        };
        let frames = [&self.head].into_iter().chain(rows).chain(rest.map(|rest| &rest.tail));
        let mut bytes = 0;
        let fits = |(index, frame): &(usize, &Frame)| {
            bytes += frame.wire_bytes().len();
            *index == start || bytes <= max_bytes
        };
        let due = frames.enumerate().skip(start).take_while(fits);
        Some(due.map(|(index, frame)| (index as u64, frame.clone())).collect())
    }

    /// The length of all payloads together.
    pub fn payload_bytes(&self) -> usize {
        let rest = self.rest.as_ref();
        let rest = rest.map_or(0, |rest| rest.rows.payload_bytes + rest.tail.payload().len());
        self.head.payload().len() + rest
    }

    pub(crate) fn count(&self) -> usize {
        self.rest.as_ref().map_or(1, |rest| rest.rows.count + 2)
    }

    pub(crate) fn discard(&self) -> Option<&Frame> {
        self.rest.as_ref().map(|rest| &rest.discard)
    }
}

/// A snapshot of one frame.
impl From<Frame> for SnapshotFrames {
    fn from(head: Frame) -> Self {
        Self { head, rest: None }
    }
}

impl RowFrames {
    /// These frames, until they are withdrawn.
    pub fn new(frames: Vec<Frame>) -> Self {
        let bytes = frames.iter().map(|frame| frame.wire_bytes().len()).sum();
        let payload_bytes = frames.iter().map(|frame| frame.payload().len()).sum();
        let count = frames.len();
        Self { count, bytes, payload_bytes, frames: Arc::new(Mutex::new(Some(frames))) }
    }

    /// The frames; `None` if they are withdrawn.
    pub fn frames(&self) -> Option<Vec<Frame>> {
        self.frames.lock().clone()
    }

    /// The frame, if there is at most one.
    pub fn only(&self) -> Option<Frame> {
        let frames = self.frames.lock();
        match frames.as_deref() {
            Some([]) => Some(Frame::default()),
            Some([only]) => Some(only.clone()),
            _ => None,
        }
    }

    /// Frees the frames. Followers that are in the middle of them start again.
    pub fn withdraw(&self) {
        *self.frames.lock() = None;
    }

    /// Returns whether the frames are withdrawn.
    pub fn are_withdrawn(&self) -> bool {
        self.frames.lock().is_none()
    }

    /// Returns whether anybody else has them.
    pub fn are_shared(&self) -> bool {
        Arc::strong_count(&self.frames) > 1
    }

    /// Their size with framing.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}
