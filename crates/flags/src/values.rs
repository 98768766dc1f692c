//! Durations and sizes.

use std::time::Duration;

use bytesize::ByteSize;

/// A duration such as `7d`, `10s` or `1h 30m`.
///
/// # Errors
/// The text is something else; returns the reason.
pub fn duration(text: &str) -> Result<Duration, String> {
    flight::parse_duration(text)
        .and_then(|duration| Duration::try_from(duration).ok())
        .ok_or_else(|| "not a duration such as 7d, 1h30m, 10s or 500ms".to_owned())
}

/// A size such as `8MiB` or `500kB`.
///
/// # Errors
/// The text is something else; returns the reason.
pub fn bytes(text: &str) -> Result<u64, String> {
    let size: ByteSize = text.parse().map_err(|_| "not a size such as 8MiB or 500kB".to_owned())?;
    Ok(size.as_u64())
}
