//! A publisher with an even rate. While the server is down it repeats its request under the same idempotency key.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::json;
use testkit::event_id::split_event_id;

use super::delivery_tracker::DeliveryTracker;
use super::health_check::new_agent;

const RETRY_DELAY: Duration = Duration::from_millis(5);

/// The flight whose row changes.
const FLIGHT: &str = "STORM1";

/// A running publisher.
pub struct SteadyPublisher {
    stopped: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl SteadyPublisher {
    /// Starts publishing to board `main`, each update on a new connection.
    pub fn start(address: SocketAddr, per_sec: f64, tracker: Arc<DeliveryTracker>) -> Self {
        let stopped = Arc::new(AtomicBool::new(false));
        let is_stopped = Arc::clone(&stopped);
        let thread = thread::spawn(move || publish(address, per_sec, &tracker, &is_stopped));
        Self { stopped, thread }
    }

    /// Stops publishing, and waits for the last request.
    ///
    /// # Panics
    /// The publisher's thread panicked.
    pub fn stop(self) {
        self.stopped.store(true, Ordering::Relaxed);
        self.thread.join().expect("the publisher does not panic");
    }
}

fn publish(address: SocketAddr, per_sec: f64, tracker: &DeliveryTracker, stopped: &AtomicBool) {
    let agent = new_agent();
    let url = format!("http://{address}/boards/main/flights/{FLIGHT}");
    let start = Instant::now();
    for number in 1_u32.. {
        let due = start + Duration::from_secs_f64(f64::from(number) / per_sec);
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let row = json!({ "origin": "Rome", "remark": number.to_string() });
        let key = format!("storm-{number}");
        let requested = Instant::now();
        loop {
            if stopped.load(Ordering::Relaxed) {
                return;
            }
            let start = Instant::now();
            let response = agent.put(&url).header("idempotency-key", &key).send_json(&row);
            tracker.waits.record_update(start);
            let response = response.ok().filter(|response| response.status().is_success());
            let id = response.as_ref().and_then(|response| response.headers().get("event-id"));
            if let Some((_, seq)) = id.and_then(|id| split_event_id(id.to_str().ok()?)) {
                tracker.record_acknowledgement(seq, requested);
                break;
            }
            thread::sleep(RETRY_DELAY);
        }
    }
}
