//! The time of the next poll.

use std::time::Duration;

/// Polls are delayed by up to this share of the interval, so that feeds that started together do not ask together.
const MAX_JITTER: f64 = 0.1;

/// Most doublings of the interval after failed polls.
const MAX_BACK_OFF_DOUBLINGS: u32 = 3;

/// Longest wait after a failed poll, unless the interval is longer or the source asks for more.
const MAX_BACK_OFF: Duration = Duration::from_secs(5 * 60);

/// The waits between polls.
#[derive(Debug)]
pub(crate) struct Schedule {
    interval: Duration,
    failures: u32,
}

impl Schedule {
    pub(crate) fn new(interval: Duration) -> Self {
        Self { interval, failures: 0 }
    }

    /// The time from the start of a poll to the start of the next one. `jitter` is a random number from 0 to 1.
    pub(crate) fn wait_after(&mut self, succeeded: bool, jitter: f64) -> Duration {
        self.failures = if succeeded { 0 } else { self.failures.saturating_add(1) };
        let doublings = self.failures.saturating_sub(1).min(MAX_BACK_OFF_DOUBLINGS);
        let wait = (self.interval * 2_u32.pow(doublings)).min(MAX_BACK_OFF).max(self.interval);
        wait + self.interval.mul_f64(MAX_JITTER * jitter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(interval: u64, outcomes: &[bool]) -> Vec<u64> {
        let mut schedule = Schedule::new(Duration::from_secs(interval));
        outcomes.iter().map(|&succeeded| schedule.wait_after(succeeded, 0.0).as_secs()).collect()
    }

    #[test]
    fn failures_double_the_interval() {
        assert_eq!(
            waits(15, &[true, false, false, false, false, false, true, false]),
            [15, 15, 30, 60, 120, 120, 15, 15]
        );
        assert_eq!(waits(180, &[false, false, false]), [180, 300, 300]);
        assert_eq!(waits(3_600, &[false, false]), [3_600, 3_600]);
    }

    #[test]
    fn jitter_only_adds() {
        let interval = Duration::from_secs(60);
        for jitter in [0.0, 0.5, 1.0] {
            let wait = Schedule::new(interval).wait_after(true, jitter);
            assert!((interval..=interval.mul_f64(1.0 + MAX_JITTER)).contains(&wait), "{wait:?}");
        }
    }
}
