//! Conversions between SQLite's integers and the journal's types, and settings of every connection.

use std::time::Duration;

use crate::{Seq, UnixMillis};

/// Wait for another program's lock before giving up.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

/// SQLite's integers are signed. No journal lives long enough to reach their maximum.
pub(super) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn seq(integer: i64) -> Seq {
    Seq(u64::try_from(integer).unwrap_or_default())
}

pub(super) fn millis(integer: i64) -> UnixMillis {
    UnixMillis(u64::try_from(integer).unwrap_or_default())
}
