//! Counts the connections or streams of each client: of its address, or of its credential.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::time::{Duration, Instant};

/// Time over which new seats are counted.
const RATE_WINDOW: Duration = Duration::from_secs(1);

/// Most clients whose new seats are counted at a time. The others are not limited in their rate.
const MAX_COUNTED_CLIENTS: usize = 65_536;

/// The seats of all clients, each of which has a key.
#[derive(Debug)]
pub(crate) struct SeatTable<K>(Mutex<SeatCounts<K>>);

#[derive(Debug)]
struct SeatCounts<K> {
    /// Only clients with a seat, so it has an entry per seat at most.
    taken: HashMap<K, usize>,
    new: HashMap<K, usize>,
    window_end: Option<Instant>,
}

/// A connection or stream of a client, until it is dropped.
#[derive(Debug)]
pub(crate) struct Seat<K: Eq + Hash> {
    table: Arc<SeatTable<K>>,
    client: K,
    /// The client had no other when this was taken.
    pub(crate) is_first: bool,
}

/// The limit that one more seat would exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SeatLimit {
    /// Seats at a time.
    Open,
    /// New seats within a second.
    New,
}

impl<K> Default for SeatTable<K> {
    fn default() -> Self {
        let counts = SeatCounts { taken: HashMap::new(), new: HashMap::new(), window_end: None };
        Self(Mutex::new(counts))
    }
}

impl<K: Clone + Eq + Hash> SeatTable<K> {
    /// Takes a seat.
    ///
    /// # Errors
    /// The client has `max_seats`, or has asked for more than `max_new` within a second.
    pub(crate) fn take(
        self: &Arc<Self>,
        client: K,
        max_seats: usize,
        max_new: usize,
    ) -> Result<Seat<K>, SeatLimit> {
        let mut counts = self.0.lock();
        if !counts.count_new(&client, max_new, Instant::now()) {
            return Err(SeatLimit::New);
        }
        let taken = counts.taken.get(&client).copied().unwrap_or(0);
        if taken >= max_seats {
            return Err(SeatLimit::Open);
        }
        counts.taken.insert(client.clone(), taken + 1);
        Ok(Seat { table: Arc::clone(self), client, is_first: taken == 0 })
    }
}

impl<K: Clone + Eq + Hash> SeatCounts<K> {
    /// Counts a seat against the rate of its client. Returns false if it is above `max_new`.
    fn count_new(&mut self, client: &K, max_new: usize, now: Instant) -> bool {
        if self.window_end.is_none_or(|end| end <= now) {
            self.new.clear();
            self.window_end = Some(now + RATE_WINDOW);
        }
        if max_new == usize::MAX || self.new.len() >= MAX_COUNTED_CLIENTS {
            return true;
        }
        let new = self.new.entry(client.clone()).or_default();
        *new = new.saturating_add(1);
        *new <= max_new
    }
}

impl<K: Eq + Hash> Drop for Seat<K> {
    fn drop(&mut self) {
        let mut counts = self.table.0.lock();
        if let Some(taken) = counts.taken.get_mut(&self.client) {
            *taken -= 1;
            if *taken == 0 {
                counts.taken.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_have_seats_of_their_own() {
        let table = Arc::<SeatTable<&str>>::default();
        let take = |client| table.take(client, 2, usize::MAX);
        let first = take("a").unwrap();
        let second = take("a").unwrap();
        assert!(first.is_first && !second.is_first);
        assert_eq!(take("a").unwrap_err(), SeatLimit::Open);
        assert!(take("b").unwrap().is_first);
        drop((first, second));
        assert!(take("a").unwrap().is_first);
        assert!(table.0.lock().taken.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn new_seats_are_limited_each_second() {
        let table = Arc::<SeatTable<&str>>::default();
        let take = |client| table.take(client, usize::MAX, 3).err();
        assert_eq!([take("a"), take("a"), take("a"), take("b")], [None; 4]);
        assert_eq!(take("a"), Some(SeatLimit::New));
        tokio::time::advance(RATE_WINDOW).await;
        assert_eq!(take("a"), None);
        assert_eq!(table.0.lock().new.len(), 1, "past windows are forgotten");
    }
}
