//! Conversions between SQLite's integers and the types of this crate.

use jiff::Timestamp;
use journal::Seq;

/// SQLite's integers are signed. No journal lives long enough to reach their maximum.
pub(crate) fn integer(seq: Seq) -> i64 {
    i64::try_from(seq.0).unwrap_or(i64::MAX)
}

pub(crate) fn seq(integer: i64) -> Seq {
    Seq(u64::try_from(integer).unwrap_or_default())
}

pub(crate) fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
}
