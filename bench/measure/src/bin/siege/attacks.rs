//! The attacks, one function each.

/// Bodies with many lines, or slow ones.
mod bodies;

/// Many connections, and slow ones.
mod connections;

/// HTTP/2.
mod http2;

/// Single requests that must be refused.
mod requests;

/// Large boards and many idempotency keys.
mod rows;

use std::net::SocketAddr;
use std::pin::Pin;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;
use testkit::api::ApiClient;

/// The board that attacks change. The followers follow `main`.
const ATTACKED_BOARD: &str = "attacked";

const ROWS_PER_REQUEST: usize = 1_000;

/// An attack on a server.
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    /// Flags of the server.
    pub(crate) flags: &'static [&'static str],
    /// Runs before the followers connect.
    pub(crate) prepare: fn(&ApiClient),
    pub(crate) run: fn(Target) -> AttackFuture,
}

type AttackFuture = Pin<Box<dyn Future<Output = Result<Vec<Finding>>> + Send>>;

/// The server to attack, and the time for it.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) duration: Duration,
    end: Instant,
}

/// An observation of an attack.
pub(crate) struct Finding {
    pub(crate) text: String,
    /// False if a server that is safe does not do this.
    pub(crate) is_expected: bool,
}

/// All attacks.
pub(crate) const ATTACKS: [Attack; 20] = [
    attack("ambiguous-lines", &[], full_of_one_number, |target| {
        Box::pin(bodies::ambiguous_lines(target))
    }),
    attack("bad-lines", &[], open_board, |target| Box::pin(bodies::bad_lines(target))),
    attack("slow-bodies", &[], open_board, |target| Box::pin(bodies::slow_bodies(target))),
    attack("million-lines", &[], open_board, |target| Box::pin(bodies::million_lines(target))),
    attack("refused-updates", &[], open_board, |target| Box::pin(bodies::refused_updates(target))),
    attack("pinned-snapshots", &[], full_board, |target| Box::pin(rows::pinned_snapshots(target))),
    attack("board-reads", &[], full_board, |target| Box::pin(rows::board_reads(target))),
    attack("largest-rows", &[], open_board, |target| Box::pin(rows::largest_rows(target))),
    attack("idempotency-keys", &[], open_board, |target| Box::pin(rows::idempotency_keys(target))),
    attack("streams", &["--max-followers", "2500"], open_board, |target| {
        Box::pin(connections::streams(target))
    }),
    attack("silent-connections", &["--max-followers", "1000"], open_board, |target| {
        Box::pin(connections::silent_connections(target))
    }),
    attack("slow-heads", &[], open_board, |target| Box::pin(connections::slow_heads(target))),
    attack("deaf-streams", &[], open_board, |target| Box::pin(connections::deaf_streams(target))),
    attack("dropped-streams", &[], open_board, |target| {
        Box::pin(connections::dropped_streams(target))
    }),
    attack("http2-window", &["--stall-timeout", "5s"], open_board, |target| {
        Box::pin(http2::closed_windows(target))
    }),
    attack("http2-bodies", &[], open_board, |target| Box::pin(http2::slow_bodies(target))),
    attack("http2-frames", &[], open_board, |target| Box::pin(http2::useless_frames(target))),
    attack("http2-resets", &[], open_board, |target| Box::pin(http2::reset_connections(target))),
    attack("foreign-pages", &[], open_board, |target| Box::pin(requests::foreign_pages(target))),
    attack("odd-requests", &[], open_board, |target| Box::pin(requests::odd_requests(target))),
];

const fn attack(
    name: &'static str,
    flags: &'static [&'static str],
    prepare: fn(&ApiClient),
    run: fn(Target) -> AttackFuture,
) -> Attack {
    Attack { name, flags, prepare, run }
}

impl Target {
    pub(crate) fn new(address: SocketAddr, duration: Duration) -> Self {
        Self { address, duration, end: Instant::now() + duration }
    }

    fn is_over(&self) -> bool {
        Instant::now() >= self.end
    }

    /// Waits until the attack is over.
    async fn wait_for_end(&self) {
        tokio::time::sleep_until(self.end.into()).await;
    }
}

impl Finding {
    fn new(is_expected: bool, text: impl Into<String>) -> Self {
        Self { text: text.into(), is_expected }
    }
}

fn open_board(api: &ApiClient) {
    api.put_board(ATTACKED_BOARD, &json!({ "title": "Attacked" }));
}

/// Fills a board with rows of ordinary size.
fn full_board(api: &ApiClient) {
    open_board(api);
    publish_rows(api, |number| {
        json!({
            "flight": format!("F{number}"), "date": "2026-11-28", "destination": "Los Angeles",
            "airline": "United Airlines", "departure": "2026-11-28T08:15:00-04:00",
            "estimated": "2026-11-28T08:35:00-04:00", "state": "expected", "terminal": "7",
            "gate": "B42", "aircraft": "B738", "codeshares": ["LH9001", "AC5001", "SN8801"],
        })
    });
}

/// Fills a board with rows of one number on different dates.
fn full_of_one_number(api: &ApiClient) {
    open_board(api);
    publish_rows(api, |number| {
        let (year, day) = (2000 + number / 336, number % 336);
        let date = format!("{year}-{:02}-{:02}", day / 28 + 1, day % 28 + 1);
        json!({ "flight": "A", "date": date, "origin": "London" })
    });
}

fn publish_rows(api: &ApiClient, row: impl Fn(usize) -> serde_json::Value) {
    const MAX_ROWS: usize = 20_000;
    let numbers: Vec<_> = (0..MAX_ROWS).collect();
    for numbers in numbers.chunks(ROWS_PER_REQUEST) {
        let lines = numbers.iter().map(|number| line("flightAddition", &row(*number)));
        api.publish_lines(ATTACKED_BOARD, &lines.collect::<String>());
    }
}

/// A line of a bulk request.
fn line(event: &str, data: &serde_json::Value) -> String {
    json!({ "event": event, "data": data }).to_string() + "\n"
}

fn bulk_path() -> String {
    format!("/boards/{ATTACKED_BOARD}/flights")
}
