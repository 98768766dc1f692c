//! Gaps and duplicates in the messages of one follower, by their numbers.

use crate::timestamps::Timestamp;
use crate::worker_protocol::WorkerProgress;

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SequenceTracker {
    /// The last number received; `None` for a follower that starts afresh.
    last: Option<u64>,
    /// The time at which the stream was opened; 0 if it never was.
    opened_nanos: u64,
}

impl SequenceTracker {
    /// Records that the stream is open. Returns whether it had been open before.
    pub(crate) fn open(&mut self, now_nanos: u64) -> bool {
        std::mem::replace(&mut self.opened_nanos, now_nanos) > 0
    }

    /// The follower will reconnect without an event id, so earlier messages no longer count.
    pub(crate) fn reset(&mut self) {
        self.last = None;
    }

    /// Counts the gap before this message, or the message as a duplicate. The first message received is the
    /// start: earlier ones were not meant for this follower.
    pub(crate) fn receive(&mut self, timestamp: Timestamp, progress: &mut WorkerProgress) {
        match self.last {
            Some(last) if timestamp.number <= last => progress.duplicates += 1,
            Some(last) => {
                progress.missed += timestamp.number - last - 1;
                self.last = Some(timestamp.number);
            }
            None => self.last = Some(timestamp.number),
        }
    }

    /// True if the stream was open when the message was sent.
    pub(crate) fn was_open_at(&self, timestamp: Timestamp) -> bool {
        timestamp.nanos > self.opened_nanos
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Missed and duplicate messages.
    fn receive(tracker: &mut SequenceTracker, numbers: &[u64]) -> (u64, u64) {
        let mut progress = WorkerProgress::default();
        for number in numbers {
            tracker.receive(Timestamp { nanos: 0, number: *number }, &mut progress);
        }
        (progress.missed, progress.duplicates)
    }

    #[test]
    fn gaps_count_as_missed_across_reconnects() {
        let mut tracker = SequenceTracker::default();
        assert_eq!(receive(&mut tracker, &[7, 8, 9]), (0, 0));
        assert!(!tracker.open(1) && tracker.open(2));
        assert_eq!(receive(&mut tracker, &[10, 12, 15]), (3, 0));
        tracker.reset();
        assert_eq!(receive(&mut tracker, &[20, 21]), (0, 0));
    }

    #[test]
    fn repeated_numbers_count_as_duplicates() {
        assert_eq!(receive(&mut SequenceTracker::default(), &[1, 2, 2, 1, 3]), (0, 2));
    }

    #[test]
    fn latency_counts_only_while_open() {
        let mut tracker = SequenceTracker::default();
        tracker.open(5);
        let was_open = |nanos| tracker.was_open_at(Timestamp { nanos, number: 1 });
        assert_eq!([was_open(4), was_open(5), was_open(6)], [false, false, true]);
    }
}
