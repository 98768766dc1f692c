//! A server of the board as a process, and its publisher.

use std::cell::Cell;
use std::process::Command;
use std::sync::LazyLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::process::{ServerProcess, binary, start_server};
use ureq::Agent;

use crate::ComparisonArgs;
use crate::connection::BoardTransport;

/// The flight whose row changes.
const FLIGHT: &str = "UA768";

const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

/// The time zero of the times in events.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

pub(crate) struct BoardServer {
    pub(crate) server: ServerProcess,
    transport: BoardTransport,
    agent: Agent,
    /// The number of the last event.
    published: Cell<u64>,
    _folder: TempDir,
}

/// The number of an event, and the time since its publisher sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReceivedUpdate {
    pub(crate) number: u64,
    pub(crate) delay: Duration,
}

impl BoardServer {
    pub(crate) fn start(transport: BoardTransport, args: &ComparisonArgs) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let peer = |name| Command::new(binary(name));
        let server = match transport {
            BoardTransport::Http1 | BoardTransport::Http2 => start_server(folder.path(), &[]),
            BoardTransport::AxumSse => ServerProcess::start(&mut peer("axum-sse")),
            BoardTransport::AxumWebSocket => {
                ServerProcess::start(peer("axum-websocket").arg(args.read_buffer.to_string()))
            }
        };
        if transport.is_flightboard() {
            server.api().put_flight(FLIGHT, &json!({ "destination": "LAX" }));
        }
        let config = Agent::config_builder().timeout_global(Some(REQUEST_TIMEOUT)).build();
        let agent = Agent::new_with_config(config);
        Self { server, transport, agent, published: Cell::new(0), _folder: folder }
    }

    /// Publishes the next event.
    pub(crate) fn publish(&self) {
        let number = self.published.get() + 1;
        self.published.set(number);
        let data = state_update(number, START.elapsed());
        let line = json!({ "event": "flightStateUpdate", "data": data }).to_string();
        let (path, body) = match self.transport {
            BoardTransport::Http1 | BoardTransport::Http2 => ("/boards/main/flights", line),
            BoardTransport::AxumSse => ("/publish", data.to_string()),
            // A WebSocket has no names of events.
            BoardTransport::AxumWebSocket => ("/publish", line),
        };
        let request = self.agent.post(format!("http://{}{path}", self.server.address));
        let response = request.content_type("application/x-ndjson").send(body);
        response.expect("the server accepts an event");
    }

    /// Publishes events at an even rate while `is_wanted`.
    pub(crate) fn publish_while(&self, rate: f64, is_wanted: impl Fn() -> bool) {
        let start = Instant::now();
        for number in 1_u32.. {
            if !is_wanted() {
                return;
            }
            self.publish();
            let due = start + Duration::from_secs_f64(f64::from(number) / rate);
            sleep(due.saturating_duration_since(Instant::now()));
        }
    }

    /// The number of the last event.
    pub(crate) fn published(&self) -> u64 {
        self.published.get()
    }
}

/// The bytes of an event's data.
pub(crate) fn data_bytes() -> usize {
    state_update(1, Duration::ZERO).to_string().len()
}

/// A change of a flight, of the same length for each number.
fn state_update(number: u64, sent: Duration) -> Value {
    let state = if number.is_multiple_of(2) { "boarding" } else { "gateOpen" };
    let remark = format!("Boarding by groups {:012} {number:08}", sent.as_micros());
    json!({ "flight": FLIGHT, "state": state, "gate": format!("B{:02}", number % 97), "remark": remark })
}

impl ReceivedUpdate {
    /// Reads the data of an event; `None` if it is not one of the publisher's.
    pub(crate) fn from_data(data: &Value) -> Option<Self> {
        let mut words = data["remark"].as_str()?.rsplit(' ');
        let number = words.next()?.parse().ok()?;
        let sent = Duration::from_micros(words.next()?.parse().ok()?);
        Some(Self { number, delay: START.elapsed().saturating_sub(sent) })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that panics has failed")]
mod tests {
    use super::*;

    #[test]
    fn updates_are_read_back() {
        for number in [1, 2, 96, 12_345] {
            let data = state_update(number, START.elapsed());
            let update = ReceivedUpdate::from_data(&data).unwrap();
            assert_eq!(update.number, number);
            assert!(update.delay < Duration::from_secs(10), "{update:?}");
            assert_eq!(data.to_string().len(), data_bytes(), "{data}");
        }
        assert_eq!(ReceivedUpdate::from_data(&json!({ "flight": FLIGHT })), None);
    }
}
