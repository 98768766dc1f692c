//! A health check at intervals, as of a load balancer, and the longest waits of requests on new connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use ureq::Agent;

use super::delivery_tracker::DeliveryTracker;

const INTERVAL: Duration = Duration::from_millis(50);

const RESPONSE_TIMEOUT: Duration = Duration::from_secs(60);

/// The longest times from the start of a connection to the response, since they were last taken.
#[derive(Debug, Default)]
pub struct LongestWaits {
    update: Mutex<Duration>,
    health: Mutex<Duration>,
}

impl LongestWaits {
    pub(super) fn record_update(&self, start: Instant) {
        record(&self.update, start);
    }

    /// Removes and returns the longest wait of an update and of a health check.
    pub fn take(&self) -> (Duration, Duration) {
        (std::mem::take(&mut *self.update.lock()), std::mem::take(&mut *self.health.lock()))
    }
}

/// An agent that opens a connection for each request.
pub(super) fn new_agent() -> Agent {
    let config = Agent::config_builder().http_status_as_error(false).max_idle_connections(0);
    Agent::new_with_config(config.timeout_global(Some(RESPONSE_TIMEOUT)).build())
}

/// Starts checking the server's health until the program ends.
pub fn start_health_check(address: SocketAddr, tracker: Arc<DeliveryTracker>) {
    let agent = new_agent();
    thread::spawn(move || {
        loop {
            let start = Instant::now();
            // A server that restarts refuses the connection.
            let _ = agent.get(format!("http://{address}/healthz")).call();
            record(&tracker.waits.health, start);
            thread::sleep(INTERVAL);
        }
    });
}

fn record(longest: &Mutex<Duration>, start: Instant) {
    let mut longest = longest.lock();
    *longest = (*longest).max(start.elapsed());
}
