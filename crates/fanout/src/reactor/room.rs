//! What a channel is to one thread: its followers there, and where they stand.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::bell::{Alarm, Bell};
use crate::channel::Channel;
use crate::follower::PULL_BYTES;
use crate::frame::Frame;

pub(super) struct Room {
    pub(super) channel: Arc<Channel>,
    pub(super) bell: Arc<Bell>,
    /// Keys of the followers, in no order.
    pub(super) members: Vec<u32>,
    /// Position up to which those have all who are neither slow nor new. None of them is given
    /// more before the room is, so that all are due the same at the next look.
    pub(super) at: u64,
    /// The newest heartbeat, for all who stand where it says.
    heartbeat: Option<(u64, Bytes)>,
}

/// What came in one moment: the same run of bytes for all who stand at its beginning.
pub(super) struct Batch {
    pub(super) from: u64,
    pub(super) until: u64,
    pub(super) frames: Vec<(u64, Frame)>,
    pub(super) bytes: Bytes,
}

/// What the followers of a room are due.
pub(super) enum Due {
    Nothing,
    Batch(Batch),
    /// Each has to be looked at: the channel is closed, or its window has passed the room.
    ForEach,
}

impl Room {
    pub(super) fn new(channel: Arc<Channel>, alarm: Arc<Alarm>, key: usize) -> Self {
        let bell = Bell::new(alarm, key);
        channel.ring(Arc::clone(&bell));
        let at = channel.head();
        Self { channel, bell, members: Vec::new(), at, heartbeat: None }
    }

    pub(super) fn look(&mut self) -> Due {
        self.bell.is_heard();
        let (due, head) = {
            let state = self.channel.state.lock();
            let due = state.window.after(self.at, u64::MAX, PULL_BYTES);
            (due.filter(|_| state.farewell.is_none()), state.window.head())
        };
        let Some(frames) = due else {
            self.at = head;
            return Due::ForEach;
        };
        let Some(&(until, _)) = frames.last() else { return Due::Nothing };
        let from = std::mem::replace(&mut self.at, until);
        if self.at < head {
            self.bell.ring();
        }
        Due::Batch(Batch { from, until, bytes: joined(&frames), frames })
    }

    /// A tick of the clock: what heartbeats say of the time is old now.
    pub(super) fn tick(&mut self) {
        self.heartbeat = None;
    }

    /// The heartbeat for one who stands at `head`.
    pub(super) fn heartbeat(
        &mut self,
        head: u64,
        make: impl FnOnce() -> Option<Bytes>,
    ) -> Option<Bytes> {
        let kept = self.heartbeat.take().filter(|(of, _)| *of == head);
        self.heartbeat = kept.or_else(|| Some((head, make()?)));
        self.heartbeat.as_ref().map(|(_, bytes)| bytes.clone())
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.channel.forget(&self.bell);
    }
}

fn joined(frames: &[(u64, Frame)]) -> Bytes {
    if let [(_, frame)] = frames {
        return frame.whole().clone();
    }
    let length = frames.iter().map(|(_, frame)| frame.whole().len()).sum();
    let mut bytes = BytesMut::with_capacity(length);
    frames.iter().for_each(|(_, frame)| bytes.extend_from_slice(frame.whole()));
    bytes.freeze()
}
