//! One round, from start to verdict.

use std::sync::Arc;

use anyhow::{Context, Result};
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::plan::{Fault, Plan, millis};
use super::proxy::Proxy;
use super::publisher::{Desk, Publisher};
use super::site::Site;
use super::update::BOARDS;
pub use super::verdict::{Breach, Figures, Violation};
use super::verdict::{Ends, Judge};
use super::watcher::{Sightings, Step, Watcher};
use crate::faults::{Fault as Disk, Faults};

/// What came of a round.
#[derive(Debug)]
pub struct Outcome {
    pub plan: Plan,
    pub figures: Figures,
    /// What must never happen, and has.
    pub violations: Vec<Violation>,
}

/// How far the clock jumps, forth or back: less than the day for which idempotency keys are
/// remembered, since a server whose clock says that a day has passed has forgotten them.
const CLOCK_JUMP_SECS: i64 = 10 * 60 * 60;

/// Updates that are missed in a flood, and how many of them one request has.
const FLOOD: (usize, usize) = (10_000, 1_000);

/// Plays a round. An error is one of the round's own: a server that does not start, for example.
pub fn play(plan: Plan) -> Result<Outcome> {
    let runtime = Runtime::new()?;
    let desk = Desk::new();
    let faults = plan.faults.iter().any(Fault::is_of_the_system).then(Faults::new).transpose()?;
    let mut site = Site::new(&plan, faults, Arc::clone(&desk))?;
    let sightings = Arc::new(Mutex::new(Sightings::default()));
    let (goal, calm) = (watch::Sender::new(None), watch::Sender::new(false));
    let proxy = Proxy::start(plan.proxy, Arc::clone(&desk), calm.subscribe());
    let proxy = runtime.block_on(proxy)?;
    let watchers: Vec<_> = plan
        .followers
        .iter()
        .map(|follower| {
            let (desk, seen) = (Arc::clone(&desk), Arc::clone(&sightings));
            let watcher = Watcher::new(*follower, proxy.address, desk, seen, goal.subscribe());
            runtime.spawn(watcher.run())
        })
        .collect();
    std::thread::scope(|scope| {
        for (number, seed) in plan.publishers.iter().enumerate() {
            let publisher = Publisher::new(number, *seed, Arc::clone(&desk));
            scope.spawn(|| publisher.run());
        }
        let done = direct(&plan, &mut site, &desk);
        if done.is_err() {
            // Publishers wait for a server that will not come.
            let _ = site.start();
        }
        desk.stop();
        done
    })?;
    calm.send_replace(true);
    let ends = ends(&site)?;
    let ids = ends.iter().map(|(board, (_, id))| (*board, id.clone())).collect();
    goal.send_replace(Some(ids));
    let traces = runtime.block_on(collect(watchers));
    let mut figures = judge(&plan, &desk, &sightings.lock(), &ends, traces);
    figures.figures.cuts = proxy.cuts.load(std::sync::atomic::Ordering::Relaxed);
    if !figures.violations.is_empty() {
        eprintln!("── what the last server said:\n{}", site.said());
    }
    Ok(figures)
}

/// Load, a fault, load, a fault, load.
fn direct(plan: &Plan, site: &mut Site, desk: &Arc<Desk>) -> Result<()> {
    let mut rng = StdRng::seed_from_u64(plan.director);
    std::thread::sleep(millis(&mut rng, 100..=500));
    for (at, fault) in plan.faults.iter().enumerate() {
        // A flood has a publisher of its own.
        let flood = plan.publishers.len() + at;
        let done = inflict(*fault, site, desk, flood, &mut rng);
        done.with_context(|| format!("in the fault {fault}"))?;
        std::thread::sleep(millis(&mut rng, 200..=700));
    }
    Ok(())
}

fn inflict(
    fault: Fault,
    site: &mut Site,
    desk: &Arc<Desk>,
    flood: usize,
    rng: &mut StdRng,
) -> Result<()> {
    match fault {
        Fault::Cuts => {
            std::thread::sleep(millis(rng, 300..=900));
            Ok(())
        }
        Fault::Kill => {
            site.kill();
            std::thread::sleep(millis(rng, 0..=300));
            site.start()
        }
        Fault::KillAtStart => {
            site.kill();
            for _ in 0..rng.random_range(1..=3) {
                site.start_and_kill(millis(rng, 0..=150))?;
            }
            site.start()
        }
        Fault::Stop => {
            site.stop()?;
            site.start()
        }
        Fault::Freeze => {
            site.freeze(millis(rng, 100..=1_200));
            Ok(())
        }
        Fault::OlderCopy => {
            let copy = site.copy()?;
            std::thread::sleep(millis(rng, 200..=600));
            site.restore(&copy)
        }
        Fault::LostTail => site.lose_tail(rng.random_range(0.0..1.0)),
        Fault::Empty => site.empty(),
        Fault::Flood => {
            let mut flood = Publisher::new(flood, rng.random(), Arc::clone(desk));
            (0..FLOOD.0 / FLOOD.1).for_each(|_| flood.publish(FLOOD.1));
            Ok(())
        }
        Fault::NoRoom => disk_fails(Disk::NoRoom, site, rng),
        Fault::FailingSync => disk_fails(Disk::FailingSync, site, rng),
        Fault::KillFailing => {
            site.set_disk(if rng.random() { Disk::NoRoom } else { Disk::FailingSync })?;
            std::thread::sleep(millis(rng, 50..=400));
            site.kill();
            site.set_disk(Disk::None)?;
            site.start()
        }
        Fault::ClockJump => {
            for _ in 0..3 {
                site.set_clock(rng.random_range(-CLOCK_JUMP_SECS..=CLOCK_JUMP_SECS))?;
                std::thread::sleep(millis(rng, 50..=300));
            }
            site.set_clock(0)
        }
    }
}

/// For a while nothing is acknowledged; then it must go on by itself.
fn disk_fails(how: Disk, site: &Site, rng: &mut StdRng) -> Result<()> {
    site.set_disk(how)?;
    std::thread::sleep(millis(rng, 100..=900));
    site.set_disk(Disk::None)
}

/// What the server says of each board, once nothing is under way any more.
fn ends(site: &Site) -> Result<Ends> {
    BOARDS.into_iter().map(|board| Ok((board, site.rows(board)?))).collect()
}

type Trace = Result<Vec<Step>, String>;

async fn collect(watchers: Vec<JoinHandle<Result<Vec<Step>>>>) -> Vec<Trace> {
    let mut traces = Vec::new();
    for watcher in watchers {
        traces.push(match watcher.await {
            Ok(trace) => trace.map_err(|error| format!("{error:#}")),
            Err(error) => Err(error.to_string()),
        });
    }
    traces
}

fn judge(
    plan: &Plan,
    desk: &Desk,
    sightings: &Sightings,
    ends: &Ends,
    traces: Vec<Trace>,
) -> Outcome {
    let ledger = desk.ledger.lock().clone();
    let (acknowledged, branches) = (ledger.acknowledged, ledger.branch());
    let mut judge = Judge::new(ledger, sightings, ends, plan.window_bytes.is_none());
    for (number, (follower, trace)) in plan.followers.iter().zip(traces).enumerate() {
        let name = format!("follower {number} ({:?} on {})", follower.habit, follower.board);
        match trace {
            Ok(steps) => judge.judge(&name, follower.board, &steps),
            Err(why) => {
                let detail = format!("{name}: {why}");
                judge.violations.push(Violation { breach: Breach::Stuck, detail });
            }
        }
    }
    let Judge { violations, mut figures, .. } = judge;
    (figures.acknowledged, figures.branches) = (acknowledged, branches);
    figures.refused = desk.refused.load(std::sync::atomic::Ordering::Relaxed);
    for fault in &plan.faults {
        *figures.faults.entry(*fault).or_default() += 1;
    }
    Outcome { plan: plan.clone(), figures, violations }
}
