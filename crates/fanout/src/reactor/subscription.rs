//! The followers of one channel on one worker.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use crate::channel::Channel;
use crate::follower::PULL_BYTES;
use crate::frame::Frame;
use crate::notify::{ChannelNotifier, WorkerNotifier};
use crate::reactor::StreamBytes;

pub(super) struct ChannelSubscription {
    pub(super) channel: Arc<Channel>,
    notifier: Arc<ChannelNotifier>,
    /// Connection keys of the followers, in no order.
    pub(super) followers: Vec<u32>,
    /// Sequence number that all followers have reached unless they are slow, delayed or new. No
    /// follower gets newer frames before the subscription moves on, so all that are up to date need
    /// the same batch in the next pass.
    pub(super) seq: u64,
    /// The newest heartbeat and the sequence number for which it was made.
    heartbeat: Option<(u64, Bytes)>,
}

/// The frames of one pass, joined: the same bytes for all followers that are at `after`.
pub(super) struct FrameBatch {
    /// Sequence number before the first frame.
    pub(super) after: u64,
    /// Sequence number of the last frame.
    pub(super) up_to: u64,
    pub(super) frames: Vec<(u64, Frame)>,
    pub(super) bytes: Bytes,
}

/// The frames that a subscription's followers need next.
pub(super) enum PendingFrames {
    None,
    Batch(FrameBatch),
    /// There is no common batch, each follower reads from its own cursor: the channel has ended, or
    /// its window has moved past the subscription.
    Individually,
}

impl ChannelSubscription {
    /// Subscribes the worker to the channel under `key`.
    pub(super) fn new(channel: Arc<Channel>, worker: Arc<WorkerNotifier>, key: usize) -> Self {
        let notifier = ChannelNotifier::new(worker, key);
        // Before reading the head, so that no event falls between.
        channel.add_listener(Arc::clone(&notifier));
        let seq = channel.head();
        Self { channel, notifier, followers: Vec::new(), seq, heartbeat: None }
    }

    /// Takes the frames published since the last call, [`PULL_BYTES`] at most or one larger frame,
    /// and moves `seq` past them.
    pub(super) fn poll(&mut self) -> PendingFrames {
        // Before reading the window: a publish after the read notifies again.
        self.notifier.clear();
        let state = self.channel.state.lock();
        let head = state.window.head();
        let frames = state.window.frames_after(self.seq, u64::MAX, PULL_BYTES);
        let frames = frames.filter(|_| state.end.is_none());
        // Joining copies; it needs only the frames, not the lock.
        drop(state);
        let Some(frames) = frames else {
            self.seq = head;
            return PendingFrames::Individually;
        };
        let Some(&(up_to, _)) = frames.last() else { return PendingFrames::None };
        let after = std::mem::replace(&mut self.seq, up_to);
        // More than one pull: come back in the next pass, after other subscriptions had theirs.
        if self.seq < head {
            self.notifier.notify();
        }
        PendingFrames::Batch(FrameBatch { after, up_to, bytes: join(&frames), frames })
    }

    /// Forgets the heartbeat, whose time of day is out of date.
    pub(super) fn expire_heartbeat(&mut self) {
        self.heartbeat = None;
    }

    /// Returns the heartbeat for a follower at `head`, made once for all followers there.
    pub(super) fn heartbeat(&mut self, head: u64, bytes: &dyn StreamBytes) -> Option<Bytes> {
        let cached = self.heartbeat.take().filter(|(seq, _)| *seq == head);
        self.heartbeat = cached.or_else(|| Some((head, bytes.heartbeat(&self.channel, head)?)));
        self.heartbeat.as_ref().map(|(_, bytes)| bytes.clone())
    }
}

impl Drop for ChannelSubscription {
    fn drop(&mut self) {
        self.channel.remove_listener(&self.notifier);
    }
}

/// Joins the frames' bytes. One frame, the usual case, is shared instead of copied.
fn join(frames: &[(u64, Frame)]) -> Bytes {
    if let [(_, frame)] = frames {
        return frame.wire_bytes().clone();
    }
    let length = frames.iter().map(|(_, frame)| frame.wire_bytes().len()).sum();
    let mut bytes = BytesMut::with_capacity(length);
    frames.iter().for_each(|(_, frame)| bytes.extend_from_slice(frame.wire_bytes()));
    bytes.freeze()
}
