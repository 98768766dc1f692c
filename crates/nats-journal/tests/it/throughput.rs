use std::sync::Arc;
use std::time::{Duration, Instant};

use journal::Journal;
use testkit::nats::NatsServer;

use crate::harness::open;

/// `cargo test --release -p nats-journal --test it throughput -- --ignored --nocapture`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints measurements, checks nothing"]
async fn append_throughput() {
    println!("appenders   appends/s   max delay");
    for appenders in [1, 64, 1024] {
        let server = NatsServer::start();
        let journal = Arc::new(open(&server).await);
        let started = Instant::now();
        let tasks: Vec<_> = (0..appenders)
            .map(|_| {
                let journal = Arc::clone(&journal);
                tokio::spawn(async move {
                    let started = Instant::now();
                    let mut max_delay = Duration::ZERO;
                    while started.elapsed() < Duration::from_secs(5) {
                        let sent = Instant::now();
                        journal.append(vec![vec![0; 200].into()]).await.unwrap();
                        max_delay = max_delay.max(sent.elapsed());
                    }
                    max_delay
                })
            })
            .collect();
        let mut max_delay = Duration::ZERO;
        for task in tasks {
            max_delay = max_delay.max(task.await.unwrap());
        }
        let rate = journal.tail().0 as f64 / started.elapsed().as_secs_f64();
        println!("{appenders:>9} {rate:>11.0} {:>9.1} ms", max_delay.as_secs_f64() * 1000.0);
    }
}
