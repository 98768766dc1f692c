//! What all followers have seen, and when. Each writes to a place of its own; nobody waits for anyone.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

pub struct DeliveryTracker {
    places: Vec<FollowerProgress>,
    /// When each event was asked for, by its number.
    asked: Mutex<HashMap<u64, Instant>>,
    /// All events that were answered, by their numbers.
    answered: Mutex<BTreeSet<u64>>,
    delays: Mutex<Vec<Duration>>,
    pub resumed: AtomicUsize,
    pub timetables: AtomicUsize,
    /// Events that came after one with the same or a greater number.
    pub misplaced: AtomicUsize,
    /// Streams that were answered as none.
    pub refused: AtomicUsize,
}

#[derive(Default)]
struct FollowerProgress {
    seen: AtomicU64,
    is_open: AtomicBool,
    openings: AtomicU64,
    /// The event that the last timetable was as of.
    base: AtomicU64,
    /// How many events came after it, and the sum of their numbers.
    count: AtomicU64,
    sum: AtomicU64,
}

impl DeliveryTracker {
    pub fn new(followers: usize) -> Self {
        let places = (0..followers).map(|_| FollowerProgress::default()).collect();
        let (asked, answered, delays) = Default::default();
        let (resumed, timetables, misplaced, refused) = Default::default();
        Self { places, asked, answered, delays, resumed, timetables, misplaced, refused }
    }

    /// How many followers have an open stream and have seen this event.
    pub fn with(&self, seq: u64) -> usize {
        (0..self.places.len()).filter(|at| self.has(*at, seq)).count()
    }

    /// How often a follower has opened a stream that began as it must.
    pub fn openings(&self, at: usize) -> u64 {
        self.places[at].openings.load(Ordering::Relaxed)
    }

    /// Whether a follower has an open stream and has seen this event.
    pub fn has(&self, at: usize, seq: u64) -> bool {
        let place = &self.places[at];
        place.is_open.load(Ordering::Relaxed) && place.seen.load(Ordering::Relaxed) >= seq
    }

    /// The event of this number is about to be asked for.
    pub fn ask(&self, seq: u64) {
        self.asked.lock().insert(seq, Instant::now());
    }

    /// The event of this number was answered.
    pub fn answer(&self, seq: u64) {
        self.answered.lock().insert(seq);
    }

    /// How many have not seen what was answered since their timetable, all of it, once each.
    pub fn wrong(&self) -> usize {
        let answered = self.answered.lock();
        let is_wrong = |place: &&FollowerProgress| {
            let figure = |of: &AtomicU64| of.load(Ordering::Relaxed);
            let after = answered.range(figure(&place.base) + 1..);
            let (count, sum) = after.fold((0, 0), |(count, sum), seq| (count + 1, sum + seq));
            (count, sum) != (figure(&place.count), figure(&place.sum))
        };
        self.places.iter().filter(is_wrong).count()
    }

    /// The delays since they were last taken, the shortest first.
    pub fn take_delays(&self) -> Vec<Duration> {
        let mut delays = std::mem::take(&mut *self.delays.lock());
        delays.sort_unstable();
        delays
    }

    pub(super) fn opened(&self, at: usize, resumed: bool) {
        let counter = if resumed { &self.resumed } else { &self.timetables };
        counter.fetch_add(1, Ordering::Relaxed);
        self.places[at].openings.fetch_add(1, Ordering::Relaxed);
        self.places[at].is_open.store(true, Ordering::Relaxed);
    }

    pub(super) fn left(&self, at: usize) {
        self.places[at].is_open.store(false, Ordering::Relaxed);
    }

    /// A timetable replaces all that came before it.
    pub(super) fn saw(&self, at: usize, seq: u64, is_timetable: bool) {
        let place = &self.places[at];
        let before = place.seen.swap(seq, Ordering::Relaxed);
        if is_timetable {
            place.base.store(seq, Ordering::Relaxed);
            place.count.store(0, Ordering::Relaxed);
            place.sum.store(0, Ordering::Relaxed);
            return;
        }
        if seq <= before {
            self.misplaced.fetch_add(1, Ordering::Relaxed);
        }
        place.count.fetch_add(1, Ordering::Relaxed);
        place.sum.fetch_add(seq, Ordering::Relaxed);
    }

    /// An event came now, on a stream that was open since `open`: if it was asked for later, it came
    /// live.
    pub(super) fn came(&self, seq: u64, open: Instant) {
        let asked = self.asked.lock().get(&seq).copied();
        if let Some(asked) = asked.filter(|asked| *asked > open) {
            self.delays.lock().push(asked.elapsed());
        }
    }
}
