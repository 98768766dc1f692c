//! Delays a pass briefly, so that events published together are written together.
//!
//! Publishers whose requests were answered together tend to publish again together. Events that arrive
//! within a short delay then cost one write per follower instead of one each.

use std::time::Duration;

use crate::notify::WorkerNotifier;

/// The delay is at most this fraction (1/4) of the time that the pass spent writing.
const MAX_SHARE_OF_WRITE: u32 = 4;

/// Upper bound of the delay.
const MAX_DELAY: Duration = Duration::from_millis(3);

/// The delay is slept in this number of parts, each followed by a check for the expected events.
const POLLS: u32 = 8;

/// A shorter sleep costs more than it gains: after a pass this quick there is no delay.
const MIN_SLEEP: Duration = Duration::from_micros(50);

/// Decay of the expected number of events, in sixteenths per pass.
const DECAY_16THS: usize = 15;

#[derive(Default)]
pub(super) struct CoalesceDelay {
    /// Number of events that recent passes found, decaying.
    expected: usize,
}

impl CoalesceDelay {
    /// Waits for further events, after a pass wrote `published` of them in `write_time`.
    pub(super) fn wait(
        &mut self,
        published: usize,
        write_time: Duration,
        notifier: &WorkerNotifier,
    ) {
        self.expect(published);
        let sleep = MAX_DELAY.min(write_time / MAX_SHARE_OF_WRITE) / POLLS;
        let mut polls = 0;
        while sleep >= MIN_SLEEP && polls < POLLS && notifier.published() < self.expected {
            std::thread::sleep(sleep);
            polls += 1;
        }
    }

    /// Decays slowly instead of adopting the last count: one late publisher must not shorten the wait
    /// for all others from then on.
    fn expect(&mut self, published: usize) {
        if published > 0 {
            self.expected = published.max(self.expected * DECAY_16THS / 16);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expected_events_decay_slowly() {
        let mut delay = CoalesceDelay::default();
        for (published, expected) in [(64, 64), (0, 64), (50, 60), (64, 64), (1, 60), (1, 56)] {
            delay.expect(published);
            assert_eq!(delay.expected, expected, "after {published} events");
        }
        (0..64).for_each(|_| delay.expect(1));
        assert_eq!(delay.expected, 1);
    }
}
