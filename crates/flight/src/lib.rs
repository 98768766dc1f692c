//! The words of an airport's timetable, and what an update does to it.
//!
//! Bytes from a publisher become an [`Update`] or a [`ParseError`] that names the field and the
//! reason. [`Boards::apply`] is the one fold: records applied in order of their position give the
//! same timetables everywhere, after any restart. Pure: no I/O, no async, no clock; time comes
//! with each record.
//!
//! ```
//! use flight::{Applied, BoardName, Boards, Record, Update};
//! use serde_json::json;
//!
//! let board = BoardName::parse("main")?;
//! let updates = [
//!     ("boardUpdate", json!({"title": "Arrivals"})),
//!     ("flightAddition", json!({"flight": "I768", "origin": "Rome", "arrival": "10:10"})),
//!     ("flightStateUpdate", json!({"flight": "I768", "state": "landing"})),
//! ];
//! let mut boards = Boards::default();
//! let mut names = Vec::new();
//! for (seq, (event, data)) in (1..).zip(updates) {
//!     let record = Record::new(board.clone(), Update::parse(&board, event, &data)?);
//!     if let Applied::Changed(event) = boards.apply(seq, "2026-11-22T10:00:00Z".parse()?, &record) {
//!         names.push(event.name());
//!     }
//! }
//! assert_eq!(names, ["boardUpdate", "flightAddition", "flightStateUpdate"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

/// Why bytes were not understood: a field and a reason.
mod error;

/// The fields of a row, as one table: name, kind of value, limits.
mod field;

/// One row, its key, and a patch of it.
mod row;

/// A board's name and settings.
mod board;

/// Which states are final, and how long their rows stay.
mod removal;

/// What a publisher asks for, and the record that the journal keeps of it.
mod update;

/// What followers are told when a timetable changed.
mod event;

/// The rows of one board.
mod timetable;

/// Idempotency keys seen of late.
mod repeats;

/// All boards, and the fold over records.
mod boards;

pub use board::{BoardName, BoardSettings, Kind};
pub use boards::{Applied, Boards, MAX_BOARDS, RestoreError, Why};
pub use error::ParseError;
pub use event::Event;
pub use field::{FIELDS, Field, Shape, Value};
pub use removal::{FinalState, RemoveAfter};
pub use repeats::MAX_KEYS;
pub use row::{Flight, Key, Patch};
pub use timetable::{MAX_FLIGHTS, Row, Timetable};
pub use update::{Condition, IdempotencyKey, Record, Update};
