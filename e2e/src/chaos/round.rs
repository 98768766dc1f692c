//! One round, from start to verdict.

use std::sync::Arc;

use anyhow::{Context, Result};
use parking_lot::Mutex;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use super::checker::{Anomaly, AnomalyKind, RoundStats};
use super::checker::{Checker, FinalStates};
use super::cluster::{REPLICAS, ReplicaCluster};
use super::fault::Fault;
use super::load_generator::{LoadGenerator, RoundState};
use super::observer::{Observations, Observer, TraceStep};
use super::plan::{RoundPlan, millis};
use super::proxy::Proxy;
use super::single_node::SingleNode;
use super::system::System;
use super::topology::Topology;
use testkit::fault_library::FaultLibrary;

/// What came of a round.
#[derive(Debug)]
pub struct RoundOutcome {
    pub plan: RoundPlan,
    pub figures: RoundStats,
    /// What must never happen, and has.
    pub anomalies: Vec<Anomaly>,
}

/// Plays a round. An error is one of the round's own: a server that does not start, for example.
pub fn play(plan: RoundPlan) -> Result<RoundOutcome> {
    let runtime = Runtime::new()?;
    let state = RoundState::new(if plan.topology == Topology::Cluster { REPLICAS } else { 1 });
    let mut system = open(&plan, &runtime, &state)?;
    let observations = Arc::new(Mutex::new(Observations::default()));
    let (goal, calm) = (watch::Sender::new(None), watch::Sender::new(false));
    let proxy = Proxy::start(plan.proxy, Arc::clone(&state), calm.subscribe());
    let proxy = runtime.block_on(proxy)?;
    let observers: Vec<_> = plan
        .followers
        .iter()
        .map(|follower| {
            let (state, seen) = (Arc::clone(&state), Arc::clone(&observations));
            let observer = Observer::new(*follower, proxy.address, state, seen, goal.subscribe());
            runtime.spawn(observer.run())
        })
        .collect();
    std::thread::scope(|scope| {
        for (number, seed) in plan.publishers.iter().enumerate() {
            let publisher = LoadGenerator::new(number, *seed, Arc::clone(&state));
            scope.spawn(|| publisher.run());
        }
        let _guard = Guard(&state);
        let done = direct(&plan, &mut *system);
        // Publishers wait for a server in any case.
        let mended = system.mend();
        state.stop();
        done.and(mended)
    })?;
    calm.send_replace(true);
    let ends = system.ends()?;
    let first = ends.first().context("there is a server")?;
    let ids = first.iter().map(|(board, end)| (*board, end.id.clone())).collect();
    goal.send_replace(Some(ids));
    let traces = runtime.block_on(collect(observers));
    let mut outcome = judge(&plan, &state, &observations.lock(), &ends, traces);
    outcome.figures.cuts = proxy.cuts.load(std::sync::atomic::Ordering::Relaxed);
    outcome.figures.kills = system.kills();
    if !outcome.anomalies.is_empty() {
        eprintln!("── what the last servers said:\n{}", system.said());
    }
    Ok(outcome)
}

/// Whatever happens to the director, nobody waits for ever.
struct Guard<'a>(&'a RoundState);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.abandon();
        }
    }
}

fn open(plan: &RoundPlan, runtime: &Runtime, state: &Arc<RoundState>) -> Result<Box<dyn System>> {
    let state = Arc::clone(state);
    Ok(match plan.topology {
        Topology::SingleNode => {
            let of_the_system = plan.faults.iter().any(Fault::is_of_the_system);
            let faults = of_the_system.then(FaultLibrary::build).transpose()?;
            Box::new(SingleNode::new(plan, faults, state)?)
        }
        Topology::Cluster => Box::new(ReplicaCluster::new(plan, runtime, state)?),
    })
}

/// Load, a fault, load, a fault, load.
fn direct(plan: &RoundPlan, system: &mut dyn System) -> Result<()> {
    let mut rng = StdRng::seed_from_u64(plan.director);
    std::thread::sleep(millis(&mut rng, 100..=500));
    for (at, fault) in plan.faults.iter().enumerate() {
        // A flood has a publisher of its own.
        let flood = plan.publishers.len() + at;
        let done = system.inject(*fault, flood, &mut rng);
        done.with_context(|| format!("in the fault {fault}"))?;
        std::thread::sleep(millis(&mut rng, 200..=700));
    }
    Ok(())
}

type Trace = Result<Vec<TraceStep>, String>;

async fn collect(observers: Vec<JoinHandle<Result<Vec<TraceStep>>>>) -> Vec<Trace> {
    let mut traces = Vec::new();
    for observer in observers {
        traces.push(match observer.await {
            Ok(trace) => trace.map_err(|error| format!("{error:#}")),
            Err(error) => Err(error.to_string()),
        });
    }
    traces
}

fn judge(
    plan: &RoundPlan,
    state: &RoundState,
    observations: &Observations,
    ends: &[FinalStates],
    traces: Vec<Trace>,
) -> RoundOutcome {
    let model = state.model.lock().clone();
    let (acknowledged, branches) = (model.acknowledged, model.branch());
    let mut judge = Checker::new(model, observations, ends, plan.window_bytes.is_none());
    for (number, (follower, trace)) in plan.followers.iter().zip(traces).enumerate() {
        let name = format!("follower {number} ({:?} on {})", follower.habit, follower.board);
        match trace {
            Ok(steps) => judge.judge(&name, follower.board, &steps),
            Err(why) => {
                let detail = format!("{name}: {why}");
                judge.anomalies.push(Anomaly { kind: AnomalyKind::Stuck, detail });
            }
        }
    }
    let Checker { anomalies, mut figures, .. } = judge;
    (figures.acknowledged, figures.branches) = (acknowledged, branches);
    figures.refused = state.refused.load(std::sync::atomic::Ordering::Relaxed);
    for fault in &plan.faults {
        *figures.faults.entry(*fault).or_default() += 1;
    }
    RoundOutcome { plan: plan.clone(), figures, anomalies }
}
