//! Wakes a thread, and tells it which channels have news.
//!
//! However often a channel is rung before its thread looks, it is in the list once, and the thread
//! is woken once.

use std::sync::Arc;
use std::sync::atomic::{
    AtomicBool, AtomicUsize,
    Ordering::{Relaxed, SeqCst},
};

use mio::Waker;
use parking_lot::Mutex;

/// What others wake a thread with.
#[derive(Debug)]
pub(crate) struct Alarm {
    waker: Waker,
    is_woken: AtomicBool,
    /// Rooms with news, each at most once.
    rooms: Mutex<Vec<usize>>,
    /// How often they were rung since they were taken.
    rings: AtomicUsize,
}

/// What came since the last look.
pub(super) struct News {
    pub(super) rooms: Vec<usize>,
    /// How many times something was published, in all rooms together.
    pub(super) count: usize,
}

/// The bell of one room, rung by its channel.
#[derive(Debug)]
pub(crate) struct Bell {
    alarm: Arc<Alarm>,
    room: usize,
    is_rung: AtomicBool,
}

impl Alarm {
    pub(super) fn new(waker: Waker) -> Self {
        Self {
            waker,
            is_woken: AtomicBool::new(false),
            rooms: Mutex::default(),
            rings: AtomicUsize::new(0),
        }
    }

    pub(super) fn wake(&self) {
        if !self.is_woken.swap(true, SeqCst) {
            // It fails where the thread has ended, and nobody is there to be woken.
            let _ = self.waker.wake();
        }
    }

    /// The thread is awake, and will look at all that was told before.
    pub(super) fn is_heard(&self) {
        self.is_woken.swap(false, SeqCst);
    }

    /// How much came since the last [`Alarm::take_news`].
    pub(super) fn news(&self) -> usize {
        self.rings.load(Relaxed)
    }

    pub(super) fn take_news(&self) -> News {
        let count = self.rings.swap(0, Relaxed);
        News { rooms: std::mem::take(&mut *self.rooms.lock()), count }
    }
}

impl Bell {
    pub(super) fn new(alarm: Arc<Alarm>, room: usize) -> Arc<Self> {
        Arc::new(Self { alarm, room, is_rung: AtomicBool::new(false) })
    }

    pub(crate) fn ring(&self) {
        self.alarm.rings.fetch_add(1, Relaxed);
        if !self.is_rung.swap(true, SeqCst) {
            self.alarm.rooms.lock().push(self.room);
            self.alarm.wake();
        }
    }

    /// To be called before looking at the channel: what comes after that rings again.
    pub(super) fn is_heard(&self) {
        self.is_rung.swap(false, SeqCst);
    }
}
