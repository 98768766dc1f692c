//! Sources of updates: airports' feeds, and the feeds of the demo. Pure: no I/O and no clock.
//!
//! A [`Source`] describes the requests of a poll, and reads their answers into one of four
//! [outcomes](AnswerOutcome). A [`Reconciler`] compares the rows with those of the board, and returns the
//! changes.
//!
//! A feed of the demo is an iterator of [`Announcement`]s: a change to a board, and its time since the start of
//! the feed. The caller waits until then and publishes the change, so a feed needs no clock and
//! returns the same announcements each time. A feed knows the name of its board and nothing about
//! publishing.
//!
//! ```
//! use feeds::{RepeatMode, Speed, sample};
//! use flight::BoardName;
//!
//! let board = BoardName::parse("main")?;
//! let mut last = None;
//! for announcement in sample(&board, "UTC", RepeatMode::Once, Speed::REAL_TIME) {
//!     // Here a program waits until `announcement.after` has passed, and publishes the change.
//!     last = Some(announcement);
//! }
//! let last = last.expect("the feed ends");
//! assert_eq!(last.after.as_secs(), 12);
//! assert!(matches!(last.change, flight::Change::CloseBoard { .. }));
//! # Ok::<(), flight::ParseError>(())
//! ```

/// The interface of a source.
mod source;

/// The outcome of reading a source's answers.
mod answer;

/// Builds a row from the values of a source.
mod row_builder;

/// The sources.
mod sources;

/// Compares the rows of an answer with those of the board.
mod reconcile;

/// The feeds of the demo.
mod demo;

/// Recordings of boards.
mod recording;

pub use answer::{AnswerOutcome, DeltaRow, FullRow, RefusedRow, SourceAnswer, UnansweredBoard};
pub use demo::{Announcement, InvalidSpeed, RepeatMode, Speed, day, morning_zone, sample};
pub use reconcile::Reconciler;
pub use recording::{
    BoardRecorder, ListedChange, PastAnswer, PlayError, RecordedLine, RecordingPlayer,
    ValueTransition,
};
pub use source::{
    HttpAnswer, Source, SourceAirport, SourceCredit, SourceKey, SourceRequest, SourceTerms,
};
pub use sources::{AerodataboxWebhook, SOURCES, SourceError, open_source};
