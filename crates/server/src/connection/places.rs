//! Places for connections. When they are short, the connections that have been idle the longest give
//! theirs up, so that new ones are served at once.
//!
//! A browser keeps a connection for half a minute after its last response, and opens connections in
//! advance. Thousands of screens that return together would thus occupy all places. A connection is
//! idle from its start to the end of its first request's head, and from the end of a response to the
//! next request.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use engine::Metrics;
use parking_lot::Mutex;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// Free places below which idle connections are closed, as long as there are any.
pub(super) const MIN_FREE_PLACES: usize = 250;

/// With few spare connections, the places kept free are one of this number.
const MIN_FREE_SHARE: usize = 4;

/// Idle connections to close for a new one: one makes room for it, the other for those before it.
const CLOSED_PER_CONNECTION: usize = 2;

/// The places of one listener.
pub(crate) struct ConnectionPlaces {
    slots: Arc<Semaphore>,
    min_free: usize,
    idle: Arc<Mutex<IdleConnections>>,
    /// The process has no file descriptor for another connection that stays.
    lacks_descriptors: AtomicBool,
    /// `None` before the journal is open.
    metrics: Option<Arc<Metrics>>,
}

/// The idle connections in the order in which they became idle: at most one for each place.
#[derive(Default)]
struct IdleConnections {
    next: u64,
    closing: BTreeMap<u64, Arc<Notify>>,
}

/// A connection's place, which is free again when this is dropped.
pub(crate) struct ConnectionPlace {
    /// The place alone, for a connection that is never idle again.
    pub(super) slot: OwnedSemaphorePermit,
    pub(super) activity: Arc<ConnectionActivity>,
}

/// The number of a connection's open requests. Without any it is idle.
pub(super) struct ConnectionActivity {
    requests: Mutex<RequestCount>,
    idle: Arc<Mutex<IdleConnections>>,
    closing: Arc<Notify>,
}

#[derive(Default)]
struct RequestCount {
    open: usize,
    has_had_any: bool,
    /// Key among the idle connections.
    idle_key: u64,
}

/// A request from its head to the end of its response.
pub(super) struct OpenRequest(Arc<ConnectionActivity>);

impl ConnectionPlaces {
    /// `max_connections` places. `spare` of them are for connections other than streams.
    pub(crate) fn new(max_connections: usize, spare: usize, metrics: Option<Arc<Metrics>>) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(max_connections.min(Semaphore::MAX_PERMITS))),
            min_free: MIN_FREE_PLACES.min(spare / MIN_FREE_SHARE),
            idle: Arc::default(),
            lacks_descriptors: AtomicBool::new(false),
            metrics,
        }
    }

    /// Takes a place for a new connection. Waits only if no place is free.
    pub(super) async fn take(&self) -> ConnectionPlace {
        if self.slots.available_permits() <= self.min_free {
            self.close_idle();
        }
        let slot = Arc::clone(&self.slots).acquire_owned().await;
        ConnectionPlace {
            slot: slot.expect("this module never closes the semaphore"),
            activity: ConnectionActivity::new(Arc::clone(&self.idle)),
        }
    }

    /// Asks the connections that have been idle the longest to close.
    pub(super) fn close_idle(&self) {
        for _ in 0..CLOSED_PER_CONNECTION {
            let Some((_, closing)) = self.idle.lock().closing.pop_first() else { return };
            closing.notify_one();
            self.metrics.iter().for_each(|metrics| metrics.count_closed_idle_connection());
        }
    }

    /// Returns true if the last free places are in use: for requests that are answered at once, not
    /// for streams or idle connections.
    pub(crate) fn are_short(&self) -> bool {
        self.lacks_descriptors() || self.slots.available_permits() < self.min_free / 2
    }

    pub(super) fn lacks_descriptors(&self) -> bool {
        self.lacks_descriptors.load(Ordering::Relaxed)
    }

    pub(super) fn set_lacks_descriptors(&self, lacks: bool) {
        self.lacks_descriptors.store(lacks, Ordering::Relaxed);
    }
}

impl ConnectionActivity {
    fn new(idle: Arc<Mutex<IdleConnections>>) -> Arc<Self> {
        let closing = Arc::default();
        let idle_key = idle.lock().insert(&closing);
        let requests = Mutex::new(RequestCount { idle_key, ..RequestCount::default() });
        Arc::new(Self { requests, idle, closing })
    }

    /// Marks the connection as busy until the request is dropped.
    pub(super) fn begin_request(self: &Arc<Self>) -> OpenRequest {
        let mut requests = self.requests.lock();
        if requests.open == 0 {
            self.idle.lock().closing.remove(&requests.idle_key);
        }
        requests.open += 1;
        requests.has_had_any = true;
        OpenRequest(Arc::clone(self))
    }

    pub(super) fn is_busy(&self) -> bool {
        self.requests.lock().open > 0
    }

    pub(super) fn has_had_request(&self) -> bool {
        self.requests.lock().has_had_any
    }

    /// Waits until the connection, being idle, has to give up its place.
    pub(super) async fn must_close(&self) {
        self.closing.notified().await;
    }
}

impl IdleConnections {
    fn insert(&mut self, closing: &Arc<Notify>) -> u64 {
        self.next += 1;
        self.closing.insert(self.next, Arc::clone(closing));
        self.next
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        let mut requests = self.0.requests.lock();
        requests.open -= 1;
        if requests.open == 0 {
            requests.idle_key = self.0.idle.lock().insert(&self.0.closing);
        }
    }
}

impl Drop for ConnectionActivity {
    fn drop(&mut self) {
        self.idle.lock().closing.remove(&self.requests.get_mut().idle_key);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    async fn take(places: &ConnectionPlaces, count: usize) -> Vec<ConnectionPlace> {
        let mut taken = Vec::new();
        for _ in 0..count {
            taken.push(places.take().await);
        }
        taken
    }

    /// The indices of the connections that must close.
    fn closing(connections: &[ConnectionPlace]) -> Vec<usize> {
        let must_close = |place: &ConnectionPlace| place.activity.must_close().now_or_never();
        (0..connections.len()).filter(|at| must_close(&connections[*at]).is_some()).collect()
    }

    #[tokio::test]
    async fn longest_idle_connections_are_closed() {
        let places = ConnectionPlaces::new(100, 40, None);
        let mut connections = take(&places, 90).await;
        assert!(closing(&connections).is_empty(), "ten places are free");
        let request = connections[0].activity.begin_request();
        let other = connections[0].activity.begin_request();
        drop(connections[2].activity.begin_request());
        drop(request);
        drop(connections.remove(3));
        connections.extend(take(&places, 2).await);
        assert_eq!(closing(&connections), [1, 3], "0 is busy, 2 was used later");
        drop(other);
    }

    #[tokio::test]
    async fn last_places_are_reserved() {
        let places = ConnectionPlaces::new(100, 40, None);
        let connections = take(&places, 95).await;
        assert!(!places.are_short());
        let next = places.take().await;
        assert!(places.are_short());
        drop(connections);
        assert!(!places.are_short() && places.idle.lock().closing.len() == 1);
        drop(next);
        assert!(places.idle.lock().closing.is_empty(), "connections that ended are forgotten");
    }

    #[tokio::test]
    async fn single_place_is_handed_over() {
        let places = ConnectionPlaces::new(1, 1, None);
        let first = places.take().await;
        assert!(places.take().now_or_never().is_none(), "the first one has not left yet");
        first.activity.must_close().await;
        drop(first);
        places.take().await;
    }
}
