//! Spreads the first events of many new streams over time.
//!
//! After a restart all followers reconnect within seconds, and the rows or missed events of each
//! are far more work than a live change. The pacer spaces out that work, in the order of arrival,
//! so that live streams do not wait behind it. It delays only the first events: the response head
//! and `retry` are sent at once, and a started stream is never delayed again.
//!
//! It hands out times, as a leaky bucket does, not places in a queue: a waiting stream holds
//! nothing here, and nothing needs to be released when it disconnects.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// Time between two starts. All followers are back within seconds of a restart, sooner than their
/// `retry` times spread them.
const START_INTERVAL: Duration = Duration::from_micros(250);

/// Streams that start without delay after a pause.
const BURST: u32 = 64;

/// Longest delay, even after many streams that have disconnected since. It is shorter than the
/// heartbeat interval, so a waiting stream is not silent for longer than others.
const MAX_START_DELAY: Duration = Duration::from_secs(10);

/// Assigns a start time to each new stream.
#[derive(Debug, Default)]
pub(crate) struct Pacer {
    /// The end of all assigned intervals.
    busy_until: Mutex<Option<Instant>>,
}

impl Pacer {
    /// Returns when a stream that arrives at `now` may send its first events.
    pub(super) fn next_start(&self, now: Instant) -> Instant {
        let mut busy_until = self.busy_until.lock();
        let backlog = busy_until.map_or(Duration::ZERO, |end| end.saturating_duration_since(now));
        *busy_until =
            Some(now + (backlog + START_INTERVAL).min(MAX_START_DELAY + START_INTERVAL * BURST));
        now + backlog.saturating_sub(START_INTERVAL * (BURST - 1)).min(MAX_START_DELAY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delays(pacer: &Pacer, count: u32, now: Instant) -> Vec<Duration> {
        (0..count).map(|_| pacer.next_start(now) - now).collect()
    }

    #[test]
    fn streams_beyond_a_burst_are_spaced() {
        let delays = delays(&Pacer::default(), BURST + 1_000, Instant::now());
        let (burst, spaced) = delays.split_at(BURST as usize);
        assert!(burst.iter().all(Duration::is_zero), "{burst:?}");
        let expected: Vec<_> = (1..=1_000).map(|number| START_INTERVAL * number).collect();
        assert_eq!(spaced, expected);
    }

    #[test]
    fn backlog_drains() {
        let pacer = Pacer::default();
        let now = Instant::now();
        let last = *delays(&pacer, 10_000, now).last().unwrap();
        let drained = now + last + START_INTERVAL * BURST;
        assert!(delays(&pacer, BURST, drained).iter().all(Duration::is_zero));
    }

    #[test]
    fn delays_are_bounded() {
        let pacer = Pacer::default();
        let now = Instant::now();
        let delays = delays(&pacer, 1_000_000, now);
        assert!(delays.is_sorted());
        assert_eq!(delays.last(), Some(&MAX_START_DELAY));
        let later = now + Duration::from_secs(1);
        let delay = pacer.next_start(later) - later;
        assert_eq!(delay, MAX_START_DELAY - Duration::from_secs(1) + START_INTERVAL);
    }
}
