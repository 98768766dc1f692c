//! Where updates come from.
//!
//! A feed is an iterator of [`Announcement`]s: an update, and how long after the feed's start it
//! is to be made. Waiting until then and sending it is the caller's work, so a feed needs no clock
//! and gives the same announcements each time. It knows one board by name, and nothing of how
//! updates travel.
//!
//! ```
//! use feeds::{Run, Speed, sample};
//! use flight::BoardName;
//!
//! let board = BoardName::parse("main")?;
//! let mut last = None;
//! for announcement in sample(&board, Run::Once, Speed::REAL) {
//!     // Here a program waits until `announcement.after` has passed, and sends the update.
//!     last = Some(announcement);
//! }
//! let last = last.expect("a run has an end");
//! assert_eq!(last.after.as_secs(), 12);
//! assert!(matches!(last.update, flight::Change::CloseBoard { .. }));
//! # Ok::<(), flight::ParseError>(())
//! ```

/// Updates with their moments, played once or for ever.
mod script;

/// How much faster than real a feed runs.
mod speed;

/// The sample board: six arrivals that land one after another.
mod sample;

/// The recorded day: its table, read.
mod recording;

/// What is announced of one recorded departure, and when.
mod plan;

/// The recorded day: its board, and all its announcements in order.
mod day;

pub use day::day;
pub use sample::sample;
pub use script::{Announcement, Run};
pub use speed::{NotASpeed, Speed};
