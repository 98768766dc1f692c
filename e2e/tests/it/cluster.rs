//! Seeded rounds with three replicas on three NATS servers. `cargo xtask soak --cluster` plays as many more as wanted.

use e2e::chaos::fault::Fault::{
    self, AllNatsKill, LeaderFreeze, LeaderKill, LinkCut, LinkSilent, NatsKill, ReplicaFreeze,
    ReplicaKill, ReplicasKill, Rolling,
};
use e2e::chaos::plan::RoundPlan;
use e2e::chaos::topology::Topology;

use crate::chaos::check;

/// Plays one round with all of these faults, so the seed must draw each of them. One round, because each fault takes
/// the seconds of a leader's election.
fn check_faults(seed: u64, faults: &[Fault]) {
    let plan = RoundPlan::new(Topology::Cluster, seed, faults);
    assert!(faults.iter().all(|fault| plan.faults.contains(fault)), "{:?}", plan.faults);
    check(Topology::Cluster, seed, faults);
}

#[test]
fn survives_replica_kills_and_freezes() {
    check_faults(29, &[ReplicaKill, ReplicasKill, ReplicaFreeze]);
}

#[test]
fn survives_nats_server_kills() {
    check_faults(17, &[LeaderKill, NatsKill]);
}

#[test]
fn survives_nats_partition() {
    check_faults(4, &[LinkCut, LinkSilent]);
}

#[test]
fn survives_rolling_restart() {
    check_faults(5, &[Rolling]);
}

/// Faults that a cluster survives [since NATS 2.12 only](testkit::nats::MIN_SAFE_VERSION).
mod newer {
    use super::{AllNatsKill, LeaderFreeze, check_faults};

    #[test]
    #[ignore = "needs NATS 2.12, see `cargo xtask test`"]
    fn survives_frozen_nats_leader() {
        check_faults(3, &[LeaderFreeze]);
    }

    #[test]
    #[ignore = "needs NATS 2.12, see `cargo xtask test`"]
    fn survives_kill_of_all_nats_servers() {
        check_faults(6, &[AllNatsKill]);
    }
}
