//! Spreads the first events of many new streams over time.
//!
//! After a restart all followers reconnect within seconds, and the rows or missed events of each
//! are far more work than a live change. The pacer spaces out that work, in the order of arrival,
//! so that live streams do not wait behind it. It delays only the first events: the response head
//! and `retry` are sent at once, and a started stream is never delayed again.
//!
//! It hands out times, as a leaky bucket does. A stream that ends before its time returns it, and a
//! later stream starts then: otherwise a client that opens and drops streams would delay all others.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// Time between two starts. All followers are back within seconds of a restart, sooner than their
/// `retry` times spread them.
const START_INTERVAL: Duration = Duration::from_micros(250);

/// Streams that start without delay after a pause.
const BURST: u32 = 64;

/// Longest delay. It is shorter than the heartbeat interval, so a waiting stream is not silent for longer
/// than others.
const MAX_START_DELAY: Duration = Duration::from_secs(10);

/// Assigns a start time to each new stream.
#[derive(Debug, Default)]
pub(crate) struct Pacer(Mutex<PacerTimes>);

#[derive(Debug, Default)]
struct PacerTimes {
    /// The end of all assigned intervals.
    busy_until: Option<Instant>,
    /// Returned times that have not come, with the number of streams that may start then.
    free: BTreeMap<Instant, u32>,
}

/// The start time of a stream, which goes back to the pacer if this is dropped before it.
#[derive(Debug)]
pub(crate) struct StartTurn {
    pacer: Arc<Pacer>,
    start_at: Instant,
}

impl Pacer {
    /// Returns when a stream that arrives at `now` may send its first events.
    pub(super) fn next_start(self: &Arc<Self>, now: Instant) -> StartTurn {
        let start_at = self.0.lock().next_start(now);
        StartTurn { pacer: Arc::clone(self), start_at }
    }
}

impl PacerTimes {
    fn next_start(&mut self, now: Instant) -> Instant {
        self.free = self.free.split_off(&now);
        if let Some(mut earliest) = self.free.first_entry() {
            *earliest.get_mut() -= 1;
            return if *earliest.get() == 0 { earliest.remove_entry().0 } else { *earliest.key() };
        }
        let backlog =
            self.busy_until.map_or(Duration::ZERO, |end| end.saturating_duration_since(now));
        let longest = MAX_START_DELAY + START_INTERVAL * BURST;
        self.busy_until = Some(now + (backlog + START_INTERVAL).min(longest));
        now + backlog.saturating_sub(START_INTERVAL * (BURST - 1)).min(MAX_START_DELAY)
    }
}

impl StartTurn {
    pub(super) fn start_at(&self) -> Instant {
        self.start_at
    }
}

impl Drop for StartTurn {
    fn drop(&mut self) {
        if self.start_at > Instant::now() {
            *self.pacer.0.lock().free.entry(self.start_at).or_default() += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The delays of streams that stay until their start.
    fn delays(pacer: &Arc<Pacer>, count: u32, now: Instant) -> Vec<Duration> {
        (0..count).map(|_| pacer.0.lock().next_start(now) - now).collect()
    }

    #[test]
    fn streams_beyond_a_burst_are_spaced() {
        let delays = delays(&Arc::default(), BURST + 1_000, Instant::now());
        let (burst, spaced) = delays.split_at(BURST as usize);
        assert!(burst.iter().all(Duration::is_zero), "{burst:?}");
        let expected: Vec<_> = (1..=1_000).map(|number| START_INTERVAL * number).collect();
        assert_eq!(spaced, expected);
    }

    #[test]
    fn backlog_drains() {
        let pacer = Arc::default();
        let now = Instant::now();
        let last = *delays(&pacer, 10_000, now).last().unwrap();
        let drained = now + last + START_INTERVAL * BURST;
        assert!(delays(&pacer, BURST, drained).iter().all(Duration::is_zero));
    }

    #[test]
    fn delays_are_bounded() {
        let pacer = Arc::default();
        let now = Instant::now();
        let all = delays(&pacer, 1_000_000, now);
        assert!(all.is_sorted());
        assert_eq!(all.last(), Some(&MAX_START_DELAY));
        let later = now + Duration::from_secs(1);
        let delay = delays(&pacer, 1, later)[0];
        assert_eq!(delay, MAX_START_DELAY - Duration::from_secs(1) + START_INTERVAL);
    }

    #[tokio::test(start_paused = true)]
    async fn dropped_streams_delay_no_others() {
        let pacer = Arc::<Pacer>::default();
        let now = Instant::now();
        for _ in 0..100_000 {
            drop(pacer.next_start(now));
        }
        assert!(pacer.next_start(now).start_at() - now <= START_INTERVAL);
        let waiting: Vec<_> = (0..1_000).map(|_| pacer.next_start(now)).collect();
        let last = waiting.last().unwrap().start_at();
        drop(waiting);
        let again: Vec<_> = (0..1_000).map(|_| pacer.next_start(now).start_at).collect();
        assert!(again.iter().all(|start_at| *start_at <= last));
        tokio::time::advance(MAX_START_DELAY).await;
        assert!(pacer.next_start(Instant::now()).start_at() <= Instant::now());
        assert!(pacer.0.lock().free.is_empty(), "past times are forgotten");
    }
}
