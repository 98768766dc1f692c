//! Counts the events of all followers, and measures their delays. Each follower has separate counters, so that
//! thousands of them do not wait for a lock.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::health_check::LongestWaits;

pub struct DeliveryTracker {
    followers: Vec<FollowerProgress>,
    /// The time of the request for each acknowledged event, by sequence number.
    requested: Mutex<HashMap<u64, Instant>>,
    /// The sequence numbers of all acknowledged events.
    acknowledged: Mutex<BTreeSet<u64>>,
    newest: AtomicU64,
    arrivals: Mutex<Vec<EventArrival>>,
    /// The longest waits of updates and health checks.
    pub waits: LongestWaits,
    /// Streams that resumed without a timetable.
    pub resumed: AtomicUsize,
    /// Streams that began with a timetable.
    pub timetables: AtomicUsize,
    /// Events received after one with the same or a higher sequence number.
    pub out_of_order: AtomicUsize,
    /// Requests for a stream that the server refused.
    pub refused: AtomicUsize,
}

/// An event as a measuring follower received it.
struct EventArrival {
    seq: u64,
    time: Instant,
    /// The start of the stream.
    opened: Instant,
}

#[derive(Default)]
struct FollowerProgress {
    is_open: AtomicBool,
    openings: AtomicU64,
    /// The sequence number of the last event.
    last: AtomicU64,
    /// The sequence number of the last timetable.
    base: AtomicU64,
    /// The number of events since that timetable, and the sum of their sequence numbers.
    count: AtomicU64,
    sum: AtomicU64,
}

impl DeliveryTracker {
    /// Tracks this number of followers. `newest` is the sequence number of the board's newest event.
    pub fn new(followers: usize, newest: u64) -> Self {
        Self {
            followers: (0..followers).map(|_| FollowerProgress::default()).collect(),
            requested: Mutex::default(),
            acknowledged: Mutex::default(),
            newest: AtomicU64::new(newest),
            arrivals: Mutex::default(),
            waits: LongestWaits::default(),
            resumed: AtomicUsize::default(),
            timetables: AtomicUsize::default(),
            out_of_order: AtomicUsize::default(),
            refused: AtomicUsize::default(),
        }
    }

    /// The sequence number of the newest acknowledged event.
    pub fn newest(&self) -> u64 {
        self.newest.load(Ordering::Relaxed)
    }

    /// Counts the followers that have an open stream and have received the event `seq`.
    pub fn count_up_to_date(&self, seq: u64) -> usize {
        (0..self.followers.len()).filter(|index| self.is_up_to_date(*index, seq)).count()
    }

    /// Tells whether a follower has an open stream and has received the event `seq`.
    pub fn is_up_to_date(&self, follower: usize, seq: u64) -> bool {
        let progress = &self.followers[follower];
        progress.is_open.load(Ordering::Relaxed) && progress.last.load(Ordering::Relaxed) >= seq
    }

    /// The number of streams that a follower has opened.
    pub fn openings(&self, follower: usize) -> u64 {
        self.followers[follower].openings.load(Ordering::Relaxed)
    }

    /// Counts the followers that have not received each acknowledged event since their timetable exactly once.
    pub fn count_incomplete(&self) -> usize {
        let acknowledged = self.acknowledged.lock();
        let is_incomplete = |progress: &&FollowerProgress| {
            let base = progress.base.load(Ordering::Relaxed);
            let mut count = 0;
            let mut sum = 0;
            for seq in acknowledged.range(base + 1..) {
                count += 1;
                sum += seq;
            }
            count != progress.count.load(Ordering::Relaxed)
                || sum != progress.sum.load(Ordering::Relaxed)
        };
        self.followers.iter().filter(is_incomplete).count()
    }

    /// The number of followers.
    pub fn follower_count(&self) -> usize {
        self.followers.len()
    }

    /// Removes and returns the delays of the live events acknowledged so far, the shortest first.
    pub fn take_delays(&self) -> Vec<Duration> {
        let requested = self.requested.lock();
        let mut delays = Vec::new();
        // An event can arrive before the response to its publisher.
        self.arrivals.lock().retain(|arrival| {
            let Some(start) = requested.get(&arrival.seq) else { return true };
            // An event requested before the stream opened was not live.
            delays.extend((*start > arrival.opened).then(|| arrival.time - *start));
            false
        });
        delays.sort_unstable();
        delays
    }

    /// Records that the event `seq`, requested at `start`, is acknowledged.
    pub(super) fn record_acknowledgement(&self, seq: u64, start: Instant) {
        self.requested.lock().insert(seq, start);
        self.acknowledged.lock().insert(seq);
        self.newest.store(seq, Ordering::Relaxed);
    }

    pub(super) fn record_opening(&self, follower: usize, resumed: bool) {
        let counter = if resumed { &self.resumed } else { &self.timetables };
        counter.fetch_add(1, Ordering::Relaxed);
        let progress = &self.followers[follower];
        progress.openings.fetch_add(1, Ordering::Relaxed);
        progress.is_open.store(true, Ordering::Relaxed);
    }

    pub(super) fn record_disconnect(&self, follower: usize) {
        self.followers[follower].is_open.store(false, Ordering::Relaxed);
    }

    /// Records a timetable, which replaces everything that the follower received before.
    pub(super) fn record_timetable(&self, follower: usize, seq: u64) {
        let progress = &self.followers[follower];
        progress.last.store(seq, Ordering::Relaxed);
        progress.base.store(seq, Ordering::Relaxed);
        progress.count.store(0, Ordering::Relaxed);
        progress.sum.store(0, Ordering::Relaxed);
    }

    pub(super) fn record_event(&self, follower: usize, seq: u64) {
        let progress = &self.followers[follower];
        let before = progress.last.swap(seq, Ordering::Relaxed);
        if seq <= before {
            self.out_of_order.fetch_add(1, Ordering::Relaxed);
        }
        progress.count.fetch_add(1, Ordering::Relaxed);
        progress.sum.fetch_add(seq, Ordering::Relaxed);
    }

    /// Records the arrival of an event on a stream opened at `opened`.
    pub(super) fn record_arrival(&self, seq: u64, opened: Instant) {
        self.arrivals.lock().push(EventArrival { seq, time: Instant::now(), opened });
    }
}
