//! Measures one poll of Hong Kong's feed: reading the answers, and comparing their rows with the board,
//! when nothing has changed and when a busy evening's changes have.
//!
//! ```sh
//! cargo run --release -p feeds --example hkia_cost
//! ```

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement that a developer runs")]

use std::time::{Duration, Instant};

use feeds::{AnswerOutcome, FullRow, HttpAnswer, Reconciler, Source, SourceAirport, open_source};
use flight::{BoardKind, Flight, RemovalDelays};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// Rows of a day in both directions, as one was recorded.
const ROWS: usize = 1_139;

/// Rows that changed between two recorded answers of one evening.
const CHANGED_ROWS: usize = 191;

/// Repetitions, of which the fastest counts.
const RUNS: u32 = 50;

const NOW: &str = "2026-03-15T12:00:00Z";

fn main() {
    let now: Timestamp = NOW.parse().unwrap();
    let kinds = [BoardKind::Arrivals, BoardKind::Departures];
    let mut source = source(&kinds);
    let quiet = answers(0);
    let reading = fastest(|| drop(source.read(&quiet, now)));
    println!("reading {ROWS} rows: {reading:.2?}");

    let before = source.read(&quiet, now);
    let after = source.read(&answers(CHANGED_ROWS), now);
    for (name, outcome) in [("unchanged", &before), ("changed", &after)] {
        let mut updates = 0;
        let comparing = fastest(|| updates = compare(&kinds, &*source, &before, outcome, now));
        println!(
            "comparing {ROWS} rows with the boards, {name}: {comparing:.2?}, {updates} updates"
        );
    }
}

/// Compares the rows of `outcome` with boards that have the rows of `before`.
fn compare(
    kinds: &[BoardKind],
    source: &dyn Source,
    before: &AnswerOutcome,
    outcome: &AnswerOutcome,
    now: Timestamp,
) -> usize {
    let mut updates = 0;
    for kind in kinds {
        let rows = full_rows(before).iter().filter(|row| row.kind == *kind);
        let board: Vec<Flight> = rows.map(|row| row.flight.clone()).collect();
        let fields = source.fields().to_vec();
        let mut reconciler = Reconciler::new(*kind, zone(), fields, RemovalDelays::default());
        updates += reconciler.reconcile(&board, outcome, now).len();
    }
    updates
}

fn full_rows(outcome: &AnswerOutcome) -> &[FullRow] {
    match outcome {
        AnswerOutcome::Full { answer, .. } => &answer.full_rows,
        _ => panic!("the answer is not full"),
    }
}

fn fastest(mut run: impl FnMut()) -> Duration {
    let times = (0..RUNS).map(|_| {
        let started = Instant::now();
        run();
        started.elapsed()
    });
    times.min().unwrap()
}

/// The answers of one poll, of whose rows for today the first `changed` are over.
fn answers(changed: usize) -> Vec<Result<HttpAnswer, String>> {
    let mut answers = Vec::new();
    for is_arrival in [true, false] {
        for date in ["2026-03-14", "2026-03-15", "2026-03-16"] {
            // One row of each neighbouring day; the rest are of today.
            let rows = if date == "2026-03-15" { ROWS - 4 } else { 2 };
            let share = |count: usize| if is_arrival { count.div_ceil(2) } else { count / 2 };
            let over = if date == "2026-03-15" { share(changed) } else { 0 };
            let list: Vec<_> = (0..share(rows)).map(|at| row(at, is_arrival, at < over)).collect();
            let days = json!([{"date": date, "arrival": is_arrival, "cargo": false, "list": list}]);
            answers.push(Ok(HttpAnswer { status: 200, body: days.to_string() }));
        }
    }
    answers
}

fn row(at: usize, is_arrival: bool, is_over: bool) -> Value {
    let status = match (is_over, is_arrival) {
        (true, true) => "At gate 21:10",
        (true, false) => "Dep 21:10",
        _ => "Est at 21:05",
    };
    let time = format!("{:02}:{:02}", at / 60 % 24, at % 60);
    let numbers = json!([
        {"no": format!("QX {at}"), "airline": "CPA"},
        {"no": format!("ZA {at}"), "airline": "QXX"},
    ]);
    json!({
        "time": time, "flight": numbers, "status": status, "statusCode": null, "origin": ["TPE"],
        "destination": ["TPE"], "terminal": "T1", "aisle": "C", "gate": "64", "baggage": "7",
        "hall": "A", "stand": "W41",
    })
}

fn source(kinds: &[BoardKind]) -> Box<dyn Source> {
    let airport = SourceAirport { code: "HKG".to_owned(), zone: zone(), kinds: kinds.to_vec() };
    open_source("hkia", airport).unwrap()
}

fn zone() -> TimeZone {
    TimeZone::get("Asia/Hong_Kong").unwrap()
}
