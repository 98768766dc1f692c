//! The time that the phases of an update take, as histograms: from the publisher to the sockets of followers, and for the
//! fold and snapshots on the way. The time until it is durable is in `metrics.rs`.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// Updates whose frames may be written later than all that follow them, and are still measured.
const MAX_TRACKED_UPDATES: usize = 4096;

pub(crate) struct PhaseTimes {
    publish_to_write: Histogram,
    fold: Histogram,
    snapshot: Histogram,
    updates: Mutex<UpdateStarts>,
}

/// When the updates of this process began.
#[derive(Default)]
struct UpdateStarts {
    /// Those that are not applied yet, by request id: as many as publishers wait for.
    pending: HashMap<u64, Instant>,
    /// Those that are applied, by position, in its order.
    applied: VecDeque<(u64, Instant)>,
}

impl PhaseTimes {
    pub(crate) fn new() -> Self {
        // 0.1 ms to 3.3 s.
        let histogram = || Histogram::new(exponential_buckets(0.000_1, 2.0, 16));
        Self {
            publish_to_write: histogram(),
            fold: histogram(),
            snapshot: histogram(),
            updates: Mutex::default(),
        }
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        for (name, help, histogram) in [
            (
                "publish_to_write",
                "Time from a publisher's update to the write of its event to followers",
                &self.publish_to_write,
            ),
            ("fold", "Time to apply a batch of records", &self.fold),
            ("snapshot", "Time to encode the rows of a board", &self.snapshot),
        ] {
            registry.register_with_unit(name, help, Unit::Seconds, histogram.clone());
        }
    }

    /// Records that updates with these request ids begin now.
    pub(crate) fn begin(&self, request_ids: impl Iterator<Item = u64>) -> PendingTimes<'_> {
        let now = Instant::now();
        let request_ids: Vec<_> = request_ids.collect();
        self.updates.lock().pending.extend(request_ids.iter().map(|id| (*id, now)));
        PendingTimes { times: self, request_ids }
    }

    /// Records that the update with this request id is at this position. Those of other processes are not known.
    pub(crate) fn apply(&self, request_id: u64, seq: u64) {
        let mut updates = self.updates.lock();
        let Some(start) = updates.pending.remove(&request_id) else { return };
        if updates.applied.len() == MAX_TRACKED_UPDATES {
            updates.applied.pop_front();
        }
        updates.applied.push_back((seq, start));
    }

    /// Observes the time of the update at this position, whose event has been written.
    pub(crate) fn observe_write(&self, seq: u64) {
        let updates = self.updates.lock();
        let found = updates.applied.binary_search_by_key(&seq, |(seq, _)| *seq);
        let start = found.ok().map(|at| updates.applied[at].1);
        drop(updates);
        if let Some(start) = start {
            self.publish_to_write.observe(start.elapsed().as_secs_f64());
        }
    }

    pub(crate) fn observe_fold(&self, time: Duration) {
        self.fold.observe(time.as_secs_f64());
    }

    pub(crate) fn observe_snapshot(&self, time: Duration) {
        self.snapshot.observe(time.as_secs_f64());
    }
}

/// Updates whose publisher waits. Dropping it forgets those that have not been applied.
pub(crate) struct PendingTimes<'a> {
    times: &'a PhaseTimes,
    request_ids: Vec<u64>,
}

impl Drop for PendingTimes<'_> {
    fn drop(&mut self) {
        let mut updates = self.times.updates.lock();
        for id in &self.request_ids {
            updates.pending.remove(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;

    use super::*;

    /// The number of observations of `publish_to_write`.
    fn observed(times: &PhaseTimes) -> String {
        let mut registry = Registry::default();
        times.register(&mut registry);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        let count =
            text.lines().find_map(|line| line.strip_prefix("publish_to_write_seconds_count "));
        count.unwrap().to_owned()
    }

    #[test]
    fn writes_are_observed_by_position() {
        let times = PhaseTimes::new();
        let pending = times.begin(1..=3);
        times.apply(1, 10);
        times.apply(9, 11);
        times.apply(3, 12);
        times.observe_write(10);
        times.observe_write(11);
        times.observe_write(12);
        assert_eq!(observed(&times), "2", "the second update is of another process");
        drop(pending);
        assert!(times.updates.lock().pending.is_empty());
    }

    #[test]
    fn tracked_updates_are_bounded() {
        let times = PhaseTimes::new();
        let count = 2 * MAX_TRACKED_UPDATES as u64;
        let _pending = times.begin(0..count);
        (0..count).for_each(|id| times.apply(id, id));
        assert_eq!(times.updates.lock().applied.len(), MAX_TRACKED_UPDATES);
        times.observe_write(0);
        times.observe_write(count - 1);
        assert_eq!(observed(&times), "1");
    }
}
