//! Numbers with units, for people.

use std::fmt;

use bytesize::ByteSize;

/// A size such as `1.5 MiB`.
pub(crate) fn size(bytes: u64) -> impl fmt::Display {
    ByteSize::b(bytes).display().iec()
}

/// The same with a sign where the size is negative.
pub(crate) fn signed_size(bytes: i64) -> String {
    let sign = if bytes < 0 { "-" } else { "" };
    format!("{sign}{}", size(bytes.unsigned_abs()))
}
