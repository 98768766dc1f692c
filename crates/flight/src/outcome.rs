//! Outcomes and rejections of updates.

use crate::event::BoardEvent;
use crate::row::FlightKey;

/// The outcome of applying an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApplyOutcome {
    /// The timetable changed; followers are sent this event.
    Changed(BoardEvent),
    /// The timetable already was as the update asks, or followers do not see what the update changed.
    Unchanged {
        /// Position of the record that made it so.
        version: u64,
    },
    /// An earlier update with the same idempotency key asked for the same change.
    Repeated {
        /// Position of the record that made that change.
        version: u64,
    },
    /// The update was refused and changed nothing.
    Rejected(Rejection),
}

/// Why an update was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejection {
    /// There is no such board.
    UnknownBoard,
    /// The board is closed.
    BoardClosed,
    /// There is no such row.
    UnknownFlight,
    /// Several rows have the parts of a key that the update gives.
    AmbiguousFlight {
        /// The keys of the first of them, [`crate::MAX_CANDIDATES`] at most.
        keys: Vec<FlightKey>,
    },
    /// The row or board has another version than the update requires, or does not exist.
    VersionMismatch,
    /// The update requires that the row or board does not exist, but it does.
    AlreadyExists,
    /// The row or board has a version that the update excludes.
    SameVersion,
    /// The idempotency key was used for another update before.
    KeyReused,
    /// The board has as many rows as it may have.
    BoardFull {
        /// That number.
        max_flights: usize,
    },
    /// The board has as many bytes as this server lets it have.
    BoardTooLarge {
        /// That number.
        max_bytes: usize,
    },
    /// All boards together have as many bytes as they may have.
    StateFull {
        /// That number.
        max_bytes: usize,
    },
    /// This server remembers as many recent idempotency keys of this publisher as it can, and accepts no new ones.
    TooManyKeys,
    /// There are [`crate::MAX_BOARDS`] boards, all open.
    TooManyBoards,
    /// The row has not stayed in its final state for long enough to expire, or the source is not late.
    NotDue,
    /// The row was changed by an update as of a later time.
    Overtaken,
    /// Another server has the lease of the board's feed.
    LeaseHeld,
}

impl Rejection {
    /// Returns true if a [`Precondition`](crate::Precondition) did not hold.
    pub fn is_precondition_failure(&self) -> bool {
        matches!(self, Self::VersionMismatch | Self::AlreadyExists | Self::SameVersion)
    }
}
