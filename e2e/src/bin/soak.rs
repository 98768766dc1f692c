//! Rounds of faults, as many as asked for, each from its own seed. A failing round prints its seed.
#![allow(clippy::print_stdout, reason = "its outcome goes to standard output")]

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Context, Result};
use clap::Parser;
use e2e::recovery::plan::{Fault, Plan, Stage};
use e2e::recovery::round::{Figures, Outcome, play};
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
    figures: Figures,
    played: u64,
    failed: Vec<u64>,
}

fn main() -> Result<ExitCode> {
    let soak = Soak::parse();
    let (stage, among) = soak.faults()?;
    let start = Instant::now();
    let tally = Tally { figures: Figures::default(), played: 0, failed: Vec::new() };
    let (tally, next) = (Mutex::new(tally), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..soak.jobs {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= soak.rounds {
                        return;
                    }
                    soak.round(stage, soak.seed.wrapping_add(at), &among, &tally);
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
    fn faults(&self) -> Result<(Stage, Vec<Fault>)> {
        let stage = if self.cluster { Stage::Cluster } else { Stage::Alone };
        let all = stage.faults();
        if self.faults.is_empty() {
            return Ok((stage, all));
        }
        let find = |name: &String| {
            let names: Vec<_> = all.iter().map(Fault::to_string).collect();
            stage.fault(name).with_context(|| format!("{name} is not one of {}", names.join(", ")))
        };
        Ok((stage, self.faults.iter().map(find).collect::<Result<_>>()?))
    }

    fn round(&self, stage: Stage, seed: u64, among: &[Fault], tally: &Mutex<Tally>) {
        let plan = Plan::new(stage, seed, among);
        let again = plan.again.clone();
        let played = std::panic::catch_unwind(|| play(plan));
        let outcome = played.unwrap_or_else(|_| Err(anyhow::anyhow!("it panicked")));
        let mut tally = tally.lock();
        tally.played += 1;
        match outcome {
            Ok(Outcome { figures, violations, plan }) => {
                tally.figures.add(&figures);
                if !violations.is_empty() {
                    tally.failed.push(seed);
                    println!("seed {seed} FAILED: {plan:?}");
                    violations.iter().take(5).for_each(|violation| println!("  {violation}"));
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

fn print(figures: &Figures) {
    let Figures { acknowledged, events, openings, resumed, behind, cuts, refused, .. } = figures;
    let Figures { branches, kills, .. } = figures;
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
