//! Seeded rounds with three replicas on three NATS servers. `cargo xtask soak --cluster` plays as many as one
//! likes.

use e2e::chaos::fault::Fault;
use e2e::chaos::fault::Fault::{
    AllNatsKill, LeaderFreeze, LeaderKill, LinkCut, LinkSilent, NatsKill, ReplicaFreeze,
    ReplicaKill, ReplicasKill, Rolling,
};
use e2e::chaos::plan::RoundPlan;
use e2e::chaos::topology::Topology;

use crate::chaos::check;

/// All of these faults: the seed is one that draws each. Each takes seconds: electing a leader takes that long.
fn survives(seed: u64, faults: &[Fault]) {
    let plan = RoundPlan::new(Topology::Cluster, seed, faults);
    assert!(faults.iter().all(|fault| plan.faults.contains(fault)), "{:?}", plan.faults);
    check(Topology::Cluster, seed, faults);
}

#[test]
fn survives_replica_kills_and_freezes() {
    survives(29, &[ReplicaKill, ReplicasKill, ReplicaFreeze]);
}

#[test]
fn survives_nats_server_kills() {
    survives(17, &[LeaderKill, NatsKill]);
}

#[test]
fn survives_nats_partition() {
    survives(4, &[LinkCut, LinkSilent]);
}

#[test]
fn survives_rolling_restart() {
    survives(5, &[Rolling]);
}

/// What only a cluster [since some version](testkit::nats::MIN_SAFE_VERSION) survives.
mod newer {
    use super::{AllNatsKill, LeaderFreeze, survives};

    #[test]
    #[ignore = "needs NATS 2.12, see `cargo xtask test`"]
    fn survives_frozen_nats_leader() {
        survives(3, &[LeaderFreeze]);
    }

    #[test]
    #[ignore = "needs NATS 2.12, see `cargo xtask test`"]
    fn survives_kill_of_all_nats_servers() {
        survives(6, &[AllNatsKill]);
    }
}
