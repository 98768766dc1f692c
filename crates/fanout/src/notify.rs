//! Wakes a reactor worker and tells it which channels have new frames.
//!
//! However often a channel publishes between two passes of a worker, it is listed once and the
//! worker is woken once.

use std::sync::Arc;
use std::sync::atomic::{
    AtomicBool, AtomicUsize,
    Ordering::{Relaxed, SeqCst},
};

use mio::Waker;
use parking_lot::Mutex;

/// Wakes one worker out of its `poll`, and lists its subscriptions with new frames.
#[derive(Debug)]
pub(crate) struct WorkerNotifier {
    waker: Waker,
    is_woken: AtomicBool,
    /// Keys of the subscriptions with new frames, each at most once.
    subscriptions: Mutex<Vec<usize>>,
    /// Events published to all subscriptions since the list was taken.
    published: AtomicUsize,
}

/// The notifications since the last pass.
pub(crate) struct PendingNotifications {
    pub(crate) subscriptions: Vec<usize>,
    /// Number of events published, over all subscriptions.
    pub(crate) published: usize,
}

/// Notifies one worker that one channel, a subscription of that worker, has new frames.
#[derive(Debug)]
pub(crate) struct ChannelNotifier {
    worker: Arc<WorkerNotifier>,
    subscription: usize,
    /// Set while the subscription is listed and not polled yet.
    is_pending: AtomicBool,
}

impl WorkerNotifier {
    pub(crate) fn new(waker: Waker) -> Self {
        Self {
            waker,
            is_woken: AtomicBool::new(false),
            subscriptions: Mutex::default(),
            published: AtomicUsize::new(0),
        }
    }

    pub(crate) fn wake(&self) {
        if !self.is_woken.swap(true, SeqCst) {
            // Fails only if the worker has ended; then there is no one to wake.
            let _ = self.waker.wake();
        }
    }

    /// Called by the worker when it is awake, before it reads anything that others left for it: a
    /// later `wake` wakes it again. A swap, not a store, because it must also acquire the writes that
    /// preceded the `wake`.
    pub(crate) fn clear(&self) {
        self.is_woken.swap(false, SeqCst);
    }

    /// Number of events published since the last [`WorkerNotifier::take`].
    pub(crate) fn published(&self) -> usize {
        self.published.load(Relaxed)
    }

    pub(crate) fn take(&self) -> PendingNotifications {
        let published = self.published.swap(0, Relaxed);
        let subscriptions = std::mem::take(&mut *self.subscriptions.lock());
        PendingNotifications { subscriptions, published }
    }
}

impl ChannelNotifier {
    pub(crate) fn new(worker: Arc<WorkerNotifier>, subscription: usize) -> Arc<Self> {
        Arc::new(Self { worker, subscription, is_pending: AtomicBool::new(false) })
    }

    pub(crate) fn notify(&self) {
        // Only an estimate of the batch size for `CoalesceDelay`, hence relaxed.
        self.worker.published.fetch_add(1, Relaxed);
        if !self.is_pending.swap(true, SeqCst) {
            self.worker.subscriptions.lock().push(self.subscription);
            self.worker.wake();
        }
    }

    /// Called before the channel is read: frames published after the read notify again. A swap for
    /// the same reason as in [`WorkerNotifier::clear`].
    pub(crate) fn clear(&self) {
        self.is_pending.swap(false, SeqCst);
    }
}
