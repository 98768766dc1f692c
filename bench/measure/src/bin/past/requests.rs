//! Requests about the past at an even rate, and the time that each takes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use jiff::Timestamp;
use rand::RngExt;
use testkit::api::ApiClient;

use super::recorded_week::PastSpan;

/// Changes in an answer.
const PAGE_CHANGES: usize = 100;

/// The times that requests took, by their kind.
pub(crate) type RequestTimes = BTreeMap<RequestKind, Vec<Duration>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RequestKind {
    /// The rows as of a random time.
    Rows,
    /// The changes after a random time.
    Changes,
    /// The punctuality of the whole week.
    Punctuality,
}

/// Asks a server about its past.
pub(crate) struct PastReader<'a> {
    pub(crate) api: ApiClient,
    pub(crate) span: PastSpan,
    /// In turn.
    pub(crate) kinds: &'a [RequestKind],
    pub(crate) interval: Duration,
}

impl PastReader<'_> {
    /// Sends requests for as long, or until `stop`.
    pub(crate) fn read_for(&self, duration: Duration, stop: &AtomicBool) -> Result<RequestTimes> {
        let mut times = RequestTimes::default();
        let start = Instant::now();
        for (number, kind) in (0..).zip(self.kinds.iter().cycle()) {
            let due = start + self.interval * number;
            if due.duration_since(start) > duration || stop.load(Ordering::Relaxed) {
                break;
            }
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let path = self.path(*kind);
            let start = Instant::now();
            let answer = self.api.get_text(&path);
            times.entry(*kind).or_default().push(start.elapsed());
            ensure!(answer.len() > 100, "{path}: {answer}");
        }
        Ok(times)
    }

    fn path(&self, kind: RequestKind) -> String {
        let time = random_time(self.span);
        match kind {
            RequestKind::Rows => format!("/boards/main/flights?at={time}"),
            RequestKind::Changes => {
                format!("/boards/main/changes?order=oldest&from={time}&limit={PAGE_CHANGES}")
            }
            RequestKind::Punctuality => format!("/boards/main/punctuality?from={}", self.span.0),
        }
    }
}

pub(crate) fn random_time((first, last): PastSpan) -> Timestamp {
    let millis = rand::rng().random_range(first.as_millisecond()..last.as_millisecond());
    Timestamp::from_millisecond(millis).expect("between two times")
}
