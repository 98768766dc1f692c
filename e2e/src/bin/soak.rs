//! Plays any number of seeded rounds of faults, and prints the command that repeats each failed one.
#![allow(clippy::print_stdout, reason = "the outcome goes to standard output")]

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use clap::Parser;
use e2e::chaos::fault::Fault;
use e2e::chaos::plan::RoundPlan;
use e2e::chaos::round::{RoundOutcome, play};
use e2e::chaos::stats::RoundStats;
use e2e::chaos::topology::Topology;
use parking_lot::Mutex;

/// Play seeded rounds of faults against the real program, and check everything that followers received against the
/// acknowledged updates.
#[derive(Parser)]
struct Soak {
    /// Number of rounds.
    #[arg(long, default_value_t = 100)]
    rounds: u64,
    /// Seed of the first round; each further round takes the next seed. To repeat a failed round, give its seed
    /// and --rounds 1.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Rounds played at the same time. A round mostly waits.
    #[arg(long, default_value_t = 4)]
    jobs: usize,
    /// Test three replicas on three NATS servers instead of one server with a file.
    #[arg(long)]
    cluster: bool,
    /// Inject only these faults, such as kill,lost-tail.
    #[arg(long, value_delimiter = ',')]
    faults: Vec<String>,
}

/// A line of progress is printed each time this many rounds have been played.
const PROGRESS_INTERVAL_ROUNDS: u64 = 20;

/// Anomalies printed for one round: later ones mostly follow from the first.
const MAX_PRINTED_ANOMALIES: usize = 5;

#[derive(Default)]
struct SoakTotals {
    stats: RoundStats,
    rounds: u64,
    failed: u64,
}

fn main() -> Result<ExitCode> {
    let soak = Soak::parse();
    let topology = if soak.cluster { Topology::Cluster } else { Topology::SingleNode };
    let candidates = soak.candidate_faults(topology)?;
    let start = Instant::now();
    let totals = Mutex::new(SoakTotals::default());
    let next_round = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..soak.jobs {
            scope.spawn(|| {
                loop {
                    let round = next_round.fetch_add(1, Ordering::Relaxed);
                    if round >= soak.rounds {
                        return;
                    }
                    let seed = soak.seed.wrapping_add(round);
                    soak.play_round(RoundPlan::new(topology, seed, &candidates), &totals);
                }
            });
        }
    });
    let totals = totals.into_inner();
    let secs = start.elapsed().as_secs_f64();
    println!("\n{} rounds in {secs:.0} s, {} failed", totals.rounds, totals.failed);
    print_stats(&totals.stats);
    Ok(if totals.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Soak {
    /// The faults named by `--faults`, or all that must be survived.
    fn candidate_faults(&self, topology: Topology) -> Result<Vec<Fault>> {
        let all = topology.faults();
        if self.faults.is_empty() {
            return Ok(all);
        }
        let find = |name: &String| {
            topology.find_fault(name).with_context(|| {
                let names: Vec<_> = all.iter().map(Fault::to_string).collect();
                format!("no such fault: {name}. The faults are {}", names.join(", "))
            })
        };
        self.faults.iter().map(find).collect()
    }

    fn play_round(&self, plan: RoundPlan, totals: &Mutex<SoakTotals>) {
        let seed = plan.seed;
        let replay_command = plan.replay_command.clone();
        let played = std::panic::catch_unwind(|| play(plan));
        let outcome = played.unwrap_or_else(|_| Err(anyhow!("the round panicked")));
        let mut totals = totals.lock();
        totals.rounds += 1;
        match outcome {
            Ok(RoundOutcome { stats, anomalies, plan }) => {
                totals.stats.add(&stats);
                if !anomalies.is_empty() {
                    totals.failed += 1;
                    println!("seed {seed} FAILED with {} anomalies: {plan:?}", anomalies.len());
                    for anomaly in anomalies.iter().take(MAX_PRINTED_ANOMALIES) {
                        println!("  {anomaly}");
                    }
                    println!("  to repeat: {replay_command}");
                }
            }
            Err(error) => {
                totals.failed += 1;
                println!(
                    "seed {seed} FAILED to complete: {error:#}\n  to repeat: {replay_command}"
                );
            }
        }
        if totals.rounds.is_multiple_of(PROGRESS_INTERVAL_ROUNDS) {
            println!("{} of {} rounds, {} failed", totals.rounds, self.rounds, totals.failed);
        }
    }
}

fn print_stats(stats: &RoundStats) {
    let RoundStats { acknowledged, refused, events, openings, resumed, lagging, .. } = stats;
    let RoundStats { cuts, forks, kills, timetables, faults, .. } = stats;
    println!("{acknowledged} updates acknowledged, {refused} requests refused and repeated");
    println!("{events} events received, {openings} streams opened, {cuts} cut by the proxy");
    println!(
        "{resumed} streams resumed, {lagging} opened on a replica that lagged behind the follower"
    );
    println!("{kills} processes killed, {forks} journals set back");
    let reasons = timetables.iter().map(|(reason, count)| format!("{reason} {count}"));
    println!("timetables by reason: {}", reasons.collect::<Vec<_>>().join(", "));
    let faults = faults.iter().map(|(fault, count)| format!("{fault} {count}"));
    println!("faults: {}", faults.collect::<Vec<_>>().join(", "));
}
