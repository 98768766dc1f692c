//! An airport's timetable, and the effect of updates on it.
//!
//! A publisher's JSON is parsed into an [`Update`], or into a [`ParseError`] that names the field and
//! the reason. [`Boards::apply`] is the one fold: updates applied in the order of the journal give the
//! same timetables on every replica and after every restart. The crate is pure: no I/O, no async, no
//! clock; the time comes with each record.
//!
//! ```
//! use flight::{ApplyOutcome, BoardName, Boards, Change, Update};
//! use serde_json::json;
//!
//! let board = BoardName::parse("main")?;
//! let changes = [
//!     ("boardUpdate", json!({"title": "Arrivals"})),
//!     ("flightAddition", json!({"flight": "I768", "origin": "Rome", "arrival": "10:10"})),
//!     ("flightStateUpdate", json!({"flight": "I768", "state": "landing"})),
//! ];
//! let mut boards = Boards::default();
//! let mut names = Vec::new();
//! for (seq, (event, data)) in (1..).zip(changes) {
//!     let update = Update::new(board.clone(), Change::parse(&board, event, &data)?);
//!     let outcome = boards.apply(seq, "2026-11-22T10:00:00Z".parse()?, &update);
//!     if let ApplyOutcome::Changed(event) = outcome {
//!         names.push(event.name());
//!     }
//! }
//! assert_eq!(names, ["boardUpdate", "flightAddition", "flightStateUpdate"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

/// Parse errors: a field and a reason.
mod error;

/// The encoding of a publisher's JSON text.
mod encoding;

/// The fields of a row, as one table: name, type of value, limits.
mod field;

/// Characters that change the direction of text.
mod direction;

/// Times with an offset, and the form in which rows contain them.
mod rfc3339;

/// One row, its key, and a patch of it.
mod row;

/// A board's name and settings.
mod board;

/// The source of a board's rows, and how old its last answer is.
mod source;

/// The feed of a board: its source, and its lease.
mod board_feed;

/// Durations as people write them.
mod duration;

/// The final states, and how long a row stays in each.
mod final_state;

/// The settings of a board for pages.
mod display;

/// The day that each `HH:MM` of a row means.
mod local_days;

/// The instants of a row's local times, and rows as followers see them.
mod instants;

/// The name of a publisher's credential.
mod publisher_name;

/// A publisher's update, as the journal keeps it.
mod update;

/// The events that followers are sent.
mod event;

/// The outcome of applying an update.
mod outcome;

/// One row of a timetable.
mod timetable_row;

/// The size of rows in a checkpoint.
mod encoded_size;

/// Held fields, which feeds leave alone.
mod held;

/// The rows that were removed from a board.
mod removed_rows;

/// The rows of one board.
mod timetable;

/// The idempotency keys of recent updates.
mod idempotency;

/// All boards, and the fold over updates.
mod boards;

/// Forecasts of the outcomes of updates.
mod forecast;

pub use board::{BoardKind, BoardName, BoardSettings};
pub use board_feed::{FeedClaim, SourceLease};
pub use boards::{
    Boards, BoardsCheckpoint, CheckpointError, MAX_BOARDS, MAX_CHECKPOINT_BYTES,
    MAX_TIMETABLE_BYTES,
};
pub use direction::is_bidi_control;
pub use display::{COLUMNS, DisplaySettings, ExpectedInterval, OverDelays};
pub use duration::parse_duration;
pub use encoding::decode_json;
pub use error::ParseError;
pub use event::{BoardEvent, BoardUpdate};
pub use field::{FIELDS, FieldType, FieldValue, FlightField, INSTANTS};
pub use final_state::{FinalState, RemovalDelays};
pub use forecast::{Forecast, ForecastScope, Forecaster, StateLimits};
pub use idempotency::{MAX_IDEMPOTENCY_KEYS, RESERVED_KEYS};
pub use instants::{FlightRow, FlightRowPatch};
pub use outcome::{ApplyOutcome, Rejection};
pub use publisher_name::PublisherName;
pub use removed_rows::MAX_REMOVED_ROWS;
pub use rfc3339::parse_timestamp;
pub use row::{Flight, FlightKey, FlightPatch};
pub use source::{BoardSource, SourceStatus};
pub use timetable::{MAX_CANDIDATES, MAX_FLIGHTS, Timetable};
pub use timetable_row::TimetableRow;
pub use update::{Change, IdempotencyKey, Precondition, Update};
