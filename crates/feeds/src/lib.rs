//! Sources of updates.
//!
//! A feed is an iterator of [`Announcement`]s: a change to a board, and its time since the start of
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

/// The ratio of a feed's clock to real time.
mod speed;

/// Changes with their times, played once or forever.
mod script;

/// The sample board: six arrivals that land one after another.
mod sample;

/// The table of the recorded day.
mod recording;

/// The announcements for one recorded departure, and their times.
mod plan;

/// The recorded day: its board and all its announcements in order.
mod day;

pub use day::day;
pub use sample::{morning_zone, sample};
pub use script::{Announcement, RepeatMode};
pub use speed::{InvalidSpeed, Speed};
