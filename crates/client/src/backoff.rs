//! Waits before attempts. Thousands of followers that lost the server in the same second must not return in the same
//! second, and a server that is away is asked less and less.

use std::time::Duration;

/// The shortest wait as a part of the longest; the rest is random.
const FIXED_SHARE: f64 = 0.2;

/// The wait before an attempt that follows on others without success. `random` is from 0 (inclusive) to 1 (exclusive).
pub(crate) fn backoff(first: Duration, max: Duration, attempts: u32, random: f64) -> Duration {
    let longest = first.saturating_mul(2_u32.saturating_pow(attempts)).min(max);
    spread(longest, FIXED_SHARE, random)
}

/// From `share` of `longest` up to all of it.
pub(crate) fn spread(longest: Duration, share: f64, random: f64) -> Duration {
    longest.mul_f64(share + (1.0 - share) * random)
}
