//! Outcomes and rejections of updates.

use jiff::civil::Date;

use crate::event::BoardEvent;

/// The outcome of applying an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApplyOutcome {
    /// The timetable changed; followers are sent this event.
    Changed(BoardEvent),
    /// The timetable already was as the update asks.
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
    /// Several rows have that flight number.
    AmbiguousFlight {
        /// Their dates.
        dates: Vec<Date>,
    },
    /// The row has another version than the update requires, or does not exist.
    VersionMismatch,
    /// The update requires that the row does not exist, but it does.
    AlreadyExists,
    /// The idempotency key was used for another update before.
    KeyReused,
    /// The board has [`crate::MAX_FLIGHTS`] rows.
    BoardFull,
    /// There are [`crate::MAX_BOARDS`] boards, all open.
    TooManyBoards,
    /// The row has not stayed in its final state for long enough to expire.
    NotDue,
}
