//! The ratio of a feed's clock to real time.

use std::str::FromStr;
use std::time::Duration;

/// Seconds of a feed's clock per second of real time: a whole number from 1 to [`Speed::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, derive_more::Display)]
pub struct Speed(u32);

/// A text is not a valid [`Speed`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("speed must be a whole number from 1 to {}", Speed::MAX)]
pub struct InvalidSpeed;

impl Speed {
    /// The speed of the real events.
    pub const REAL_TIME: Self = Self(1);

    /// A minute per second: a day takes 24 minutes.
    pub const MINUTE_PER_SECOND: Self = Self(60);

    /// An hour per second. A faster board could not be read.
    pub const MAX: Self = Self(3_600);

    /// Converts a time on the feed's clock to real time.
    pub(crate) fn to_real_time(self, feed_time: Duration) -> Duration {
        feed_time / self.0
    }
}

impl FromStr for Speed {
    type Err = InvalidSpeed;

    fn from_str(text: &str) -> Result<Self, InvalidSpeed> {
        let factor = text.parse().ok().filter(|factor| (1..=Self::MAX.0).contains(factor));
        factor.map(Self).ok_or(InvalidSpeed)
    }
}
