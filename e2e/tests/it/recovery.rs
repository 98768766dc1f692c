//! Seeded rounds of each fault. `cargo xtask soak` plays as many as one likes.

use e2e::recovery::plan::{Fault, Plan, Stage};
use e2e::recovery::round::play;

/// Rounds of each fault.
const ROUNDS: u64 = 2;

/// A round has this fault one to three times.
fn survives(fault: Fault) {
    for seed in 0..ROUNDS {
        check(Stage::Alone, seed, &[fault]);
    }
}

pub(crate) fn check(stage: Stage, seed: u64, faults: &[Fault]) {
    let plan = Plan::new(stage, seed, faults);
    let again = plan.again.clone();
    let outcome = play(plan).expect(&again);
    let (plan, violations) = (&outcome.plan, &outcome.violations);
    assert!(violations.is_empty(), "{again}\n{plan:?}\n{violations:#?}");
    assert!(outcome.figures.events > 0 && outcome.figures.acknowledged > 0, "{outcome:?}");
}

#[test]
fn connections_that_are_cut() {
    survives(Fault::Cuts);
}

#[test]
fn a_server_that_is_killed() {
    survives(Fault::Kill);
}

#[test]
fn a_server_that_is_killed_while_it_starts() {
    survives(Fault::KillAtStart);
}

#[test]
fn a_server_that_is_stopped() {
    survives(Fault::Stop);
}

#[test]
fn a_server_that_stands_still() {
    survives(Fault::Freeze);
}

#[test]
fn a_journal_restored_from_an_older_copy() {
    survives(Fault::OlderCopy);
}

#[test]
fn a_journal_that_lost_its_tail() {
    survives(Fault::LostTail);
}

#[test]
fn a_journal_that_is_empty_again() {
    survives(Fault::Empty);
}

#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_is_full_for_a_while() {
    survives(Fault::NoRoom);
}

#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_confirms_nothing_for_a_while() {
    survives(Fault::FailingSync);
}

#[test]
#[cfg(target_os = "linux")]
fn a_server_that_is_killed_while_its_disk_fails() {
    survives(Fault::KillFailing);
}

#[test]
#[cfg(target_os = "linux")]
fn a_clock_that_jumps() {
    survives(Fault::ClockJump);
}

#[test]
fn ten_thousand_missed_events() {
    survives(Fault::Flood);
}

#[test]
fn all_faults_by_chance() {
    for seed in 100..100 + 2 * ROUNDS {
        check(Stage::Alone, seed, &Stage::Alone.faults());
    }
}
