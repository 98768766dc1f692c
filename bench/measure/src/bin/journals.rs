//! Measures the cost of each kind of journal, one after another on one machine: the delay from a publisher to a
//! follower, and the number of updates per second.
#![allow(clippy::print_stdout, reason = "the figures go to standard output")]

use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use measure::load_generator::run_bench;
use serde_json::Value;
use tempfile::TempDir;
use testkit::nats::NatsServer;
use testkit::process::{ServerProcess, start_replica, start_server};
use testkit::wait::wait_until;

/// Measure publishing through a file, through one NATS server, and through three that replicate each update.
#[derive(Parser)]
struct JournalsArgs {
    /// Number of measurements of each journal.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Followers.
    #[arg(long, default_value_t = 100)]
    followers: usize,
    /// Updates per second while delays are measured.
    #[arg(long, default_value_t = 50.0)]
    rate: f64,
    /// Seconds for which delays are measured.
    #[arg(long, default_value_t = 5)]
    secs: u64,
    /// Updates published as fast as possible.
    #[arg(long, default_value_t = 5_000)]
    updates: usize,
    /// Updates in flight while they are published as fast as possible.
    #[arg(long, default_value_t = 64)]
    window: usize,
}

const START_TIMEOUT: Duration = Duration::from_secs(60);

/// One measurement of one journal.
#[derive(Debug, Clone, Copy)]
struct JournalFigures {
    p50_millis: f64,
    p99_millis: f64,
    updates_per_sec: f64,
}

/// A server with one kind of journal, and its measurements.
struct MeasuredJournal {
    name: &'static str,
    server: ServerProcess,
    measurements: Vec<JournalFigures>,
}

fn main() -> Result<()> {
    let args = JournalsArgs::parse();
    let folder = TempDir::new()?;
    let single = NatsServer::start();
    let cluster = NatsServer::cluster::<3>();
    let addresses = cluster.each_ref().map(|server| server.address().to_string());
    let cluster_url = format!("nats://{}", addresses.join(","));
    let mut journals = [
        MeasuredJournal::new("file (SQLite)", start_server(folder.path(), &[])),
        MeasuredJournal::new("one NATS server", start_replica(&single.url(), &[])),
        MeasuredJournal::new(
            "three NATS servers",
            start_replica(&cluster_url, &["--nats-replicas=3"]),
        ),
    ];
    for _ in 0..args.rounds {
        for journal in &mut journals {
            journal.measurements.push(args.measure(&journal.server)?);
        }
        // Rotate the order, so that each journal is measured first, and last, equally often.
        journals.rotate_left(1);
    }
    journals.rotate_right(args.rounds % 3);
    args.print(&journals);
    Ok(())
}

impl MeasuredJournal {
    fn new(name: &'static str, server: ServerProcess) -> Self {
        let api = server.api();
        wait_until("a server is ready", START_TIMEOUT, || api.is_ready().then_some(()));
        Self { name, server, measurements: Vec::new() }
    }

    fn median(&self, figure: fn(&JournalFigures) -> f64) -> f64 {
        let mut values: Vec<_> = self.measurements.iter().map(figure).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    }
}

impl JournalsArgs {
    fn measure(&self, server: &ServerProcess) -> Result<JournalFigures> {
        let followers = self.followers.to_string();
        let rate = self.rate.to_string();
        let duration = format!("{}s", self.secs);
        let steady =
            run_bench(server, &["--followers", &followers, "--rate", &rate, "--for", &duration])?;
        let updates = self.updates.to_string();
        let window = self.window.to_string();
        let mut flags = vec!["--followers", "1", "--messages", &updates];
        flags.extend(["--window", &window, "--publishers", &window]);
        let burst = run_bench(server, &flags)?;
        let figure = |value: &Value| value.as_f64().context("a figure is missing in the report");
        Ok(JournalFigures {
            p50_millis: figure(&steady["latency"]["p50Millis"])?,
            p99_millis: figure(&steady["latency"]["p99Millis"])?,
            updates_per_sec: figure(&burst["delivered"]["perSec"])?,
        })
    }

    fn print(&self, journals: &[MeasuredJournal]) {
        let Self { rounds, followers, rate, updates, window, .. } = self;
        println!(
            "{rounds} rounds; delays at {rate} updates per second to {followers} followers, then {updates} updates \
             with {window} in flight\n\nmedian of the rounds, and its ratio to the first journal:\n"
        );
        println!("{:<20} {:>18} {:>18} {:>18}", "", "p50", "p99", "updates per second");
        let figures: [fn(&JournalFigures) -> f64; 3] =
            [|it| it.p50_millis, |it| it.p99_millis, |it| it.updates_per_sec];
        for journal in journals {
            let medians = figures.map(|figure| journal.median(figure));
            let ratios = figures.map(|figure| journal.median(figure) / journals[0].median(figure));
            println!(
                "{:<20} {:>9.2} ms {:>5.2} {:>9.2} ms {:>5.2} {:>12.0} {:>5.2}",
                journal.name, medians[0], ratios[0], medians[1], ratios[1], medians[2], ratios[2]
            );
        }
    }
}
