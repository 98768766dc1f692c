//! One round, from start to verdict.

use std::sync::Arc;

use anyhow::{Context, Result};
use parking_lot::Mutex;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::cluster::{Cluster, REPLICAS};
use super::plan::{Fault, Plan, Stage, millis};
use super::proxy::Proxy;
use super::publisher::{Desk, Publisher};
use super::site::Site;
pub use super::verdict::{Breach, Figures, Violation};
use super::verdict::{Ends, Judge};
use super::watcher::{Sightings, Step, Watcher};
use testkit::faults::Faults;

/// What came of a round.
#[derive(Debug)]
pub struct Outcome {
    pub plan: Plan,
    pub figures: Figures,
    /// What must never happen, and has.
    pub violations: Vec<Violation>,
}

/// What a round is played on.
pub(super) trait Scene {
    /// Does one thing to it. A flood of updates is of the publisher with this number.
    fn inflict(&mut self, fault: Fault, flood: usize, rng: &mut StdRng) -> Result<()>;

    /// All is there again, and works.
    fn mend(&mut self) -> Result<()>;

    /// What each server says of each board, once nothing is under way any more.
    fn ends(&mut self) -> Result<Vec<Ends>>;

    /// How many programs were killed.
    fn kills(&self) -> usize;

    /// What the last servers said.
    fn said(&self) -> String;
}

/// Plays a round. An error is one of the round's own: a server that does not start, for example.
pub fn play(plan: Plan) -> Result<Outcome> {
    let runtime = Runtime::new()?;
    let desk = Desk::new(if plan.stage == Stage::Cluster { REPLICAS } else { 1 });
    let mut scene = scene(&plan, &runtime, &desk)?;
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
        let _guard = Guard(&desk);
        let done = direct(&plan, &mut *scene);
        // Publishers wait for a server in any case.
        let mended = scene.mend();
        desk.stop();
        done.and(mended)
    })?;
    calm.send_replace(true);
    let ends = scene.ends()?;
    let first = ends.first().context("there is a server")?;
    let ids = first.iter().map(|(board, end)| (*board, end.id.clone())).collect();
    goal.send_replace(Some(ids));
    let traces = runtime.block_on(collect(watchers));
    let mut outcome = judge(&plan, &desk, &sightings.lock(), &ends, traces);
    outcome.figures.cuts = proxy.cuts.load(std::sync::atomic::Ordering::Relaxed);
    outcome.figures.kills = scene.kills();
    if !outcome.violations.is_empty() {
        eprintln!("── what the last servers said:\n{}", scene.said());
    }
    Ok(outcome)
}

/// Whatever happens to the director, nobody waits for ever.
struct Guard<'a>(&'a Desk);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.abandon();
        }
    }
}

fn scene(plan: &Plan, runtime: &Runtime, desk: &Arc<Desk>) -> Result<Box<dyn Scene>> {
    let desk = Arc::clone(desk);
    Ok(match plan.stage {
        Stage::Alone => {
            let of_the_system = plan.faults.iter().any(Fault::is_of_the_system);
            let faults = of_the_system.then(Faults::new).transpose()?;
            Box::new(Site::new(plan, faults, desk)?)
        }
        Stage::Cluster => Box::new(Cluster::new(plan, runtime, desk)?),
    })
}

/// Load, a fault, load, a fault, load.
fn direct(plan: &Plan, scene: &mut dyn Scene) -> Result<()> {
    let mut rng = StdRng::seed_from_u64(plan.director);
    std::thread::sleep(millis(&mut rng, 100..=500));
    for (at, fault) in plan.faults.iter().enumerate() {
        // A flood has a publisher of its own.
        let flood = plan.publishers.len() + at;
        let done = scene.inflict(*fault, flood, &mut rng);
        done.with_context(|| format!("in the fault {fault}"))?;
        std::thread::sleep(millis(&mut rng, 200..=700));
    }
    Ok(())
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
    ends: &[Ends],
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
