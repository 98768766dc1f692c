//! One board's window and its listeners.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use crate::frame::Frame;
use crate::notify::ChannelNotifier;
use crate::snapshot::{Snapshot, SnapshotReason};
use crate::topic::Topic;
use crate::window::{FrameWindow, SeqStatus};
use crate::window_budget::WindowBudget;

/// The recent frames of one board, shared by all its followers.
pub struct Channel {
    pub(crate) state: Mutex<ChannelState>,
    /// Changes when there may be something to pull: wakes followers that have a task.
    pub(crate) changed: watch::Sender<()>,
    /// One per reactor worker that has followers of this channel.
    listeners: Mutex<Vec<Arc<ChannelNotifier>>>,
    follower_count: AtomicUsize,
    /// True if `state.end` is [`ChannelEnd::Revoked`], for checks that are too frequent for the lock.
    is_revoked: AtomicBool,
    /// As a number of seconds since 1970.
    last_update_secs: AtomicI64,
    revocation: Notify,
    snapshot: Box<dyn Fn(SnapshotReason) -> Snapshot + Send + Sync>,
    /// The channel of which this one is a part.
    pub(crate) whole: Option<Arc<Channel>>,
}

pub(crate) struct ChannelState {
    pub(crate) window: FrameWindow,
    pub(crate) end: Option<ChannelEnd>,
}

/// Why a channel has ended.
#[derive(Clone)]
pub(crate) enum ChannelEnd {
    /// It is closed; this is its last frame.
    Closed(Frame),
    /// Its followers are to have nothing more of it.
    Revoked,
}

impl Channel {
    /// A channel after the event at `seq` that keeps as many frames as `windows` allows, each counted
    /// with [`crate::FRAME_OVERHEAD_BYTES`].
    ///
    /// `snapshot` returns the rows at a sequence number no older than the newest one published when
    /// it is called. It is called without the channel's lock, so it may take other locks.
    pub fn new(
        seq: u64,
        windows: &Arc<WindowBudget>,
        snapshot: impl Fn(SnapshotReason) -> Snapshot + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self::open(FrameWindow::new(seq, windows), None, snapshot))
    }

    pub(crate) fn open(
        window: FrameWindow,
        whole: Option<Arc<Self>>,
        snapshot: impl Fn(SnapshotReason) -> Snapshot + Send + Sync + 'static,
    ) -> Self {
        Self {
            state: Mutex::new(ChannelState { window, end: None }),
            changed: watch::Sender::new(()),
            listeners: Mutex::default(),
            follower_count: AtomicUsize::new(0),
            is_revoked: AtomicBool::new(false),
            last_update_secs: AtomicI64::new(0),
            revocation: Notify::new(),
            snapshot: Box::new(snapshot),
            whole,
        }
    }

    /// Appends the frame of the event at `seq`, which must be greater than all before, and wakes the
    /// followers.
    pub fn publish(&self, seq: u64, frame: Frame) {
        self.publish_on(Topic::ALL, seq, frame);
    }

    /// Like [`Channel::publish`], with the event's topic for the [parts](Channel::part) of this channel. It does not
    /// publish to them.
    pub fn publish_on(&self, topic: Topic, seq: u64, frame: Frame) {
        self.state.lock().window.push(seq, topic, frame);
        self.notify();
    }

    /// Appends the last frame. Each follower gets the frames up to it, then its stream ends.
    pub fn close(&self, seq: u64, frame: Frame) {
        {
            let mut state = self.state.lock();
            state.window.push(seq, Topic::ALL, frame.clone());
            state.end = Some(ChannelEnd::Closed(frame));
        }
        self.notify();
    }

    /// Sets the time of the last update, also of one without a frame, for heartbeats.
    pub fn set_last_update(&self, unix_secs: i64) {
        self.last_update_secs.store(unix_secs, Ordering::Relaxed);
    }

    /// The time of the last update, in seconds since 1970; 0 if it was never set. A part has that of the whole.
    pub fn last_update(&self) -> i64 {
        let channel = self.whole.as_deref().unwrap_or(self);
        channel.last_update_secs.load(Ordering::Relaxed)
    }

    /// Evicts the oldest frames that no longer fit into the budget, as each publish does.
    pub fn trim(&self) {
        self.state.lock().window.trim();
    }

    /// Ends all streams without further frames, not even those that are published already. A frame
    /// that is partly written is completed, unless its follower has stopped reading.
    pub fn revoke(&self) {
        self.state.lock().end = Some(ChannelEnd::Revoked);
        self.is_revoked.store(true, Ordering::Relaxed);
        self.revocation.notify_waiters();
        self.notify();
    }

    /// Waits until [`Channel::revoke`]. Publishes do not wake it.
    pub async fn revoked(&self) {
        // Before reading: a revocation after this line wakes it.
        let revocation = self.revocation.notified();
        if !self.is_revoked() {
            revocation.await;
        }
    }

    /// Number of open followers, those of its parts included.
    pub fn followers(&self) -> usize {
        self.follower_count.load(Ordering::Relaxed)
    }

    /// Sequence number of the newest event.
    pub fn head(&self) -> u64 {
        self.state.lock().window.head()
    }

    /// Sequence number of the oldest event that a follower can resume from.
    pub fn floor(&self) -> u64 {
        self.state.lock().window.floor()
    }

    /// Notifies `listener` of each publish until [`Channel::remove_listener`].
    pub(crate) fn add_listener(&self, listener: Arc<ChannelNotifier>) {
        self.listeners.lock().push(listener);
    }

    pub(crate) fn remove_listener(&self, listener: &Arc<ChannelNotifier>) {
        self.listeners.lock().retain(|other| !Arc::ptr_eq(other, listener));
    }

    pub(crate) fn is_revoked(&self) -> bool {
        self.is_revoked.load(Ordering::Relaxed)
    }

    pub(crate) fn snapshot(&self, reason: SnapshotReason) -> Snapshot {
        (self.snapshot)(reason)
    }

    /// A follower of a part may have seen any event of the whole.
    pub(crate) fn status(&self, seq: u64) -> SeqStatus {
        match (self.state.lock().window.status(seq), &self.whole) {
            (SeqStatus::Unknown, Some(whole)) => whole.status(seq),
            (status, _) => status,
        }
    }

    /// Counts a follower, of the whole too.
    pub(crate) fn count_follower(&self) {
        self.follower_count.fetch_add(1, Ordering::Relaxed);
        self.whole.iter().for_each(|whole| whole.count_follower());
    }

    pub(crate) fn count_left(&self) {
        self.follower_count.fetch_sub(1, Ordering::Relaxed);
        self.whole.iter().for_each(|whole| whole.count_left());
    }

    fn notify(&self) {
        self.changed.send_replace(());
        self.listeners.lock().iter().for_each(|listener| listener.notify());
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").field("followers", &self.follower_count).finish_non_exhaustive()
    }
}
