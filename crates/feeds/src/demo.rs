//! The feeds of the demo: changes with their times, which need no source.

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
