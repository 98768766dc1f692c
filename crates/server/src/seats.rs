//! Counts the connections or streams of each client address.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::time::{Duration, Instant};

use crate::client_address::ClientAddress;

/// Time over which new seats are counted.
const RATE_WINDOW: Duration = Duration::from_secs(1);

/// Most addresses whose new seats are counted at a time. The others are not limited in their rate.
const MAX_COUNTED_ADDRESSES: usize = 65_536;

/// The seats of all addresses.
#[derive(Debug, Default)]
pub(crate) struct SeatTable(Mutex<SeatCounts>);

#[derive(Debug, Default)]
struct SeatCounts {
    /// Only addresses with a seat, so it has an entry per seat at most.
    taken: HashMap<ClientAddress, usize>,
    new: HashMap<ClientAddress, usize>,
    window_end: Option<Instant>,
}

/// A connection or stream of an address, until it is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    table: Arc<SeatTable>,
    address: ClientAddress,
    /// The address had no other when this was taken.
    pub(crate) is_first: bool,
}

impl SeatTable {
    /// Takes a seat. Returns `None` if the address has `max_seats`, or has taken `max_new` within a
    /// second.
    pub(crate) fn take(
        self: &Arc<Self>,
        address: ClientAddress,
        max_seats: usize,
        max_new: usize,
    ) -> Option<Seat> {
        let mut counts = self.0.lock();
        if !counts.count_new(address, max_new, Instant::now()) {
            return None;
        }
        let taken = counts.taken.get(&address).copied().unwrap_or(0);
        if taken >= max_seats {
            return None;
        }
        counts.taken.insert(address, taken + 1);
        Some(Seat { table: Arc::clone(self), address, is_first: taken == 0 })
    }
}

impl SeatCounts {
    /// Counts a seat against the rate of its address. Returns false if it is above `max_new`.
    fn count_new(&mut self, address: ClientAddress, max_new: usize, now: Instant) -> bool {
        if self.window_end.is_none_or(|end| end <= now) {
            self.new.clear();
            self.window_end = Some(now + RATE_WINDOW);
        }
        if max_new == usize::MAX || self.new.len() >= MAX_COUNTED_ADDRESSES {
            return true;
        }
        let new = self.new.entry(address).or_default();
        *new = new.saturating_add(1);
        *new <= max_new
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.table.0.lock();
        if let Some(taken) = counts.taken.get_mut(&self.address) {
            *taken -= 1;
            if *taken == 0 {
                counts.taken.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn address(last: u8) -> ClientAddress {
        IpAddr::from([192, 0, 2, last]).into()
    }

    #[test]
    fn addresses_have_seats_of_their_own() {
        let table = Arc::<SeatTable>::default();
        let take = |last| table.take(address(last), 2, usize::MAX);
        let first = take(1).unwrap();
        let second = take(1).unwrap();
        assert!(first.is_first && !second.is_first && take(1).is_none());
        assert!(take(2).unwrap().is_first);
        drop((first, second));
        assert!(take(1).unwrap().is_first);
        assert!(table.0.lock().taken.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn new_seats_are_limited_each_second() {
        let table = Arc::<SeatTable>::default();
        let take = |last| table.take(address(last), usize::MAX, 3).is_some();
        assert_eq!([take(1), take(1), take(1), take(1), take(2)], [true, true, true, false, true]);
        tokio::time::advance(RATE_WINDOW).await;
        assert!(take(1));
        assert_eq!(table.0.lock().new.len(), 1, "past windows are forgotten");
    }
}
