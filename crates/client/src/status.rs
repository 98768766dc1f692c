//! The status of the rows.

use std::fmt;
use std::time::SystemTime;

/// The status of the rows. Every status but [`Live`](Self::Live) is a doubt; `since` is the time at which the rows
/// were last known to be right, which is before the fault was noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FollowStatus {
    /// It is not known yet whether the rows are current.
    Connecting,
    /// The rows are those of the server.
    Live,
    /// The connection or the server is away, or an event was lost. It is repaired without a call.
    Reconnecting {
        /// The rows were right then.
        since: SystemTime,
    },
    /// The stream is open, but heartbeats are missing, name an event that has not arrived, or say that the server
    /// itself is behind.
    Stale {
        /// The rows were right then.
        since: SystemTime,
    },
    /// The board is closed and has no rows. It is followed again once it is open.
    Closed {
        /// The reason, as far as the server told it.
        reason: Option<String>,
    },
    /// The server has no such board. It is followed once there is one.
    Absent {
        /// The rows from before were right then; `None` if there are none.
        since: Option<SystemTime>,
    },
    /// The board is private, or absent and the server does not say so, and the token gives no right to follow it. The
    /// rows are forgotten. The board is followed once there is a right.
    Denied {
        /// There were rows before.
        had_rows: bool,
        /// The server's sentence.
        detail: Option<String>,
    },
}

impl FollowStatus {
    /// Returns true if the rows are known to be those of the server.
    pub fn is_live(&self) -> bool {
        *self == Self::Live
    }

    /// The time at which the rows were last known to be right, if that is in doubt and was ever known.
    pub fn since(&self) -> Option<SystemTime> {
        match self {
            Self::Reconnecting { since } | Self::Stale { since } => Some(*since),
            Self::Absent { since } => *since,
            _ => None,
        }
    }

    /// One word, as the client for browsers has it: `connecting`, `live`, `reconnecting`, `stale`, `closed`, `absent`
    /// or `denied`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Live => "live",
            Self::Reconnecting { .. } => "reconnecting",
            Self::Stale { .. } => "stale",
            Self::Closed { .. } => "closed",
            Self::Absent { .. } => "absent",
            Self::Denied { .. } => "denied",
        }
    }
}

impl fmt::Display for FollowStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
