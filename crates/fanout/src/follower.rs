//! A cursor into a channel's frames.

use std::sync::Arc;

use tokio::sync::watch;

use crate::channel::{Channel, ChannelEnd};
use crate::frame::Frame;
use crate::snapshot::{Snapshot, SnapshotReason};
use crate::window::SeqStatus;

/// Approximate size of one pull. A single larger frame is returned whole.
pub const PULL_BYTES: usize = 64 * 1024;

/// The point at which a follower starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResumePoint {
    /// It has seen nothing: start with a snapshot.
    Fresh,
    /// It has seen all events up to this sequence number.
    After(u64),
    /// It has seen events that this channel does not know.
    Unknown,
}

/// One open stream: a cursor and a way to wait.
#[derive(Debug)]
pub struct Follower {
    cursor: FrameCursor,
    changed: watch::Receiver<()>,
}

/// The result of [`Follower::pull`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PullResult {
    /// The next frames, in order. Each frame is returned once.
    Frames(Vec<Frame>),
    /// No new frames yet.
    Empty,
    /// The channel is closed and all its frames have been returned, or it is revoked.
    Closed,
}

/// A read position in a channel's frames. This is all that the channel keeps for a follower.
#[derive(Debug)]
pub(crate) struct FrameCursor {
    pub(crate) channel: Arc<Channel>,
    /// Sequence number of the last event taken.
    pub(crate) seq: u64,
    /// Set if a snapshot comes first.
    snapshot_reason: Option<SnapshotReason>,
    /// The snapshot of which some frames have been taken, or all are due.
    snapshot: Option<Box<SnapshotCursor>>,
}

/// A read position in a snapshot.
#[derive(Debug)]
struct SnapshotCursor {
    snapshot: Snapshot,
    reason: SnapshotReason,
    /// Index of the next frame.
    next: usize,
}

/// The result of [`FrameCursor::next`].
pub(crate) enum NextFrames {
    /// These frames, in order. The caller reports with [`FrameCursor::advance`] how far it took them.
    Frames(Vec<(u64, Frame)>),
    /// This frame. The cursor has already moved past it.
    Single(Frame),
    /// No new frames yet.
    Empty,
    /// The channel is closed and all its frames have been taken, or it is revoked.
    Closed,
}

impl Channel {
    /// Opens a follower.
    pub fn follow(self: &Arc<Self>, start: ResumePoint) -> Follower {
        let changed = self.changed.subscribe();
        Follower { cursor: FrameCursor::open(Arc::clone(self), start), changed }
    }
}

impl Follower {
    /// Sequence number of the last event that it has seen or taken; `None` while a snapshot is due. A
    /// new follower that has one resumes without a snapshot.
    pub fn position(&self) -> Option<u64> {
        self.cursor.position()
    }

    /// Takes the next frames: about [`PULL_BYTES`], or one larger frame. Call it when the socket can
    /// take more, and repeat until the result is [`PullResult::Empty`]; only then does
    /// [`Follower::wait`] wait.
    pub fn pull(&mut self) -> PullResult {
        // Before reading: a publish after this line wakes the next `wait`.
        self.changed.mark_unchanged();
        match self.cursor.next(u64::MAX) {
            NextFrames::Frames(frames) => {
                if let Some((last, _)) = frames.last() {
                    self.cursor.advance(*last);
                }
                PullResult::Frames(frames.into_iter().map(|(_, frame)| frame).collect())
            }
            NextFrames::Single(frame) => PullResult::Frames(vec![frame]),
            NextFrames::Empty => PullResult::Empty,
            NextFrames::Closed => PullResult::Closed,
        }
    }

    /// Waits until there may be something to pull. Dropping the future loses nothing.
    pub async fn wait(&mut self) {
        // Fails only if the sender is gone; the channel owns it and this follower owns the channel.
        let _ = self.changed.changed().await;
    }

    /// The channel that it follows.
    pub fn channel(&self) -> &Arc<Channel> {
        &self.cursor.channel
    }

    pub(crate) fn into_cursor(self) -> FrameCursor {
        self.cursor
    }
}

impl FrameCursor {
    fn open(channel: Arc<Channel>, start: ResumePoint) -> Self {
        // With a snapshot to come, `seq` has no meaning until the snapshot sets it.
        let (seq, snapshot_reason) = match start {
            ResumePoint::Fresh => (0, Some(SnapshotReason::Start)),
            ResumePoint::Unknown => (0, Some(SnapshotReason::Unknown)),
            ResumePoint::After(seq) => match channel.status(seq) {
                SeqStatus::Available => (seq, None),
                SeqStatus::Evicted => (0, Some(SnapshotReason::Expired)),
                SeqStatus::Unknown => (0, Some(SnapshotReason::Unknown)),
            },
        };
        channel.count_follower();
        Self { channel, seq, snapshot_reason, snapshot: None }
    }

    /// Returns the next frames up to the event at `up_to`: about [`PULL_BYTES`], or one larger frame.
    pub(crate) fn next(&mut self, up_to: u64) -> NextFrames {
        if self.channel.is_revoked() {
            return NextFrames::Closed;
        }
        if let Some(next) = self.next_of_snapshot() {
            return next;
        }
        let reason = {
            let state = self.channel.state.lock();
            if let Some(ChannelEnd::Revoked) = state.end {
                return NextFrames::Closed;
            }
            let reason = match self.snapshot_reason.take() {
                Some(reason) => reason,
                None => match state.window.frames_after(self.seq, up_to, PULL_BYTES) {
                    Some(frames) if frames.is_empty() => {
                        // Compare with the head: there may be frames beyond `up_to`.
                        let at_end = state.end.is_some() && self.seq >= state.window.head();
                        return if at_end { NextFrames::Closed } else { NextFrames::Empty };
                    }
                    Some(frames) => return NextFrames::Frames(frames),
                    None => SnapshotReason::Slow,
                },
            };
            // A closed board has no rows to show: its last frame is all that matters.
            if let Some(ChannelEnd::Closed(frame)) = &state.end {
                self.seq = state.window.head();
                return NextFrames::Single(frame.clone());
            }
            reason
        };
        // The lock is released: making a snapshot is slow, and it takes other locks. Events published
        // meanwhile are either in the snapshot or after its `seq`.
        loop {
            let snapshot = self.channel.snapshot(reason);
            // The channel may have been revoked meanwhile: then the snapshot may be of later rows, which
            // this follower must not have.
            if self.channel.is_revoked() {
                return NextFrames::Closed;
            }
            // Unless it has been withdrawn already.
            if let Some(frames) = snapshot.frames.after(0, PULL_BYTES) {
                self.snapshot = Some(Box::new(SnapshotCursor { snapshot, reason, next: 0 }));
                return NextFrames::Frames(frames);
            }
        }
    }

    /// Returns the next frames of a snapshot that has begun.
    fn next_of_snapshot(&mut self) -> Option<NextFrames> {
        let SnapshotCursor { snapshot, reason, next } = &**self.snapshot.as_ref()?;
        if let Some(frames) = snapshot.frames.after(*next, PULL_BYTES) {
            return Some(NextFrames::Frames(frames));
        }
        // The follower starts again, with the current rows.
        let discard = snapshot.frames.discard().filter(|_| *next > 0).cloned();
        let reason = if discard.is_some() { SnapshotReason::Slow } else { *reason };
        self.snapshot = None;
        self.snapshot_reason = Some(reason);
        discard.map(NextFrames::Single)
    }

    /// Returns the number of the last event taken; `None` while a snapshot is due or has begun.
    pub(crate) fn position(&self) -> Option<u64> {
        let is_due = self.snapshot_reason.is_some() || self.snapshot.is_some();
        (!is_due).then_some(self.seq)
    }

    /// Moves past the frame that [`FrameCursor::next`] returned with this number: an event at `number`, or a part of a
    /// snapshot.
    pub(crate) fn advance(&mut self, number: u64) {
        let Some(cursor) = &mut self.snapshot else {
            self.seq = number;
            return;
        };
        cursor.next = usize::try_from(number).map_or(usize::MAX, |index| index + 1);
        if cursor.next >= cursor.snapshot.frames.count() {
            self.seq = cursor.snapshot.seq;
            self.snapshot = None;
        }
    }
}

impl Drop for FrameCursor {
    fn drop(&mut self) {
        self.channel.count_left();
    }
}
