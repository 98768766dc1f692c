//! The faults that a round injects.

use std::fmt;

/// What is done to the server in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Nothing; only the connections suffer.
    Cuts,
    /// `kill -9`.
    Kill,
    /// `kill -9`, and again while it starts.
    KillAtStart,
    /// SIGTERM, an orderly stop.
    Stop,
    /// It stands still for a while, and then goes on.
    Freeze,
    /// It comes back on a copy of the journal from before.
    OlderCopy,
    /// `kill -9`, and what was written last is not on the disk.
    LostTail,
    /// It comes back on an empty journal.
    Empty,
    /// No room is left on the disk, for a while.
    NoRoom,
    /// The disk says that it could not write, for a while.
    FailingSync,
    /// `kill -9` while the disk fails.
    KillFailing,
    /// The computer's clock jumps, forth and back.
    ClockJump,
    /// Ten thousand updates while some are away.
    Flood,
    /// `kill -9` of a replica.
    ReplicaKill,
    /// `kill -9` of all replicas.
    ReplicasKill,
    /// A replica stands still for a while.
    ReplicaFreeze,
    /// `kill -9` of a NATS server that does not lead the stream.
    NatsKill,
    /// `kill -9` of the NATS server that leads it.
    LeaderKill,
    /// The one that leads stands still for a while, and then goes on as if it led.
    LeaderFreeze,
    /// `kill -9` of all NATS servers.
    AllNatsKill,
    /// The connections between a replica and NATS are cut, and no new ones come about for a while.
    LinkCut,
    /// Nothing comes through them for a while, and nobody is told.
    LinkSilent,
    /// Everything is stopped in good order and started again, one after another.
    Rolling,
}

impl Fault {
    /// Whether it is made by standing between the server and the system.
    pub fn is_of_the_system(&self) -> bool {
        use Fault::{ClockJump, FailingSync, KillFailing, NoRoom};
        matches!(self, NoRoom | FailingSync | KillFailing | ClockJump)
    }

    pub(super) fn needs_a_sound_nats(&self) -> bool {
        matches!(self, Fault::LeaderFreeze | Fault::AllNatsKill)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Fault::Cuts => "cuts",
            Fault::Kill => "kill",
            Fault::KillAtStart => "kill-at-start",
            Fault::Stop => "stop",
            Fault::Freeze => "freeze",
            Fault::OlderCopy => "older-copy",
            Fault::LostTail => "lost-tail",
            Fault::Empty => "empty",
            Fault::NoRoom => "no-room",
            Fault::FailingSync => "failing-sync",
            Fault::KillFailing => "kill-failing",
            Fault::ClockJump => "clock-jump",
            Fault::Flood => "flood",
            Fault::ReplicaKill => "replica-kill",
            Fault::ReplicasKill => "replicas-kill",
            Fault::ReplicaFreeze => "replica-freeze",
            Fault::NatsKill => "nats-kill",
            Fault::LeaderKill => "leader-kill",
            Fault::LeaderFreeze => "leader-freeze",
            Fault::AllNatsKill => "all-nats-kill",
            Fault::LinkCut => "link-cut",
            Fault::LinkSilent => "link-silent",
            Fault::Rolling => "rolling",
        };
        f.pad(name)
    }
}
