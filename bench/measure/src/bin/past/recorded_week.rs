//! A board with a past of a week, recorded in a minute.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use rand::RngExt;
use rand::rngs::ThreadRng;
use rusqlite::Connection;
use serde_json::{Value, json};
use testkit::process::{ServerProcess, start_server};
use testkit::wait::wait_until;

/// Days of the past.
pub(crate) const DAYS: usize = 7;

/// Flags of a server that keeps all of it.
pub(crate) const FLAGS: [&str; 2] = ["--keep", "8d"];

/// Longest time until the index has all changes, or the server has ended.
const TIMEOUT: Duration = Duration::from_secs(120);

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Updates in a request.
const LINES_PER_REQUEST: usize = 1_000;

/// The share of flights that have moved.
const MOVED_SHARE: f64 = 0.9;

/// The times of the first and the last change.
pub(crate) type PastSpan = (Timestamp, Timestamp);

/// Records as many flights a day, and as many changes of them in the whole week. No server is running afterwards.
pub(crate) fn record(folder: &Path, flights: usize, changes: usize) -> Result<()> {
    let server = start_server(folder, &FLAGS);
    let end = Timestamp::now();
    let mut random = rand::rng();
    for day in 0..DAYS {
        let start = end - DAY * i32::try_from(DAYS - day)?;
        let day = FlightDay { start, flights };
        let lines = day.lines(changes / DAYS, day.start + DAY < end, &mut random);
        for lines in lines.chunks(LINES_PER_REQUEST) {
            server.api().publish_lines("main", &lines.join("\n"));
        }
    }
    wait_for_index(&server)?;
    server.process.terminate();
    let output = server.process.wait_for_exit(TIMEOUT);
    ensure!(output.status.success(), "the server ends: {output:?}");
    spread(folder, (end - DAY * i32::try_from(DAYS)?, end))
}

/// Waits until the index has all changes, and returns the times of the first and the last one.
pub(crate) fn wait_for_index(server: &ServerProcess) -> Result<PastSpan> {
    let api = server.api();
    wait_until("the index has all changes", TIMEOUT, || {
        (api.get_status("/boards/main/changes?limit=1") == 200).then_some(())
    });
    let time = |order: &str| -> Result<Timestamp> {
        let page = api.get(&format!("/boards/main/changes?limit=1&order={order}"));
        Ok(page["changes"][0]["time"].as_str().context("no change has a time")?.parse()?)
    };
    Ok((time("oldest")?, time("newest")?))
}

/// Spreads the times of an index evenly.
fn spread(folder: &Path, (from, to): PastSpan) -> Result<()> {
    let db = Connection::open(folder.join("journal.db-history"))?;
    let last: i64 = db.query_row("SELECT max(seq) FROM change", [], |row| row.get(0))?;
    for table in ["change", "state"] {
        let update = format!("UPDATE {table} SET time = ?1 + (?2 - ?1) * seq / ?3");
        db.execute(&update, [from.as_millisecond(), to.as_millisecond(), last])?;
    }
    Ok(())
}

/// The flights that are scheduled in a day.
struct FlightDay {
    start: Timestamp,
    flights: usize,
}

impl FlightDay {
    /// The rows, changes of random ones, the actual times of most of them, and their removal if they are `over`.
    fn lines(&self, changes: usize, is_over: bool, random: &mut ThreadRng) -> Vec<String> {
        let mut lines: Vec<_> = (0..self.flights).map(|row| self.addition(row)).collect();
        for number in 0..changes {
            lines.push(self.change(random.random_range(0..self.flights), number));
        }
        for row in 0..self.flights {
            if random.random_bool(MOVED_SHARE) {
                let delay = SignedDuration::from_mins(random.random_range(-10..60));
                let actual = self.scheduled(row) + delay;
                lines.push(self.line("flightStateUpdate", row, json!({ "actual": actual })));
            }
        }
        if is_over {
            let removals = (0..self.flights).map(|row| self.line("flightRemoval", row, json!({})));
            lines.extend(removals);
        }
        lines
    }

    fn addition(&self, row: usize) -> String {
        let data = json!({
            "destination": "LAX", "airline": format!("Airline {}", row % 40),
            "codeshares": [format!("LH{row}"), format!("NH{row}")], "departure": self.scheduled(row),
            "arrival": self.scheduled(row), "state": "scheduled", "terminal": "7", "gate": "B42",
        });
        self.line("flightAddition", row, data)
    }

    /// A change of a flight on its day: an estimate, a gate, a remark.
    fn change(&self, row: usize, number: usize) -> String {
        let minutes = SignedDuration::from_mins(i64::try_from(number % 90).unwrap_or_default());
        let data = match number % 3 {
            0 => json!({ "estimated": self.scheduled(row) + minutes }),
            1 => json!({ "gate": format!("B{}", number % 97) }),
            _ => json!({ "remark": format!("Boarding by groups, now {}", number % 89) }),
        };
        self.line("flightStateUpdate", row, data)
    }

    fn scheduled(&self, row: usize) -> Timestamp {
        self.start + DAY.mul_f64(row as f64 / self.flights as f64)
    }

    fn line(&self, event: &str, row: usize, mut data: Value) -> String {
        data["flight"] = format!("UA{row}").into();
        data["date"] = self.start.strftime("%F").to_string().into();
        json!({ "event": event, "data": data }).to_string()
    }
}
