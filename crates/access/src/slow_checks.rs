//! The order in which tokens are checked against slow hashes.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Most requests that wait for slow hashes. One costs 19 MiB and some hundredths of a second, so they take turns.
const MAX_SLOW_CHECKS: usize = 64;

/// Most of them of one address, so that a client with wrong tokens leaves places for others.
const MAX_SLOW_CHECKS_PER_ADDRESS: usize = 4;

/// Longest wait for a turn.
const TURN_TIMEOUT: Duration = Duration::from_secs(30);

/// The requests whose tokens are checked against slow hashes, one at a time.
#[derive(Debug)]
pub(crate) struct SlowChecks {
    turn: Arc<Semaphore>,
    places: Arc<Mutex<CheckPlaces>>,
}

/// The turn of a request, with its place.
pub(crate) struct CheckTurn {
    _turn: OwnedSemaphorePermit,
    _place: CheckPlace,
}

#[derive(Debug, Default)]
struct CheckPlaces {
    taken: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// Gives the place back when it is dropped.
struct CheckPlace {
    places: Arc<Mutex<CheckPlaces>>,
    address: Option<IpAddr>,
}

impl Default for SlowChecks {
    fn default() -> Self {
        Self { turn: Arc::new(Semaphore::new(1)), places: Arc::default() }
    }
}

impl SlowChecks {
    /// Waits for a turn, in the order of the calls. `None` if too many wait, in all or of this address, or for too
    /// long. Without an address, only the bound for all holds.
    pub(crate) async fn turn(&self, address: Option<IpAddr>) -> Option<CheckTurn> {
        let place = self.take_place(address)?;
        let turn = timeout(TURN_TIMEOUT, Arc::clone(&self.turn).acquire_owned()).await;
        Some(CheckTurn { _turn: turn.ok()?.ok()?, _place: place })
    }

    fn take_place(&self, address: Option<IpAddr>) -> Option<CheckPlace> {
        let mut places = self.places.lock();
        if places.taken == MAX_SLOW_CHECKS {
            return None;
        }
        if let Some(address) = address {
            let taken = places.by_address.entry(address).or_default();
            if *taken == MAX_SLOW_CHECKS_PER_ADDRESS {
                return None;
            }
            *taken += 1;
        }
        places.taken += 1;
        Some(CheckPlace { places: Arc::clone(&self.places), address })
    }
}

impl Drop for CheckPlace {
    fn drop(&mut self) {
        let mut places = self.places.lock();
        places.taken -= 1;
        let Some(address) = self.address else { return };
        if let Some(taken) = places.by_address.get_mut(&address) {
            *taken -= 1;
            if *taken == 0 {
                places.by_address.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn addresses_leave_places_for_others() {
        let checks = SlowChecks::default();
        let address = |last: usize| Some(IpAddr::from([192, 0, 2, u8::try_from(last).unwrap()]));
        let mut held: Vec<_> = (0..100).filter_map(|_| checks.take_place(address(1))).collect();
        assert_eq!(held.len(), MAX_SLOW_CHECKS_PER_ADDRESS);
        assert!(checks.take_place(address(2)).is_some());
        held.extend((0..100).filter_map(|_| checks.take_place(None)));
        assert_eq!(held.len(), MAX_SLOW_CHECKS);
        assert!(checks.take_place(address(2)).is_none());
        drop(held);
        assert!(checks.places.lock().by_address.is_empty());
        assert!(checks.turn(address(1)).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn waits_for_turns_end() {
        let checks = SlowChecks::default();
        let held = checks.turn(None).await.unwrap();
        // A wait without an end fails as well.
        let waited = timeout(2 * TURN_TIMEOUT, checks.turn(None)).await;
        assert!(waited.is_ok_and(|turn| turn.is_none()));
        assert_eq!(checks.places.lock().taken, 1);
        drop(held);
        assert!(checks.turn(None).await.is_some());
    }
}
