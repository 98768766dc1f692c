//! The gate before the first events of a stream.
//!
//! After a restart all screens come back within seconds, and the rows or missed events of each are
//! far more work than a change sent live. The gate spreads that work, so that those who are there
//! already need not wait behind it: streams take their turns in the order in which they came, a
//! fixed time apart. Only the first events wait; the head and `retry:` have left by then, and what
//! is past the gate never comes back to it.
//!
//! A turn is a moment, not a place in a queue: nothing is held for one who waits, and nothing has
//! to be freed when it goes away. Without a storm a turn is at once.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// Time between two turns. So it takes seconds until all are back after a restart, less than their
/// `retry:` spreads them over by itself.
const TURN: Duration = Duration::from_micros(250);

/// So many may come at once and have their turns at once.
const AT_ONCE: u32 = 64;

/// Nobody waits longer, however many came before and went away again: less than a heartbeat, so a
/// stream at the gate is not silent for longer than any other.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Gives each who comes the moment of its turn.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    /// When all turns given so far are over.
    given_until: Mutex<Option<Instant>>,
}

impl Gate {
    /// When the stream that comes at `now` may be given its first events.
    pub(super) fn turn(&self, now: Instant) -> Instant {
        let mut given_until = self.given_until.lock();
        let given = given_until.map_or(Duration::ZERO, |end| end.saturating_duration_since(now));
        *given_until = Some(now + (given + TURN).min(LONGEST_WAIT + TURN * AT_ONCE));
        now + given.saturating_sub(TURN * (AT_ONCE - 1)).min(LONGEST_WAIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(gate: &Gate, count: u32, now: Instant) -> Vec<Duration> {
        (0..count).map(|_| gate.turn(now) - now).collect()
    }

    #[test]
    fn a_few_do_not_wait_and_many_take_turns_in_order() {
        let (gate, now) = (Gate::default(), Instant::now());
        let waits = waits(&gate, AT_ONCE + 1_000, now);
        let (at_once, later) = waits.split_at(AT_ONCE as usize);
        assert!(at_once.iter().all(Duration::is_zero), "{at_once:?}");
        let turns: Vec<_> = (1..=1_000).map(|turn| TURN * turn).collect();
        assert_eq!(later, turns);
    }

    #[test]
    fn after_a_storm_nobody_waits_any_more() {
        let (gate, now) = (Gate::default(), Instant::now());
        let last = *waits(&gate, 10_000, now).last().unwrap();
        let calm = now + last + TURN * AT_ONCE;
        assert!(waits(&gate, AT_ONCE, calm).iter().all(Duration::is_zero));
    }

    #[test]
    fn no_wait_is_longer_than_a_bound_however_many_come_and_go() {
        let (gate, now) = (Gate::default(), Instant::now());
        let waits = waits(&gate, 1_000_000, now);
        assert!(waits.is_sorted());
        assert_eq!(waits.last(), Some(&LONGEST_WAIT));
        let later = now + Duration::from_secs(1);
        assert_eq!(gate.turn(later) - later, LONGEST_WAIT - Duration::from_secs(1) + TURN);
    }
}
