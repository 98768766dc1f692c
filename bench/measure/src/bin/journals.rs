//! What it costs to keep updates in one place rather than in another: from publishing to a screen, and how
//! many updates a second, in one run and in turn.
#![allow(clippy::print_stdout, reason = "its figures go to standard output")]

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use serde_json::Value;
use tempfile::TempDir;
use testkit::nats::NatsServer;
use testkit::process::{ServerProcess, bench_command, start_replica, start_server};
use testkit::wait::wait_until;

/// Measure publishing through a file, through one NATS server, and through three that keep each update.
#[derive(Parser)]
struct Journals {
    /// How often each is measured, in turn.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Screens.
    #[arg(long, default_value_t = 100)]
    followers: usize,
    /// Updates a second while delays are measured.
    #[arg(long, default_value_t = 50.0)]
    rate: f64,
    /// For how many seconds they are published.
    #[arg(long, default_value_t = 5)]
    secs: u64,
    /// Updates that are published as fast as they are taken.
    #[arg(long, default_value_t = 5_000)]
    updates: usize,
    /// How many of these are on their way at once.
    #[arg(long, default_value_t = 64)]
    window: usize,
}

/// How long a server may take to be ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is measured of one journal in one round: milliseconds, and updates a second.
#[derive(Debug, Clone, Copy)]
struct Figures {
    half: f64,
    most: f64,
    per_sec: f64,
}

fn main() -> Result<()> {
    let journals = Journals::parse();
    let folder = TempDir::new()?;
    let (alone, cluster) = (NatsServer::start(), NatsServer::cluster::<3>());
    let cluster = cluster.each_ref().map(|server| server.address().to_string()).join(",");
    let servers = [
        ("a file (SQLite)", start_server(folder.path(), &[])),
        ("one NATS server", start_replica(&alone.url(), &[])),
        ("three NATS servers", start_replica(&format!("nats://{cluster}"), &["--nats-replicas=3"])),
    ];
    for (_, server) in &servers {
        let api = server.api();
        wait_until("a server is ready", PATIENCE, || api.is_ready().then_some(()));
    }
    let mut measured = BTreeMap::<_, Vec<_>>::new();
    for round in 0..journals.rounds {
        for offset in 0..servers.len() {
            // Each comes first, and last, as often as the others.
            let at = (round + offset) % servers.len();
            measured.entry(at).or_default().push(journals.measure(&servers[at].1)?);
        }
    }
    journals.print(&servers.each_ref().map(|(name, _)| *name), &measured);
    Ok(())
}

impl Journals {
    fn measure(&self, server: &ServerProcess) -> Result<Figures> {
        let (followers, rate) = (self.followers.to_string(), self.rate.to_string());
        let (secs, updates) = (format!("{}s", self.secs), self.updates.to_string());
        let window = self.window.to_string();
        let calm = bench(server, &["--followers", &followers, "--rate", &rate, "--for", &secs])?;
        let fast = [
            "--followers",
            "1",
            "--messages",
            &updates,
            "--window",
            &window,
            "--publishers",
            &window,
        ];
        let fast = bench(server, &fast)?;
        let figure = |of: &Value| of.as_f64().context("a figure");
        Ok(Figures {
            half: figure(&calm["latency"]["p50Millis"])?,
            most: figure(&calm["latency"]["p99Millis"])?,
            per_sec: figure(&fast["delivered"]["perSec"])?,
        })
    }

    fn print(&self, names: &[&str], measured: &BTreeMap<usize, Vec<Figures>>) {
        let Self { rounds, followers, rate, updates, window, .. } = self;
        println!(
            "{rounds} rounds in turn; delays at {rate} updates a second to {followers} screens, then {updates} \
             updates, {window} at once\n\nmedian of the rounds, and its ratio to the first:\n"
        );
        println!("{:<20} {:>18} {:>18} {:>18}", "", "half within", "99 of 100", "updates a second");
        let median = |at: usize, figure: fn(&Figures) -> f64| {
            let mut all: Vec<_> = measured[&at].iter().map(figure).collect();
            all.sort_by(f64::total_cmp);
            all[all.len() / 2]
        };
        let figures: [fn(&Figures) -> f64; 3] = [|it| it.half, |it| it.most, |it| it.per_sec];
        for (at, name) in names.iter().enumerate() {
            let [half, most, per_sec] =
                figures.map(|of| (median(at, of), median(at, of) / median(0, of)));
            println!(
                "{name:<20} {:>9.2} ms {:>5.2} {:>9.2} ms {:>5.2} {:>12.0} {:>5.2}",
                half.0, half.1, most.0, most.1, per_sec.0, per_sec.1
            );
        }
    }
}

/// Runs `flightboard-bench`, which has to have seen every update at every screen.
fn bench(server: &ServerProcess, flags: &[&str]) -> Result<Value> {
    let mut command: Command = bench_command(["--json", "--to"]);
    let answer = command.arg(server.api().url()).args(flags).output()?;
    let said = String::from_utf8_lossy(&answer.stderr);
    ensure!(answer.status.success(), "flightboard-bench ended with {}: {said}", answer.status);
    let figures: Value = serde_json::from_slice(&answer.stdout)?;
    let delivered = &figures["delivered"];
    ensure!(delivered["count"] == delivered["expected"], "not all came: {delivered}");
    Ok(figures)
}
