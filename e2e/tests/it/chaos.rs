//! Seeded rounds of each fault. `cargo xtask soak` plays as many as one likes.

use e2e::chaos::fault::Fault;
use e2e::chaos::plan::RoundPlan;
use e2e::chaos::round::play;
use e2e::chaos::topology::Topology;

/// Rounds of each fault.
const ROUNDS: u64 = 2;

/// A round has this fault one to three times.
fn survives(fault: Fault) {
    for seed in 0..ROUNDS {
        check(Topology::SingleNode, seed, &[fault]);
    }
}

pub(crate) fn check(topology: Topology, seed: u64, faults: &[Fault]) {
    let plan = RoundPlan::new(topology, seed, faults);
    let again = plan.again.clone();
    let outcome = play(plan).expect(&again);
    let (plan, anomalies) = (&outcome.plan, &outcome.anomalies);
    assert!(anomalies.is_empty(), "{again}\n{plan:?}\n{anomalies:#?}");
    assert!(outcome.figures.events > 0 && outcome.figures.acknowledged > 0, "{outcome:?}");
}

#[test]
fn survives_cut_connections() {
    survives(Fault::Cuts);
}

#[test]
fn survives_kill() {
    survives(Fault::Kill);
}

#[test]
fn survives_kill_during_start() {
    survives(Fault::KillAtStart);
}

#[test]
fn survives_sigterm() {
    survives(Fault::Stop);
}

#[test]
fn survives_freeze() {
    survives(Fault::Freeze);
}

#[test]
fn survives_older_journal_copy() {
    survives(Fault::OlderCopy);
}

#[test]
fn survives_lost_journal_tail() {
    survives(Fault::LostTail);
}

#[test]
fn survives_emptied_journal() {
    survives(Fault::Empty);
}

#[test]
#[cfg(target_os = "linux")]
fn survives_full_disk() {
    survives(Fault::NoRoom);
}

#[test]
#[cfg(target_os = "linux")]
fn survives_failing_fsync() {
    survives(Fault::FailingSync);
}

#[test]
#[cfg(target_os = "linux")]
fn survives_kill_during_disk_failure() {
    survives(Fault::KillFailing);
}

#[test]
#[cfg(target_os = "linux")]
fn survives_clock_jumps() {
    survives(Fault::ClockJump);
}

#[test]
fn survives_ten_thousand_missed_events() {
    survives(Fault::Flood);
}

#[test]
fn survives_random_faults() {
    for seed in 100..100 + 2 * ROUNDS {
        check(Topology::SingleNode, seed, &Topology::SingleNode.faults());
    }
}
