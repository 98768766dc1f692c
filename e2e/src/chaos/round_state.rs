//! State shared by the threads and tasks of a round.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use parking_lot::{Condvar, Mutex};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use super::model::Model;

pub(super) struct RoundState {
    pub(super) model: Mutex<Model>,
    /// The address of each replica, `None` while it is known to be down. A single node is replica 0.
    addresses: Mutex<Vec<Option<SocketAddr>>>,
    address_changed: Condvar,
    stopped: AtomicBool,
    abandoned: AtomicBool,
    /// Requests answered with a server error.
    pub(super) refused: AtomicUsize,
}

impl RoundState {
    pub(super) fn new(replicas: usize) -> Arc<Self> {
        Arc::new(Self {
            model: Mutex::default(),
            addresses: Mutex::new(vec![None; replicas]),
            address_changed: Condvar::new(),
            stopped: AtomicBool::new(false),
            abandoned: AtomicBool::new(false),
            refused: AtomicUsize::new(0),
        })
    }

    /// Announces where a replica listens, or that it is down.
    pub(super) fn set_address(&self, replica: usize, address: Option<SocketAddr>) {
        self.addresses.lock()[replica] = address;
        self.address_changed.notify_all();
    }

    /// Returns a random replica that is up.
    pub(super) fn random_address(&self, rng: &mut StdRng) -> Option<SocketAddr> {
        choose_address(&self.addresses.lock(), rng)
    }

    /// Waits for a replica that is up, and returns the branch to which it appends as well. `None` if the
    /// round was abandoned.
    pub(super) fn wait_for_server(&self, rng: &mut StdRng) -> Option<(SocketAddr, usize)> {
        let mut addresses = self.addresses.lock();
        while !self.abandoned.load(Ordering::Relaxed) {
            if let Some(address) = choose_address(&addresses, rng) {
                drop(addresses);
                return Some((address, self.current_branch()));
            }
            self.address_changed.wait(&mut addresses);
        }
        None
    }

    pub(super) fn current_branch(&self) -> usize {
        self.model.lock().current_branch()
    }

    /// Tells load generators to start no new request.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Announces that no server will come up again, so that no load generator waits for one.
    pub(super) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
        self.addresses.lock().fill(None);
        self.address_changed.notify_all();
    }
}

fn choose_address(addresses: &[Option<SocketAddr>], rng: &mut StdRng) -> Option<SocketAddr> {
    let up: Vec<_> = addresses.iter().flatten().copied().collect();
    up.choose(rng).copied()
}
