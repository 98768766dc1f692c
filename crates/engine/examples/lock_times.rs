//! Prints how long encoding rows and checkpoints blocks the boards' lock.
//!
//! A second thread takes the lock again and again; its longest wait is the longest time for which
//! the lock was held.
#![allow(clippy::print_stdout, reason = "it prints figures")]

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use engine::{BoardStatus, Engine, LiveBoards, MAX_PUBLISHED_AT_ONCE};
use fanout::ResumePoint;
use flight::{BoardName, Change, Update};
use serde_json::json;

const ROUNDS: usize = 20;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("rows     encode rows: total, lock    encode checkpoint: total, lock");
    for rows in [331, 20_000] {
        let engine = Engine::start(journal::MemoryJournal::default(), 1024 * 1024).await?;
        let board = BoardName::parse("main")?;
        publish_rows(&engine, &board, 0..rows).await?;
        let mut encode_rows = Vec::new();
        let mut encode_checkpoint = Vec::new();
        for round in 0..ROUNDS {
            let change = json!({"flight": "F0", "gate": round.to_string()});
            let change = Change::parse(&board, "flightStateUpdate", &change)?;
            let _ = engine.publish(board.clone(), change).await?;
            encode_rows.push(measure(engine.boards(), |boards| {
                if let BoardStatus::Open { channel, .. } = boards.status(&board) {
                    channel.follow(ResumePoint::Fresh).pull();
                }
            }));
            encode_checkpoint.push(measure(engine.boards(), |boards| {
                drop(boards.read(|boards, _| boards.checkpoint()).encode());
            }));
        }
        let [rows_total, rows_lock] = minima(&encode_rows);
        let [checkpoint_total, checkpoint_lock] = minima(&encode_checkpoint);
        println!(
            "{rows:6}   {rows_total:9.1?} {rows_lock:9.1?}    {checkpoint_total:9.1?} \
             {checkpoint_lock:9.1?}"
        );
        engine.close().await;
    }
    Ok(())
}

async fn publish_rows(
    engine: &Engine,
    board: &BoardName,
    numbers: std::ops::Range<usize>,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut updates = Vec::new();
    for number in numbers {
        let row = json!({
            "flight": format!("F{number}"),
            "date": "2026-11-22",
            "origin": "London",
            "destination": "New York",
            "airline": "British Airways",
            "arrival": "2026-11-22T08:15:00+01:00",
            "state": "landing",
            "terminal": "5",
            "gate": "B42",
        });
        let change = Change::parse(board, "flightAddition", &row)?;
        updates.push(Update::new(board.clone(), change));
    }
    for batch in updates.chunks(MAX_PUBLISHED_AT_ONCE) {
        for outcome in engine.publisher().publish(batch.to_vec()).await {
            outcome?.expect("a new row is accepted");
        }
    }
    Ok(())
}

/// The time that `work` takes, and the longest wait for the lock meanwhile.
fn measure(boards: &LiveBoards, work: impl FnOnce(&LiveBoards)) -> [Duration; 2] {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            let mut longest = Duration::ZERO;
            while !done.load(Relaxed) {
                let start = Instant::now();
                boards.read(|_, _| ());
                longest = longest.max(start.elapsed());
            }
            longest
        });
        let start = Instant::now();
        work(boards);
        let total = start.elapsed();
        done.store(true, Relaxed);
        [total, waiter.join().expect("the waiter does not panic")]
    })
}

/// The smallest of each column: other processes only add to it.
fn minima(samples: &[[Duration; 2]]) -> [Duration; 2] {
    [0, 1].map(|column| samples.iter().map(|sample| sample[column]).min().unwrap_or_default())
}
