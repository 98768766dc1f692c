use std::sync::Arc;
use std::time::{Duration, Instant};

use journal::{Journal, JournalOptions, Seq, SqliteJournal};

use testkit::journal_contract::records::all_after;
use testkit::journal_contract::records::zeros;
use testkit::journal_contract::temp_path;

/// `cargo test --release -p journal --test it throughput -- --ignored --nocapture`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures instead of checking anything"]
async fn append_throughput() {
    println!("appenders   appends/s   records/commit   worst wait");
    for appenders in [1, 64, 1024] {
        let (_folder, path) = temp_path();
        let journal = Arc::new(SqliteJournal::open(&path, JournalOptions::default()).unwrap());
        let begun = Instant::now();
        let appending: Vec<_> = (0..appenders)
            .map(|_| tokio::spawn(append_for(Arc::clone(&journal), Duration::from_secs(5))))
            .collect();
        let mut worst = Duration::ZERO;
        for appender in appending {
            worst = worst.max(appender.await.unwrap());
        }
        let (count, seconds) = (journal.tail().0, begun.elapsed().as_secs_f64());
        println!(
            "{appenders:>9} {:>11.0} {:>16.1} {:>9.1} ms",
            count as f64 / seconds,
            count as f64 / journal.commits() as f64,
            worst.as_secs_f64() * 1000.0,
        );
    }
}

async fn append_for(journal: Arc<SqliteJournal>, duration: Duration) -> Duration {
    let (begun, mut worst) = (Instant::now(), Duration::ZERO);
    while begun.elapsed() < duration {
        let asked = Instant::now();
        journal.append(zeros(200)).await.unwrap();
        worst = worst.max(asked.elapsed());
    }
    worst
}

#[tokio::test]
#[ignore = "prints figures instead of checking anything"]
async fn read_and_open_times() {
    let (_folder, path) = temp_path();
    let journal = SqliteJournal::open(&path, JournalOptions::default()).unwrap();
    for _ in 0..64 {
        journal.append(vec![zeros(200).remove(0); 4000]).await.unwrap();
    }
    let begun = Instant::now();
    let count = all_after(&journal, Seq::ZERO).await.unwrap().len() as f64;
    println!("history: {:.0} records/s", count / begun.elapsed().as_secs_f64());
    journal.close().await;
    let bytes = std::fs::metadata(&path).unwrap().len();
    let begun = Instant::now();
    let journal = SqliteJournal::open(&path, JournalOptions::default()).unwrap();
    println!("opening {} MiB: {:?}", bytes >> 20, begun.elapsed());
    drop(journal);
}
