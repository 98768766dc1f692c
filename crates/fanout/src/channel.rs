//! One board's window with its followers.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use tokio::sync::watch;

use crate::follower::{Cursor, Follower, Start};
use crate::frame::Frame;
use crate::reactor::Bell;
use crate::window::Window;

/// The recent frames of one board and all who follow it.
pub struct Channel {
    pub(crate) state: Mutex<State>,
    /// Changes whenever something may be due.
    pub(crate) news: watch::Sender<()>,
    /// Those of the reactor's threads that have followers of this channel, to be rung.
    bells: Mutex<Vec<Arc<Bell>>>,
    pub(crate) followers: AtomicUsize,
    snapshot: Box<dyn Fn(Reason) -> Snapshot + Send + Sync>,
}

pub(crate) struct State {
    pub(crate) window: Window,
    /// The last frame, once there will be no more.
    pub(crate) farewell: Option<Frame>,
}

/// All rows of the board as one frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Position of the newest event in it: the frames after it go on from there.
    pub seq: u64,
    /// The frame, shared by all who are given it.
    pub frame: Frame,
}

/// Why a follower is given a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// It came without a position.
    Start,
    /// It came with a position that the window has passed.
    Expired,
    /// It came with a position that nobody gave it.
    Unknown,
    /// It was too slow, and the window passed it.
    Slow,
}

impl Channel {
    /// A channel behind the event at `seq`, that keeps frames of `window_bytes` in all, each
    /// counted with [`crate::FRAME_OVERHEAD_BYTES`].
    ///
    /// `snapshot` gives the rows as of a position that is no older than the newest published when
    /// it is called. It is called without the channel's lock, so that it may take locks of its own.
    pub fn new(
        seq: u64,
        window_bytes: usize,
        snapshot: impl Fn(Reason) -> Snapshot + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State { window: Window::new(seq, window_bytes), farewell: None }),
            news: watch::Sender::new(()),
            bells: Mutex::default(),
            followers: AtomicUsize::new(0),
            snapshot: Box::new(snapshot),
        })
    }

    /// Adds the frame of the event at `seq`, which is greater than all before, and wakes whoever
    /// waits.
    pub fn publish(&self, seq: u64, frame: Frame) {
        self.state.lock().window.push(seq, frame);
        self.tell();
    }

    /// Adds the last frame. Followers are given what they are due up to it, then end.
    pub fn close(&self, seq: u64, frame: Frame) {
        {
            let mut state = self.state.lock();
            state.window.push(seq, frame.clone());
            state.farewell = Some(frame);
        }
        self.tell();
    }

    /// Opens a follower.
    pub fn follow(self: &Arc<Self>, start: Start) -> Follower {
        Follower::new(Cursor::open(Arc::clone(self), start))
    }

    /// How many followers there are.
    pub fn followers(&self) -> usize {
        self.followers.load(Ordering::Relaxed)
    }

    /// Position of the newest event.
    pub fn head(&self) -> u64 {
        self.state.lock().window.head()
    }

    /// The oldest position from which a follower can go on.
    pub fn floor(&self) -> u64 {
        self.state.lock().window.floor()
    }

    /// Rings `bell` whenever something may be due, until [`Channel::forget`].
    pub(crate) fn ring(&self, bell: Arc<Bell>) {
        self.bells.lock().push(bell);
    }

    pub(crate) fn forget(&self, bell: &Arc<Bell>) {
        self.bells.lock().retain(|other| !Arc::ptr_eq(other, bell));
    }

    fn tell(&self) {
        self.news.send_replace(());
        self.bells.lock().iter().for_each(|bell| bell.ring());
    }

    pub(crate) fn snapshot(&self, reason: Reason) -> Snapshot {
        (self.snapshot)(reason)
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").field("followers", &self.followers).finish_non_exhaustive()
    }
}
