//! What is under test, and the faults that can be injected into it.

use testkit::nats::{MIN_SAFE_VERSION, server_version};

use super::fault::Fault;

/// All of a server that stands alone; those of the system last.
const FAULTS: [Fault; 13] = [
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

/// All of a cluster. By the last two [older servers](MIN_SAFE_VERSION) lose what they acknowledged.
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

/// What followers and publishers have before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topology {
    /// One server with a file.
    SingleNode,
    /// Replicas on a cluster of NATS servers.
    Cluster,
}

impl Topology {
    /// What can be done to it here, and has to be survived.
    pub fn faults(self) -> Vec<Fault> {
        let can_be_made = |fault: &Fault| cfg!(target_os = "linux") || !fault.is_of_the_system();
        match self {
            Topology::SingleNode => FAULTS.into_iter().filter(can_be_made).collect(),
            Topology::Cluster => {
                let sound = server_version() >= MIN_SAFE_VERSION;
                let survived = |fault: &Fault| sound || !fault.needs_a_sound_nats();
                CLUSTER_FAULTS.into_iter().filter(survived).collect()
            }
        }
    }

    /// One that can be done to it, by its name, whether it has to be survived or not.
    pub fn fault(self, name: &str) -> Option<Fault> {
        let mut faults = self.faults();
        faults.extend((self == Topology::Cluster).then_some(CLUSTER_FAULTS).into_iter().flatten());
        faults.into_iter().find(|fault| fault.to_string() == name)
    }
}
