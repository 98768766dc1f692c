//! The outcome of reading a source's answers.

use std::ops::Range;

use flight::{BoardKind, Flight, FlightKey, FlightPatch};
use jiff::Timestamp;

/// The outcome of one poll. Only a full answer may ever lead to removals of rows that it lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerOutcome {
    /// All rows whose scheduled time lies in a span of time.
    Full {
        /// The rows.
        answer: SourceAnswer,
        /// The span. A row outside it may exist although the answer lacks it.
        covers: Range<Timestamp>,
    },
    /// Some rows: the absence of others means nothing.
    Partial {
        /// The rows.
        answer: SourceAnswer,
        /// Why the answer is not full, if it should have been.
        reason: Option<String>,
    },
    /// The source has nothing new since the last poll.
    Unchanged,
    /// The answers prove nothing.
    Failed {
        /// The reason, for the operator and the page.
        reason: String,
    },
}

/// The rows of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceAnswer {
    /// Rows as a whole.
    pub full_rows: Vec<FullRow>,
    /// Changes of rows.
    pub delta_rows: Vec<DeltaRow>,
    /// Rows that the source says are gone.
    pub removed: Vec<(BoardKind, FlightKey)>,
    /// Rows that could not be read.
    pub refused: Vec<RefusedRow>,
    /// Words of the source without a known meaning, such as a new status.
    pub unknown_words: Vec<String>,
    /// The boards about which the answers prove nothing, while they do about the other.
    pub unanswered: Vec<UnansweredBoard>,
}

/// A whole row of a source: a field that is absent is cleared, except `state`, which is kept. Fields
/// that the source never gives are left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullRow {
    /// The board to which it belongs.
    pub kind: BoardKind,
    /// The row.
    pub flight: Flight,
}

/// A change of a row: a field that is absent stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeltaRow {
    /// The board to which it belongs.
    pub kind: BoardKind,
    /// The change.
    pub patch: FlightPatch,
}

/// A row that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedRow {
    /// The row, named so that an operator can find it: usually the flight number.
    pub row: String,
    /// The field at fault.
    pub field: String,
    /// The reason.
    pub reason: String,
}

/// A board about which the answers prove nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnansweredBoard {
    /// The board.
    pub kind: BoardKind,
    /// The reason, for the operator and the page.
    pub reason: String,
}

impl AnswerOutcome {
    /// A failure with a reason.
    pub fn failed(reason: impl Into<String>) -> Self {
        Self::Failed { reason: reason.into() }
    }

    /// Why the answers prove nothing about the board of this kind, if they do about the other.
    pub fn unanswered_reason(&self, kind: BoardKind) -> Option<&str> {
        let (Self::Full { answer, .. } | Self::Partial { answer, .. }) = self else { return None };
        let board = answer.unanswered.iter().find(|board| board.kind == kind);
        board.map(|board| board.reason.as_str())
    }
}
