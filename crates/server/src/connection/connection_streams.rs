//! The event streams of one connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts the streams of a connection: an extension of each of its requests.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionStreams {
    open: Arc<AtomicUsize>,
    max_streams: usize,
}

/// A stream of a connection, until it is dropped.
#[derive(Debug)]
pub(crate) struct ConnectionSeat(Arc<AtomicUsize>);

impl ConnectionStreams {
    pub(super) fn new(max_streams: usize) -> Self {
        Self { open: Arc::default(), max_streams }
    }

    /// Returns `None` if the connection has all its streams.
    pub(crate) fn take(&self) -> Option<ConnectionSeat> {
        let take = |open| (open < self.max_streams).then_some(open + 1);
        self.open.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).ok()?;
        Some(ConnectionSeat(Arc::clone(&self.open)))
    }
}

impl Drop for ConnectionSeat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
