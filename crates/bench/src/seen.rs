//! Which messages one follower has seen, by their numbers: all up to the last one, if none was missed.

use crate::orders::Progress;
use crate::stamps::Stamp;

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    /// None, of one that has only just come and was told nothing of what was before.
    last: Option<u64>,
    /// When its stream was opened; 0 if it never was.
    since_nanos: u64,
}

impl Seen {
    /// Its stream is open. Answers whether it was before.
    pub(crate) fn open(&mut self, now_nanos: u64) -> bool {
        std::mem::replace(&mut self.since_nanos, now_nanos) > 0
    }

    /// It comes back as one that has seen nothing.
    pub(crate) fn forget(&mut self) {
        self.last = None;
    }

    /// Counts what was missed before this message, or that it came again. The first one is where a
    /// follower begins: what was before it was not for it.
    pub(crate) fn see(&mut self, stamp: Stamp, progress: &mut Progress) {
        match self.last {
            Some(last) if stamp.number <= last => progress.again += 1,
            Some(last) => {
                progress.missed += stamp.number - last - 1;
                self.last = Some(stamp.number);
            }
            None => self.last = Some(stamp.number),
        }
    }

    /// Whether the follower was there when the message was sent. Otherwise its delay says how long it
    /// was away.
    pub(crate) fn was_there(&self, stamp: Stamp) -> bool {
        stamp.nanos > self.since_nanos
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn see(seen: &mut Seen, numbers: &[u64]) -> (u64, u64) {
        let mut progress = Progress::default();
        for number in numbers {
            seen.see(Stamp { nanos: 0, number: *number }, &mut progress);
        }
        (progress.missed, progress.again)
    }

    #[test]
    fn what_lies_between_two_messages_was_missed_also_over_an_absence() {
        let mut seen = Seen::default();
        assert_eq!(see(&mut seen, &[7, 8, 9]), (0, 0));
        assert!(!seen.open(1) && seen.open(2));
        assert_eq!(see(&mut seen, &[10, 12, 15]), (3, 0));
        seen.forget();
        assert_eq!(see(&mut seen, &[20, 21]), (0, 0));
    }

    #[test]
    fn what_was_seen_before_came_again() {
        assert_eq!(see(&mut Seen::default(), &[1, 2, 2, 1, 3]), (0, 2));
    }

    #[test]
    fn only_who_was_there_tells_a_delay() {
        let mut seen = Seen::default();
        seen.open(5);
        let was_there = |nanos| seen.was_there(Stamp { nanos, number: 1 });
        assert_eq!([was_there(4), was_there(5), was_there(6)], [false, false, true]);
    }
}
