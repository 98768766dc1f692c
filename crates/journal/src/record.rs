//! One entry of the journal. What its payload says is the business of those who wrote it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use crate::Seq;

/// One durable entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its number.
    pub seq: Seq,
    /// When the journal wrote it. Never earlier than the record before it.
    pub time: UnixMillis,
    /// What was appended, byte for byte.
    pub payload: Bytes,
}

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(pub u64);

impl UnixMillis {
    /// The moment `age` before this one, or 1970 where that would be earlier still.
    pub(crate) fn before(self, age: Duration) -> UnixMillis {
        UnixMillis(self.0.saturating_sub(millis(age)))
    }
}

impl From<SystemTime> for UnixMillis {
    /// A clock that says it is before 1970 is taken to say 1970.
    fn from(time: SystemTime) -> Self {
        UnixMillis(time.duration_since(UNIX_EPOCH).map_or(0, millis))
    }
}

impl From<UnixMillis> for SystemTime {
    fn from(time: UnixMillis) -> Self {
        UNIX_EPOCH + Duration::from_millis(time.0)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
