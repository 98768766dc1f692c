//! Reconnection times, and the delays before streams close at shutdown. All are random, so that
//! followers do not reconnect in one burst.

use std::ops::RangeInclusive;
use std::time::Duration;

use engine::frames;
use fanout::Frame;
use rand::RngExt;

use crate::app::AppState;

/// After a disconnect.
const RETRY_MILLIS: RangeInclusive<u64> = 1_000..=5_000;

/// With the maximum number of followers.
const RETRY_WHEN_FULL_MILLIS: RangeInclusive<u64> = 30_000..=120_000;

/// Before the server is ready, which takes an unknown time.
const RETRY_WHEN_READY_MILLIS: RangeInclusive<u64> = 5_000..=15_000;

/// Streams that close per millisecond at shutdown …
const CLOSES_PER_MILLI: u32 = 1;

/// … unless that takes longer than this part of the drain time. The rest is for responses and for
/// slow streams.
const CLOSE_WINDOW_PERCENT: u32 = 80;

/// The `retry` at the start of a stream.
pub(super) fn after_disconnect() -> Frame {
    retry(RETRY_MILLIS)
}

pub(super) fn when_full() -> Frame {
    retry(RETRY_WHEN_FULL_MILLIS)
}

pub(super) fn when_ready() -> Frame {
    retry(RETRY_WHEN_READY_MILLIS)
}

/// The `retry` of a server that stops: its followers reconnect during the drain time or soon after.
pub(super) fn after_shutdown(drain: Duration) -> Frame {
    let drain = u64::try_from(drain.as_millis()).unwrap_or(u64::MAX);
    retry(*RETRY_MILLIS.start()..=drain.max(*RETRY_MILLIS.end()))
}

/// The part of the drain time in which the streams close.
pub(crate) fn close_window(drain: Duration) -> Duration {
    drain / 100 * CLOSE_WINDOW_PERCENT
}

/// Returns the time that a stream stays open after the start of a shutdown.
pub(crate) fn close_delay(state: &AppState) -> Duration {
    let streams = u64::try_from(*state.streams.borrow()).unwrap_or(u64::MAX);
    let spread = Duration::from_millis(streams / u64::from(CLOSES_PER_MILLI));
    spread.min(close_window(state.settings.drain)).mul_f64(rand::rng().random())
}

fn retry(millis: RangeInclusive<u64>) -> Frame {
    frames::retry(rand::rng().random_range(millis))
}
