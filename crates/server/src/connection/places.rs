//! Places for connections. When they are short, the connections that have been idle the longest give
//! theirs up, so that new ones are served at once.
//!
//! A browser keeps a connection for half a minute after its last response, and opens connections in
//! advance. Thousands of screens that return together would thus occupy all places. A connection is
//! idle from its start to the end of its first request's head, and from the end of a response to the
//! next request.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use engine::Metrics;
use parking_lot::Mutex;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::client_address::ClientAddress;
use crate::limits::{CONNECTIONS_PER_ADDRESS, ClientLimits, NEW_CONNECTIONS_PER_ADDRESS};
use crate::seats::{Seat, SeatLimit, SeatTable};

/// Free places below which idle connections are closed, as long as there are any.
pub(super) const MIN_FREE_PLACES: usize = 250;

/// With few spare connections, the places kept free are one of this number.
const MIN_FREE_SHARE: usize = 4;

/// Idle connections to close for a new one: one makes room for it, the other for those before it.
const CLOSED_PER_CONNECTION: usize = 2;

/// Places on top of all others for one response each, such as that of a health check.
pub(crate) const BRIEF_PLACES: usize = 16;

/// Brief places that an address may occupy at a time.
const BRIEF_PLACES_PER_ADDRESS: usize = 4;

/// Longest wait for the place of an idle connection that was asked to close.
const CLOSING_WAIT: Duration = Duration::from_millis(250);

/// The places of all listeners.
pub(crate) struct ConnectionPlaces {
    slots: Arc<Semaphore>,
    kept: Arc<Semaphore>,
    brief: Arc<Semaphore>,
    limits: ClientLimits,
    seats: Arc<SeatTable<ClientAddress>>,
    brief_seats: Arc<SeatTable<ClientAddress>>,
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
    pub(super) slot: PlaceSlot,
    pub(super) activity: Arc<ConnectionActivity>,
    /// For one response only.
    pub(super) is_brief: bool,
}

/// A seat of an address.
type AddressSeat = Seat<ClientAddress>;

/// A place, and the seats of the connection's address.
pub(super) struct PlaceSlot {
    _permit: OwnedSemaphorePermit,
    _seats: [Option<AddressSeat>; 2],
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
    pub(crate) fn new(
        max_connections: usize,
        spare: usize,
        limits: ClientLimits,
        metrics: Option<Arc<Metrics>>,
    ) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(max_connections.min(Semaphore::MAX_PERMITS))),
            kept: Arc::new(Semaphore::new(limits.kept_connections)),
            brief: Arc::new(Semaphore::new(BRIEF_PLACES)),
            limits,
            seats: Arc::default(),
            brief_seats: Arc::default(),
            min_free: MIN_FREE_PLACES.min(spare / MIN_FREE_SHARE),
            idle: Arc::default(),
            lacks_descriptors: AtomicBool::new(false),
            metrics,
        }
    }

    /// Takes a place for a new connection of `peer`. Returns `None` if its address has all of its
    /// connections. Waits only if no place is free, and with default limits only for a moment.
    pub(super) async fn take(&self, peer: IpAddr) -> Option<ConnectionPlace> {
        let address = ClientAddress::from(peer);
        let is_proxy = self.limits.trusts(peer);
        let is_limited = !address.is_local_host() && !is_proxy;
        let Ok(seat) = self.take_seat(address, is_limited, is_proxy) else {
            self.count_refused();
            return None;
        };
        let must_close = self.slots.available_permits() <= self.min_free;
        let is_closing = must_close && self.close_idle();
        if let Ok(permit) = Arc::clone(&self.slots).try_acquire_owned() {
            return Some(self.new_place(permit, [Some(seat), None]));
        }
        if seat.is_first
            && let Ok(permit) = Arc::clone(&self.kept).try_acquire_owned()
        {
            return Some(self.new_place(permit, [Some(seat), None]));
        }
        let next = Arc::clone(&self.slots).acquire_owned();
        if is_closing && let Ok(Ok(permit)) = timeout(CLOSING_WAIT, next).await {
            return Some(self.new_place(permit, [Some(seat), None]));
        }
        let max_brief = if is_limited { BRIEF_PLACES_PER_ADDRESS } else { usize::MAX };
        if let Ok(brief_seat) = self.brief_seats.take(address, max_brief, usize::MAX)
            && let Ok(permit) = Arc::clone(&self.brief).try_acquire_owned()
        {
            let place = self.new_place(permit, [Some(seat), Some(brief_seat)]);
            return Some(ConnectionPlace { is_brief: true, ..place });
        }
        if is_limited {
            self.count_refused();
            return None;
        }
        let (permit, is_brief) = tokio::select! {
            permit = Arc::clone(&self.slots).acquire_owned() => (permit, false),
            permit = Arc::clone(&self.brief).acquire_owned() => (permit, true),
        };
        let permit = permit.expect("this module never closes the semaphores");
        let place = self.new_place(permit, [Some(seat), None]);
        Some(ConnectionPlace { is_brief, ..place })
    }

    /// Counts the connection for its address.
    fn take_seat(
        &self,
        address: ClientAddress,
        is_limited: bool,
        is_proxy: bool,
    ) -> Result<AddressSeat, SeatLimit> {
        let limit = |set: Option<usize>, default| match set {
            Some(limit) if !is_proxy => limit,
            None if is_limited => default,
            _ => usize::MAX,
        };
        let max_seats = limit(self.limits.connections_per_address, CONNECTIONS_PER_ADDRESS);
        let max_new = limit(self.limits.new_connections_per_address, NEW_CONNECTIONS_PER_ADDRESS);
        self.seats.take(address, max_seats, max_new)
    }

    fn new_place(
        &self,
        permit: OwnedSemaphorePermit,
        seats: [Option<AddressSeat>; 2],
    ) -> ConnectionPlace {
        ConnectionPlace {
            slot: PlaceSlot { _permit: permit, _seats: seats },
            activity: ConnectionActivity::new(Arc::clone(&self.idle)),
            is_brief: false,
        }
    }

    fn count_refused(&self) {
        self.metrics.iter().for_each(|metrics| metrics.requests().count_refused_connection());
    }

    /// Asks the connections that have been idle the longest to close. Returns false if there are none.
    pub(super) fn close_idle(&self) -> bool {
        for number in 0..CLOSED_PER_CONNECTION {
            let Some((_, closing)) = self.idle.lock().closing.pop_first() else {
                return number > 0;
            };
            closing.notify_one();
            self.metrics.iter().for_each(|metrics| metrics.count_closed_idle_connection());
        }
        true
    }

    /// Returns true if the last free places are in use: for requests that are answered at once, not
    /// for streams or idle connections.
    pub(crate) fn are_short(&self) -> bool {
        self.lacks_descriptors() || self.slots.available_permits() < self.min_free / 2
    }

    pub(crate) fn lacks_descriptors(&self) -> bool {
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
    use std::net::Ipv4Addr;

    use futures_util::FutureExt;

    use super::*;

    const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn remote(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    fn places(max_connections: usize, spare: usize) -> ConnectionPlaces {
        ConnectionPlaces::new(max_connections, spare, ClientLimits::default(), None)
    }

    async fn take(places: &ConnectionPlaces, count: usize) -> Vec<ConnectionPlace> {
        let mut taken = Vec::new();
        for _ in 0..count {
            taken.push(places.take(LOCAL).await.unwrap());
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
        let places = places(100, 40);
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
        let places = places(100, 40);
        let connections = take(&places, 95).await;
        assert!(!places.are_short());
        let next = places.take(LOCAL).await.unwrap();
        assert!(places.are_short());
        drop(connections);
        assert!(!places.are_short() && places.idle.lock().closing.len() == 1);
        drop(next);
        assert!(places.idle.lock().closing.is_empty(), "connections that ended are forgotten");
    }

    #[tokio::test]
    async fn single_place_is_handed_over() {
        let places = places(1, 1);
        let first = places.take(LOCAL).await.unwrap();
        assert!(places.take(LOCAL).now_or_never().is_none(), "the first one has not left yet");
        first.activity.must_close().await;
        drop(first);
        places.take(LOCAL).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn new_addresses_have_kept_places() {
        let places = places(20, 8);
        let attacker = remote(1);
        let mut taken = Vec::new();
        while let Some(place) = places.take(attacker).await {
            taken.push(place.activity.begin_request());
            std::mem::forget(place);
        }
        assert_eq!(taken.len(), 20 + BRIEF_PLACES_PER_ADDRESS);
        for last in 2..=4 {
            let first = places.take(remote(last)).await.unwrap();
            assert!(!first.is_brief);
            assert!(places.take(remote(last)).await.unwrap().is_brief);
        }
    }

    #[tokio::test]
    async fn connections_of_an_address_are_limited() {
        let places = places(5_000, 8);
        let mut taken = Vec::new();
        for _ in 0..NEW_CONNECTIONS_PER_ADDRESS {
            taken.push(places.take(remote(1)).await.unwrap());
        }
        assert!(places.take(remote(1)).await.is_none(), "too many in a second");
        assert!(places.take(remote(2)).await.is_some());
        let limits = ClientLimits { connections_per_address: Some(2), ..ClientLimits::default() };
        let places = ConnectionPlaces::new(5_000, 8, limits, None);
        let _taken = [places.take(LOCAL).await.unwrap(), places.take(LOCAL).await.unwrap()];
        assert!(places.take(LOCAL).await.is_none(), "a limit that is set holds for all");
    }
}
