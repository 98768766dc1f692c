//! The servers under test, and the faults that they must survive.

use testkit::nats::{MIN_SAFE_VERSION, server_version};

use super::fault::Fault;

/// The servers of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topology {
    /// One server with a journal file.
    SingleNode,
    /// Replicas on a cluster of NATS servers.
    Cluster,
}

/// Faults of the preloaded library come last.
const SINGLE_NODE_FAULTS: [Fault; 13] = [
    Fault::Cuts,
    Fault::Kill,
    Fault::KillAtStart,
    Fault::Stop,
    Fault::Freeze,
    Fault::OlderCopy,
    Fault::LostTail,
    Fault::Empty,
    Fault::Flood,
    Fault::NoRoom,
    Fault::FailingSync,
    Fault::KillFailing,
    Fault::ClockJump,
];

/// The last two make [older NATS servers](MIN_SAFE_VERSION) lose acknowledged updates.
const CLUSTER_FAULTS: [Fault; 11] = [
    Fault::Cuts,
    Fault::ReplicaKill,
    Fault::ReplicasKill,
    Fault::ReplicaFreeze,
    Fault::NatsKill,
    Fault::LeaderKill,
    Fault::LinkCut,
    Fault::LinkSilent,
    Fault::Rolling,
    Fault::LeaderFreeze,
    Fault::AllNatsKill,
];

impl Topology {
    /// The faults that can be injected on this machine and must be survived.
    pub fn faults(self) -> Vec<Fault> {
        match self {
            Topology::SingleNode => {
                let is_linux = cfg!(target_os = "linux");
                let can_inject = |fault: &Fault| is_linux || !fault.needs_preload();
                SINGLE_NODE_FAULTS.into_iter().filter(can_inject).collect()
            }
            Topology::Cluster => {
                let is_safe = server_version() >= MIN_SAFE_VERSION;
                let is_survivable = |fault: &Fault| is_safe || !fault.needs_safe_nats();
                CLUSTER_FAULTS.into_iter().filter(is_survivable).collect()
            }
        }
    }

    /// Finds a fault by its name, even if the NATS version here need not survive it.
    pub fn find_fault(self, name: &str) -> Option<Fault> {
        let mut faults = self.faults();
        if self == Topology::Cluster {
            faults.extend(CLUSTER_FAULTS);
        }
        faults.into_iter().find(|fault| fault.to_string() == name)
    }
}
