//! Seeded rounds of each fault. `cargo xtask soak` plays as many more as wanted.

use e2e::chaos::fault::Fault;
use e2e::chaos::plan::RoundPlan;
use e2e::chaos::round::play;
use e2e::chaos::topology::Topology;

const ROUNDS_PER_FAULT: u64 = 2;

/// Plays rounds with one to three injections of this fault.
fn check_fault(fault: Fault) {
    for seed in 0..ROUNDS_PER_FAULT {
        check(Topology::SingleNode, seed, &[fault]);
    }
}

/// Plays a round that must have no anomalies.
pub(crate) fn check(topology: Topology, seed: u64, faults: &[Fault]) {
    let plan = RoundPlan::new(topology, seed, faults);
    let replay_command = plan.replay_command.clone();
    let outcome = play(plan).expect(&replay_command);
    let (plan, anomalies) = (&outcome.plan, &outcome.anomalies);
    assert!(anomalies.is_empty(), "{replay_command}\n{plan:?}\n{anomalies:#?}");
    assert!(outcome.stats.events > 0 && outcome.stats.acknowledged > 0, "{outcome:?}");
}

#[test]
fn survives_cut_connections() {
    check_fault(Fault::Cuts);
}

#[test]
fn survives_kill() {
    check_fault(Fault::Kill);
}

#[test]
fn survives_kill_during_start() {
    check_fault(Fault::KillAtStart);
}

#[test]
fn survives_sigterm() {
    check_fault(Fault::Stop);
}

#[test]
fn survives_freeze() {
    check_fault(Fault::Freeze);
}

#[test]
fn survives_older_journal_copy() {
    check_fault(Fault::OlderCopy);
}

#[test]
fn survives_lost_journal_tail() {
    check_fault(Fault::LostTail);
}

#[test]
fn survives_emptied_journal() {
    check_fault(Fault::Empty);
}

#[test]
#[cfg(target_os = "linux")]
fn survives_full_disk() {
    check_fault(Fault::NoRoom);
}

#[test]
#[cfg(target_os = "linux")]
fn survives_failing_fsync() {
    check_fault(Fault::FailingSync);
}

#[test]
#[cfg(target_os = "linux")]
fn survives_kill_during_disk_failure() {
    check_fault(Fault::KillFailing);
}

#[test]
#[cfg(target_os = "linux")]
fn survives_clock_jumps() {
    check_fault(Fault::ClockJump);
}

#[test]
fn survives_ten_thousand_missed_events() {
    check_fault(Fault::Flood);
}

#[test]
fn survives_random_faults() {
    for seed in 100..100 + 2 * ROUNDS_PER_FAULT {
        check(Topology::SingleNode, seed, &Topology::SingleNode.faults());
    }
}
