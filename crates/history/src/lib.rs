//! The past of the boards: their changes, and their rows as of any time that is kept.
//!
//! A task reads the events of the journal once more and writes them to an index in SQLite. Answers are read from
//! there, so they neither read the journal nor take the lock of the boards. The index follows from the journal: a lost or
//! damaged one is built again from the remaining records.

/// Answers about the past.
mod history;

/// The task that writes the index.
mod recorder;

/// Lists of changes.
mod changes;

/// The rows as of a time.
mod past_rows;

/// The punctuality of flights.
mod punctuality;

/// The flights of a span of time.
mod flight_fold;

/// The rows that have left their board.
mod departed_rows;

/// Flights that have a row for each of their numbers.
mod codeshares;

/// A flight of the past.
mod past_flight;

/// The events of a board in their order.
mod past_events;

/// The state of a board at one event.
mod board_state;

/// Writing to the index.
mod index_writer;

/// The database of the index.
mod index;

/// Conversions of SQLite's integers.
mod sql;

/// Errors of reads.
mod error;

/// Settings.
mod settings;

pub use changes::{ChangeOrder, ChangePage, ChangeQuery, PastChange, ValueChange};
pub use error::HistoryError;
pub use flight_fold::MAX_FOLDED_FLIGHTS;
pub use history::{History, HistoryScope, MAX_UNREAD_BYTES, MAX_WAITING_READS, PastMoment};
pub use past_events::{MAX_PAGE_BYTES, MAX_PAGE_EVENTS, PastEvent, PastEventPage};
pub use past_rows::PastRows;
pub use punctuality::{
    AirlineFigures, HourFigures, Punctuality, PunctualityFigures, PunctualityQuery,
};
pub use settings::{HISTORY_BYTES, HistorySettings, MEMORY_HISTORY_BYTES};
