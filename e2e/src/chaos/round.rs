//! One round, from its plan to the checker's findings.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::{Context, Result};
use parking_lot::Mutex;
use testkit::fault_library::FaultLibrary;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::anomaly::{Anomaly, AnomalyKind};
use super::checker::Checker;
use super::cluster::{REPLICAS, ReplicaCluster};
use super::fault::Fault;
use super::final_boards::FinalBoards;
use super::load_generator::LoadGenerator;
use super::nemesis::inject_faults;
use super::network_faults::start_fault_proxy;
use super::observations::Observations;
use super::observer::{Observer, Trace};
use super::plan::RoundPlan;
use super::round_state::RoundState;
use super::single_node::SingleNode;
use super::stats::RoundStats;
use super::system::System;
use super::topology::Topology;

/// The findings of a round.
#[derive(Debug)]
pub struct RoundOutcome {
    pub plan: RoundPlan,
    pub stats: RoundStats,
    pub anomalies: Vec<Anomaly>,
}

/// Plays a round.
///
/// # Errors
/// The round could not be played to its end, for example because a server did not start.
pub fn play(plan: RoundPlan) -> Result<RoundOutcome> {
    let runtime = Runtime::new()?;
    let replicas = if plan.topology == Topology::Cluster { REPLICAS } else { 1 };
    let state = RoundState::new(replicas);
    let mut system = start_system(&plan, &runtime, &state)?;

    // Observers follow from the beginning, until they have received the events of `targets`.
    let observations = Arc::new(Mutex::new(Observations::default()));
    let targets = watch::Sender::new(None);
    let proxy = runtime.block_on(start_fault_proxy(plan.proxy_seed, Arc::clone(&state)))?;
    let mut observers = Vec::new();
    for follower in &plan.followers {
        let (state, observations) = (Arc::clone(&state), Arc::clone(&observations));
        let targets = targets.subscribe();
        let observer = Observer::new(*follower, proxy.address(), state, observations, targets);
        observers.push(runtime.spawn(observer.run()));
    }

    run_load_and_faults(&plan, &mut *system, &state)?;

    // Everything works again, so all observers must catch up.
    proxy.disable_faults();
    let final_boards = system.final_boards()?;
    let first = final_boards.first().context("no server is up")?;
    let last_ids: HashMap<_, _> =
        first.iter().map(|(board, state)| (*board, state.id.clone())).collect();
    targets.send_replace(Some(last_ids));
    let traces = runtime.block_on(collect_traces(observers));

    let mut outcome = check(&plan, &state, &observations.lock(), &final_boards, traces);
    outcome.stats.cuts = proxy.cut_connections();
    outcome.stats.kills = system.kills();
    if !outcome.anomalies.is_empty() {
        eprintln!("── logs of the last servers:\n{}", system.logs());
    }
    Ok(outcome)
}

fn start_system(
    plan: &RoundPlan,
    runtime: &Runtime,
    state: &Arc<RoundState>,
) -> Result<Box<dyn System>> {
    let state = Arc::clone(state);
    Ok(match plan.topology {
        Topology::SingleNode => {
            let needs_preload = plan.faults.iter().any(Fault::needs_preload);
            let preloaded = needs_preload.then(FaultLibrary::build).transpose()?;
            Box::new(SingleNode::start(plan, preloaded, state)?)
        }
        Topology::Cluster => Box::new(ReplicaCluster::start(plan, runtime, state)?),
    })
}

/// Publishes for as long as the nemesis injects faults.
fn run_load_and_faults(
    plan: &RoundPlan,
    system: &mut dyn System,
    state: &Arc<RoundState>,
) -> Result<()> {
    std::thread::scope(|scope| {
        for (number, seed) in plan.generator_seeds.iter().enumerate() {
            let generator = LoadGenerator::new(number, *seed, Arc::clone(state));
            scope.spawn(|| generator.run());
        }
        let _guard = AbandonOnPanic(state);
        let injected = inject_faults(plan, system);
        // Heal also after an error: load generators end only once a server has answered them.
        let healed = system.heal();
        state.stop();
        injected.and(healed)
    })
}

/// Releases the load generators if the nemesis panics. Otherwise they would wait for a server forever.
struct AbandonOnPanic<'a>(&'a RoundState);

impl Drop for AbandonOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.abandon();
        }
    }
}

/// The trace of each observer, or the reason why it did not catch up.
async fn collect_traces(observers: Vec<JoinHandle<Result<Trace>>>) -> Vec<Result<Trace, String>> {
    let mut traces = Vec::new();
    for observer in observers {
        traces.push(match observer.await {
            Ok(trace) => trace.map_err(|error| format!("{error:#}")),
            Err(error) => Err(error.to_string()),
        });
    }
    traces
}

fn check(
    plan: &RoundPlan,
    state: &RoundState,
    observations: &Observations,
    final_boards: &[FinalBoards],
    traces: Vec<Result<Trace, String>>,
) -> RoundOutcome {
    let model = state.model.lock().clone();
    let acknowledged = model.acknowledged;
    let forks = model.current_branch();
    let window_keeps_all = plan.window_bytes.is_none();
    let mut checker = Checker::new(model, observations, final_boards, window_keeps_all);
    for (number, (follower, trace)) in plan.followers.iter().zip(traces).enumerate() {
        let name = format!("follower {number} ({:?} on {})", follower.read_pattern, follower.board);
        match trace {
            Ok(trace) => checker.check_trace(&name, follower.board, &trace),
            Err(reason) => {
                let detail = format!("{name}: {reason}");
                checker.anomalies.push(Anomaly::new(AnomalyKind::Stuck, detail));
            }
        }
    }
    let Checker { anomalies, mut stats, .. } = checker;
    stats.acknowledged = acknowledged;
    stats.forks = forks;
    stats.refused = state.refused.load(Ordering::Relaxed);
    for fault in &plan.faults {
        *stats.faults.entry(*fault).or_default() += 1;
    }
    RoundOutcome { plan: plan.clone(), stats, anomalies }
}
