//! Rounds of faults, as many as asked for, each from its own seed. A failing round prints its seed.
#![allow(clippy::print_stdout, reason = "its outcome goes to standard output")]

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Context, Result};
use clap::Parser;
use e2e::chaos::fault::Fault;
use e2e::chaos::plan::RoundPlan;
use e2e::chaos::round::{RoundOutcome, RoundStats, play};
use e2e::chaos::topology::Topology;
use parking_lot::Mutex;

/// Play seeded rounds of faults against the real program, and hold what every follower saw against
/// what was acknowledged.
#[derive(Parser)]
struct Soak {
    /// How many rounds.
    #[arg(long, default_value_t = 100)]
    rounds: u64,
    /// Seed of the first round; the next ones follow it. A failing round is played again by its own
    /// seed and --rounds 1.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Rounds at the same time: most of a round is waiting.
    #[arg(long, default_value_t = 4)]
    jobs: usize,
    /// Three replicas on three NATS servers, instead of one server with a file.
    #[arg(long)]
    cluster: bool,
    /// Only these faults, such as kill,lost-tail.
    #[arg(long, value_delimiter = ',')]
    faults: Vec<String>,
}

/// How many rounds are between two lines of progress.
const PROGRESS_ROUNDS: u64 = 20;

struct Tally {
    figures: RoundStats,
    played: u64,
    failed: Vec<u64>,
}

fn main() -> Result<ExitCode> {
    let soak = Soak::parse();
    let (topology, among) = soak.faults()?;
    let start = Instant::now();
    let tally = Tally { figures: RoundStats::default(), played: 0, failed: Vec::new() };
    let (tally, next) = (Mutex::new(tally), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..soak.jobs {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= soak.rounds {
                        return;
                    }
                    soak.round(topology, soak.seed.wrapping_add(at), &among, &tally);
                }
            });
        }
    });
    let tally = tally.into_inner();
    let secs = start.elapsed().as_secs_f64();
    println!("\n{} rounds in {secs:.0} s, {} failed", tally.played, tally.failed.len());
    print(&tally.figures);
    Ok(if tally.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Soak {
    /// Where rounds are played, and what may happen in them.
    fn faults(&self) -> Result<(Topology, Vec<Fault>)> {
        let topology = if self.cluster { Topology::Cluster } else { Topology::SingleNode };
        let all = topology.faults();
        if self.faults.is_empty() {
            return Ok((topology, all));
        }
        let find = |name: &String| {
            let names: Vec<_> = all.iter().map(Fault::to_string).collect();
            topology
                .fault(name)
                .with_context(|| format!("{name} is not one of {}", names.join(", ")))
        };
        Ok((topology, self.faults.iter().map(find).collect::<Result<_>>()?))
    }

    fn round(&self, topology: Topology, seed: u64, among: &[Fault], tally: &Mutex<Tally>) {
        let plan = RoundPlan::new(topology, seed, among);
        let again = plan.again.clone();
        let played = std::panic::catch_unwind(|| play(plan));
        let outcome = played.unwrap_or_else(|_| Err(anyhow::anyhow!("it panicked")));
        let mut tally = tally.lock();
        tally.played += 1;
        match outcome {
            Ok(RoundOutcome { figures, anomalies, plan }) => {
                tally.figures.add(&figures);
                if !anomalies.is_empty() {
                    tally.failed.push(seed);
                    println!("seed {seed} FAILED: {plan:?}");
                    anomalies.iter().take(5).for_each(|anomaly| println!("  {anomaly}"));
                    println!("  again: {again}");
                }
            }
            Err(error) => {
                tally.failed.push(seed);
                println!("seed {seed} FAILED to be played: {error:#}\n  again: {again}");
            }
        }
        if tally.played.is_multiple_of(PROGRESS_ROUNDS) {
            println!("{} of {} rounds, {} failed", tally.played, self.rounds, tally.failed.len());
        }
    }
}

fn print(figures: &RoundStats) {
    let RoundStats { acknowledged, events, openings, resumed, behind, cuts, refused, .. } = figures;
    let RoundStats { branches, kills, .. } = figures;
    println!("{acknowledged} updates acknowledged, {refused} requests refused and repeated");
    println!("{events} events seen, {openings} openings, {cuts} cuts by the proxy");
    println!("{resumed} openings resumed, {behind} on a replica that was behind the follower");
    println!("{kills} kills, {branches} times on another branch of the journal");
    let list = |counts: Vec<String>| counts.join(", ");
    let reasons = figures.timetables.iter().map(|(reason, count)| format!("{reason} {count}"));
    println!("timetables seen: {}", list(reasons.collect()));
    let faults = figures.faults.iter().map(|(fault, count)| format!("{fault} {count}"));
    println!("faults: {}", list(faults.collect()));
}
