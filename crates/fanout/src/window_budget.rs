//! The memory of all windows together. Each has its own bound as well, but there may be many boards.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The bytes that the windows of all channels occupy, and how many they may.
#[derive(Debug)]
pub struct WindowBudget {
    window_bytes: usize,
    total_bytes: usize,
    windows: AtomicUsize,
    used_bytes: AtomicUsize,
}

/// The part of a budget that one window uses, until it is dropped.
#[derive(Debug)]
pub(crate) struct WindowShare {
    budget: Arc<WindowBudget>,
    bytes: usize,
}

impl WindowBudget {
    /// A budget for windows of at most `window_bytes` each. When all of them exceed `total_bytes`, a window that gets a
    /// frame keeps no more than an equal share. Those that get none keep their frames. If all are trimmed whenever there is
    /// one more, they occupy at most twice `total_bytes`.
    pub fn new(window_bytes: usize, total_bytes: usize) -> Arc<Self> {
        let (windows, used_bytes) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Arc::new(Self { window_bytes, total_bytes, windows, used_bytes })
    }

    /// The size of the frames in all windows, overhead included.
    pub fn used_bytes(&self) -> usize {
        self.used_bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn share(self: &Arc<Self>) -> WindowShare {
        self.windows.fetch_add(1, Ordering::Relaxed);
        WindowShare { budget: Arc::clone(self), bytes: 0 }
    }
}

impl WindowShare {
    pub(crate) fn grow(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.budget.used_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn shrink(&mut self, bytes: usize) {
        self.bytes -= bytes;
        self.budget.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub(crate) fn is_exceeded(&self) -> bool {
        let WindowBudget { window_bytes, total_bytes, windows, used_bytes } = &*self.budget;
        let equal_share = || total_bytes / windows.load(Ordering::Relaxed);
        self.bytes > *window_bytes
            || used_bytes.load(Ordering::Relaxed) > *total_bytes && self.bytes > equal_share()
    }
}

impl Drop for WindowShare {
    fn drop(&mut self) {
        self.shrink(self.bytes);
        self.budget.windows.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_share_a_full_budget() {
        let budget = WindowBudget::new(80, 100);
        let [mut first, mut second] = [(); 2].map(|()| budget.share());
        first.grow(80);
        assert!(!first.is_exceeded());
        second.grow(40);
        assert!(first.is_exceeded() && !second.is_exceeded(), "each may keep 50");
        first.shrink(20);
        assert!(!first.is_exceeded() && budget.used_bytes() == 100);
        second.grow(20);
        drop(first);
        assert!(!second.is_exceeded());
        second.grow(30);
        assert!(second.is_exceeded(), "one window keeps its own bound");
        drop(second);
        assert_eq!(budget.used_bytes(), 0);
    }
}
