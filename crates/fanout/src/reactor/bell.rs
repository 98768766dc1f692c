//! Wakes a thread, and tells it which channels have news.
//!
//! However often a channel is rung before its thread looks, it is in the list once, and the thread
//! is woken once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use mio::Waker;
use parking_lot::Mutex;

/// What others wake a thread with.
#[derive(Debug)]
pub(crate) struct Alarm {
    waker: Waker,
    is_woken: AtomicBool,
    /// Rooms with news, each at most once.
    rooms: Mutex<Vec<usize>>,
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
        Self { waker, is_woken: AtomicBool::new(false), rooms: Mutex::default() }
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

    pub(super) fn rooms_with_news(&self) -> Vec<usize> {
        std::mem::take(&mut *self.rooms.lock())
    }
}

impl Bell {
    pub(super) fn new(alarm: Arc<Alarm>, room: usize) -> Arc<Self> {
        Arc::new(Self { alarm, room, is_rung: AtomicBool::new(false) })
    }

    pub(crate) fn ring(&self) {
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
