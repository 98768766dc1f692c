//! A month's requests, spread over the month.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::clock::{add, until};

/// The longest month.
const MONTH: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// The requests that a source allows in a calendar month of UTC. After each request the next one waits for an
/// equal share of the month. The count is in a file that is written before the requests are sent, so a program
/// that restarts in a loop does not exceed it.
#[derive(Debug)]
pub struct MonthlyBudget {
    file: PathBuf,
    requests: u32,
    feeds: AtomicU32,
    record: Mutex<BudgetRecord>,
}

/// The contents of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BudgetRecord {
    /// The first day of the month.
    month: Date,
    /// Requests in this month.
    used: u32,
    /// The earliest time of the next request.
    next_request: Timestamp,
}

/// Why requests cannot be counted.
#[derive(Debug, thiserror::Error)]
pub enum BudgetError {
    /// The file cannot be read or written.
    #[error("cannot count requests in {file}")]
    Io {
        /// The file.
        file: PathBuf,
        /// The cause.
        #[source]
        cause: std::io::Error,
    },
    /// The file has other contents.
    #[error("{file} is not a count of requests")]
    Malformed {
        /// The file.
        file: PathBuf,
        /// The cause.
        #[source]
        cause: serde_json::Error,
    },
    /// No request is allowed.
    #[error("a month must have at least one request")]
    NoRequests,
}

impl MonthlyBudget {
    /// Opens the file, or creates it. `requests` is the number that a month allows.
    ///
    /// # Errors
    /// The file cannot be written, or is another one.
    pub fn open(file: &Path, requests: u32) -> Result<Self, BudgetError> {
        if requests == 0 {
            return Err(BudgetError::NoRequests);
        }
        let file = file.to_owned();
        let now = Timestamp::now();
        let record = match std::fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|cause| BudgetError::Malformed { file: file.clone(), cause })?,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                BudgetRecord { month: month_of(now), used: 0, next_request: now }
            }
            Err(cause) => return Err(BudgetError::Io { file, cause }),
        };
        let budget =
            Self { file, requests, feeds: AtomicU32::new(0), record: Mutex::new(record.clone()) };
        budget.write(&record)?;
        Ok(budget)
    }

    /// Counts a feed among those that share the budget.
    pub(crate) fn add_feed(&self) {
        self.feeds.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts requests that are sent now. Returns the time to wait, and counts none, if it is too early
    /// for them or the month has not that many left.
    ///
    /// # Errors
    /// The file cannot be written. Then none may be sent.
    pub(crate) fn reserve(
        &self,
        requests: u32,
        now: Timestamp,
    ) -> Result<Option<Duration>, BudgetError> {
        let mut record = self.lock();
        let used = used(&record, now);
        // A clock that was ahead must not stop the feed for longer than a month.
        let wait = until(record.next_request, now).min(MONTH);
        if used.saturating_add(requests) > self.requests {
            return Ok(Some(wait.max(until(end_of_month(now), now))));
        }
        if !wait.is_zero() {
            return Ok(Some(wait));
        }
        let reserved = BudgetRecord {
            month: month_of(now),
            used: used + requests,
            next_request: add(now, self.share(requests)),
        };
        self.write(&reserved)?;
        *record = reserved;
        Ok(None)
    }

    /// The time between polls of that many requests, if all feeds that share the budget take turns.
    pub(crate) fn interval(&self, requests: u32) -> Duration {
        self.share(requests) * self.feeds.load(Ordering::Relaxed)
    }

    fn share(&self, requests: u32) -> Duration {
        MONTH.saturating_mul(requests) / self.requests
    }

    /// Requests left in the month.
    pub(crate) fn left(&self, now: Timestamp) -> u32 {
        self.requests.saturating_sub(used(&self.lock(), now))
    }

    fn write(&self, record: &BudgetRecord) -> Result<(), BudgetError> {
        let unwritable = |cause| BudgetError::Io { file: self.file.clone(), cause };
        let text = serde_json::to_vec(record).map_err(|error| unwritable(error.into()))?;
        // A crash leaves the old file or the new one.
        let new_file = self.file.with_extension("new");
        let written = std::fs::File::create(&new_file).and_then(|mut file| {
            file.write_all(&text)?;
            file.sync_all()?;
            std::fs::rename(&new_file, &self.file)
        });
        written.map_err(unwritable)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BudgetRecord> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The requests in the month of `now`. After a clock was ahead, the later month's count applies.
fn used(record: &BudgetRecord, now: Timestamp) -> u32 {
    if record.month < month_of(now) { 0 } else { record.used }
}

fn month_of(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date().first_of_month()
}

fn end_of_month(time: Timestamp) -> Timestamp {
    let next = month_of(time).checked_add(1.month()).unwrap_or(Date::MAX);
    next.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |midnight| midnight.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// The requests that polls of `requests` each make from `start` to `end`, with a restart before each try.
    fn count_requests(
        file: &Path,
        budget: u32,
        requests: u32,
        times: (&str, &str),
    ) -> Vec<Timestamp> {
        let (mut now, end) = (time(times.0), time(times.1));
        let mut sent = Vec::new();
        while now < end {
            let budget = MonthlyBudget::open(file, budget).unwrap();
            if budget.reserve(requests, now).unwrap().is_none() {
                sent.push(now);
            }
            now = add(now, Duration::from_secs(2 * 60 * 60));
        }
        sent
    }

    #[test]
    fn restarts_do_not_exceed_the_budget() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("requests.json");
        for (month, end) in [
            ("2035-01-01T00:00:00Z", "2035-02-01T00:00:00Z"),
            ("2035-02-01T00:00:00Z", "2035-03-01T00:00:00Z"),
        ] {
            let sent = count_requests(&file, 101, 2, (month, end));
            assert!((40..=50).contains(&sent.len()), "{}", sent.len());
            let last = sent.last().unwrap();
            assert!(until(time(end), *last) < Duration::from_secs(24 * 60 * 60), "spread: {last}");
        }
    }

    #[test]
    fn requests_wait_for_their_share() {
        let folder = tempfile::tempdir().unwrap();
        let budget = MonthlyBudget::open(&folder.path().join("requests.json"), 10_000).unwrap();
        budget.add_feed();
        let now = time("2035-01-01T00:00:00Z");
        let share = Duration::from_millis(535_680);
        assert_eq!(budget.interval(2), share);
        assert_eq!(budget.reserve(2, now).unwrap(), None);
        assert_eq!(budget.reserve(2, now).unwrap(), Some(share));
        assert_eq!(budget.left(now), 9_998);
        assert_eq!(budget.reserve(2, add(now, share)).unwrap(), None);
        budget.add_feed();
        assert_eq!(budget.interval(2), share * 2, "two feeds take turns");
    }

    #[test]
    fn used_budget_waits_for_next_month() {
        let folder = tempfile::tempdir().unwrap();
        let budget = MonthlyBudget::open(&folder.path().join("requests.json"), 5).unwrap();
        let now = time("2035-01-10T00:00:00Z");
        assert_eq!(budget.reserve(5, now).unwrap(), None);
        let wait = budget.reserve(1, time("2035-01-31T23:00:00Z")).unwrap().unwrap();
        assert!(wait >= Duration::from_secs(60 * 60), "{wait:?}");
        assert_eq!(budget.left(time("2035-02-01T00:00:00Z")), 5);
        assert_eq!(budget.reserve(1, time("2035-02-11T00:00:00Z")).unwrap(), None);
    }

    #[test]
    fn fast_clock_stops_it_a_month() {
        let folder = tempfile::tempdir().unwrap();
        let budget = MonthlyBudget::open(&folder.path().join("requests.json"), 10).unwrap();
        assert_eq!(budget.reserve(1, time("2099-01-01T00:00:00Z")).unwrap(), None);
        let wait = budget.reserve(1, time("2035-01-01T00:00:00Z")).unwrap();
        assert_eq!(wait, Some(MONTH));
    }

    #[test]
    fn other_files_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("letter.txt");
        std::fs::write(&file, "Dear all").unwrap();
        let error = MonthlyBudget::open(&file, 10).unwrap_err();
        assert!(error.to_string().ends_with("letter.txt is not a count of requests"), "{error}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "Dear all");
        assert!(matches!(MonthlyBudget::open(folder.path(), 10), Err(BudgetError::Io { .. })));
        assert!(matches!(MonthlyBudget::open(&file, 0), Err(BudgetError::NoRequests)));
    }
}
