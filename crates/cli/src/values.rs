//! Values of flags that are more than text or a number.

use std::time::Duration;

use bytesize::ByteSize;

/// A duration such as `7d`, `10s` or `1h 30m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| format!("{error}, such as 7d, 10s or 1h30m"))
}

/// A size such as `8MiB` or `500kB`.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    let size: ByteSize = text.parse().map_err(|_| "not a size such as 8MiB or 500kB".to_owned())?;
    Ok(size.as_u64())
}

/// The same for what must fit in memory.
pub(crate) fn bytes_in_memory(text: &str) -> Result<usize, String> {
    usize::try_from(bytes(text)?).map_err(|_| "more than this machine can address".to_owned())
}
