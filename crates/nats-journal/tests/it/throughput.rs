use std::sync::Arc;
use std::time::{Duration, Instant};

use journal::Journal;
use testkit::nats::NatsServer;

use crate::harness::open;

/// `cargo test --release -p nats --test it figures -- --ignored --nocapture`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures instead of checking anything"]
async fn appends_a_second() {
    println!("appenders   appends/s   worst wait");
    for appenders in [1, 64, 1024] {
        let server = NatsServer::start();
        let journal = Arc::new(open(&server).await);
        let begun = Instant::now();
        let appending: Vec<_> = (0..appenders)
            .map(|_| {
                let journal = Arc::clone(&journal);
                tokio::spawn(async move {
                    let (begun, mut worst) = (Instant::now(), Duration::ZERO);
                    while begun.elapsed() < Duration::from_secs(5) {
                        let asked = Instant::now();
                        journal.append(vec![vec![0; 200].into()]).await.unwrap();
                        worst = worst.max(asked.elapsed());
                    }
                    worst
                })
            })
            .collect();
        let mut worst = Duration::ZERO;
        for appender in appending {
            worst = worst.max(appender.await.unwrap());
        }
        let rate = journal.tail().0 as f64 / begun.elapsed().as_secs_f64();
        println!("{appenders:>9} {rate:>11.0} {:>9.1} ms", worst.as_secs_f64() * 1000.0);
    }
}
