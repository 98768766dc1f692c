//! The one who publishes, at an even rate. While the server is away it tries again, under the same key.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use ureq::Agent;

use super::delivery_tracker::DeliveryTracker;
use testkit::event_id::split_event_id;

pub struct SteadyPublisher {
    pub address: SocketAddr,
    pub per_sec: f64,
    pub tracker: Arc<DeliveryTracker>,
    /// The number of the newest event that was answered.
    pub newest: Arc<AtomicU64>,
    pub stopped: Arc<AtomicBool>,
}

/// How soon it tries again.
const AGAIN: Duration = Duration::from_millis(5);

/// How long an answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

impl SteadyPublisher {
    /// Publishes until it is stopped.
    pub fn run(self) {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(ANSWER_TIMEOUT));
        let agent = Agent::new_with_config(config.build());
        let url = format!("http://{}/boards/main/flights/{FLIGHT}", self.address);
        let start = Instant::now();
        for number in 1_u32.. {
            let due = start + Duration::from_secs_f64(f64::from(number) / self.per_sec);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let row = json!({ "origin": "Rome", "remark": number.to_string() });
            let key = format!("storm-{number}");
            self.tracker.ask(self.newest.load(Ordering::Relaxed) + 1);
            loop {
                if self.stopped.load(Ordering::Relaxed) {
                    return;
                }
                let answer = agent.put(&url).header("idempotency-key", &key).send_json(&row);
                let id = answer.ok().filter(|answer| answer.status().is_success());
                let id = id.as_ref().and_then(|answer| answer.headers().get("event-id"));
                if let Some((_, seq)) = id.and_then(|id| split_event_id(id.to_str().ok()?)) {
                    self.tracker.answer(seq);
                    self.newest.store(seq, Ordering::Relaxed);
                    break;
                }
                std::thread::sleep(AGAIN);
            }
        }
    }
}

/// The one that changes.
pub const FLIGHT: &str = "STORM1";
