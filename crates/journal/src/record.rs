//! A record of the journal. It does not know the meaning of its payload.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use crate::Seq;

/// A durable record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The number.
    pub seq: Seq,
    /// The time of the write. Never earlier than that of the record before.
    pub time: UnixMillis,
    /// The payload, as appended.
    pub payload: Bytes,
}

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(pub u64);

impl UnixMillis {
    /// Subtracts `age`, but not beyond 1970.
    pub(crate) fn before(self, age: Duration) -> UnixMillis {
        UnixMillis(self.0.saturating_sub(millis(age)))
    }
}

impl From<SystemTime> for UnixMillis {
    /// Times before 1970 become 1970.
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
