//! Faults that the nemesis can inject.

/// A fault of the server, its disk, its clock, a replica, a NATS server or a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, derive_more::Display)]
#[display(rename_all = "kebab-case")]
pub enum Fault {
    /// No fault of the server: only the proxy cuts and delays connections.
    Cuts,
    /// `kill -9`.
    Kill,
    /// `kill -9`, and again while the server starts.
    KillAtStart,
    /// An orderly stop by SIGTERM.
    Stop,
    /// SIGSTOP, and SIGCONT after a while.
    Freeze,
    /// A restart on an older copy of the journal.
    OlderCopy,
    /// `kill -9`, with the last writes missing from the disk.
    LostTail,
    /// A restart on an empty journal.
    Empty,
    /// The disk is full for a while (`ENOSPC`).
    NoRoom,
    /// `fsync` fails for a while (`EIO`).
    FailingSync,
    /// `kill -9` while the disk fails.
    KillFailing,
    /// The wall clock jumps forward and back.
    ClockJump,
    /// Ten thousand updates while some followers are disconnected.
    Flood,
    /// `kill -9` of one replica.
    ReplicaKill,
    /// `kill -9` of all replicas.
    ReplicasKill,
    /// SIGSTOP of one replica, and SIGCONT after a while.
    ReplicaFreeze,
    /// `kill -9` of a NATS server that does not lead the stream.
    NatsKill,
    /// `kill -9` of the NATS server that leads the stream.
    LeaderKill,
    /// SIGSTOP of the stream's leader, which later continues as if it still led.
    LeaderFreeze,
    /// `kill -9` of all NATS servers.
    AllNatsKill,
    /// The connections between a replica and NATS are reset, and new ones are refused for a while.
    LinkCut,
    /// The connections between a replica and NATS stay open but carry nothing for a while.
    LinkSilent,
    /// An orderly restart of each replica and each NATS server, one after another.
    Rolling,
}

impl Fault {
    /// True if a library preloaded into the program injects it, which works on Linux only.
    pub fn needs_preload(&self) -> bool {
        use Fault::{ClockJump, FailingSync, KillFailing, NoRoom};
        matches!(self, NoRoom | FailingSync | KillFailing | ClockJump)
    }

    /// True if NATS servers older than [`testkit::nats::MIN_SAFE_VERSION`] lose acknowledged updates by it.
    pub(super) fn needs_safe_nats(&self) -> bool {
        matches!(self, Fault::LeaderFreeze | Fault::AllNatsKill)
    }
}
