//! How much faster than real a feed runs.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// How many seconds of a feed's own clock pass in one second: a whole number from 1 to
/// [`Speed::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Speed(u32);

/// A text that is no [`Speed`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotASpeed;

impl Speed {
    /// As fast as things really are.
    pub const REAL: Self = Self(1);

    /// A minute in a second: a day takes 24 minutes.
    pub const MINUTE_A_SECOND: Self = Self(60);

    /// An hour in a second. Beyond that a board changes faster than anyone could read it.
    pub const MAX: Self = Self(3_600);

    pub(crate) fn on_the_wall(self, feeds_own: Duration) -> Duration {
        feeds_own / self.0
    }
}

impl FromStr for Speed {
    type Err = NotASpeed;

    fn from_str(text: &str) -> Result<Self, NotASpeed> {
        let times = text.parse().ok().filter(|times| (1..=Self::MAX.0).contains(times));
        times.map(Self).ok_or(NotASpeed)
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for NotASpeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a speed is a whole number from 1 to {}", Speed::MAX)
    }
}

impl std::error::Error for NotASpeed {}
