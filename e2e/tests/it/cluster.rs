//! Seeded rounds with three replicas on three NATS servers. `cargo xtask soak --cluster` plays as many as one
//! likes.

use e2e::recovery::plan::Fault::{
    AllNatsKill, LeaderFreeze, LeaderKill, LinkCut, LinkSilent, NatsKill, ReplicaFreeze,
    ReplicaKill, ReplicasKill, Rolling,
};
use e2e::recovery::plan::{Fault, Plan, Stage};

use crate::recovery::check;

/// All of these faults: the seed is one that draws each. Each takes seconds: electing a leader takes that long.
fn survives(seed: u64, faults: &[Fault]) {
    let plan = Plan::new(Stage::Cluster, seed, faults);
    assert!(faults.iter().all(|fault| plan.faults.contains(fault)), "{:?}", plan.faults);
    check(Stage::Cluster, seed, faults);
}

#[test]
fn replicas_that_are_killed_or_stand_still() {
    survives(29, &[ReplicaKill, ReplicasKill, ReplicaFreeze]);
}

#[test]
fn a_nats_server_that_is_killed_while_it_leads_or_follows() {
    survives(17, &[LeaderKill, NatsKill]);
}

#[test]
fn a_replica_that_is_cut_off_from_nats() {
    survives(4, &[LinkCut, LinkSilent]);
}

#[test]
fn a_restart_of_everything_one_after_another() {
    survives(5, &[Rolling]);
}

/// What only a cluster [since some version](testkit::nats::SOUND_SINCE) survives.
mod newer {
    use super::{AllNatsKill, LeaderFreeze, survives};

    #[test]
    #[ignore = "needs NATS 2.12, see `cargo xtask test`"]
    fn a_leading_nats_server_that_stands_still() {
        survives(3, &[LeaderFreeze]);
    }

    #[test]
    #[ignore = "needs NATS 2.12, see `cargo xtask test`"]
    fn all_nats_servers_killed_at_once() {
        survives(6, &[AllNatsKill]);
    }
}
