//! From a record to its outcome: write it, and wait until the fold has come to it.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use flight::Record;
use journal::{Journal, MAX_APPEND_RECORDS, Seq};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::entry::Entry;
use crate::health::Health;
use crate::live::Outcome;
use crate::metrics::Metrics;

/// Most records published at once; more are for the caller to split.
pub const MAX_PUBLISHED_AT_ONCE: usize = 1_000;

const _: () = assert!(MAX_PUBLISHED_AT_ONCE <= MAX_APPEND_RECORDS, "one append must take them");

/// Why nothing is known of what became of records. Publishing them again is right: with an
/// idempotency key it is harmless even if they were carried out.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PublishError {
    /// They were not written.
    #[error("the journal did not take the update")]
    NotWritten(#[from] journal::Error),
    /// They were written, but the fold has ended.
    #[error("the server stopped before the update was carried out")]
    Stopped,
}

pub(crate) struct Publisher {
    journal: Arc<dyn Append>,
    waiting: Arc<Waiting>,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
}

/// Publishers that wait for an outcome, by ticket. Bounded by the requests that are open, each of
/// which has at most [`MAX_PUBLISHED_AT_ONCE`].
#[derive(Default)]
pub(crate) struct Waiting {
    publishers: Mutex<Option<HashMap<u64, oneshot::Sender<Outcome>>>>,
}

/// A journal's `append` for callers that do not name the journal's type.
trait Append: Send + Sync {
    fn append(&self, payloads: Vec<Bytes>) -> Appending<'_>;
}

type Appending<'a> = Pin<Box<dyn Future<Output = Result<Vec<Seq>, journal::Error>> + Send + 'a>>;

impl<J: Journal> Append for J {
    fn append(&self, payloads: Vec<Bytes>) -> Appending<'_> {
        Box::pin(Journal::append(self, payloads))
    }
}

impl Publisher {
    pub(crate) fn new<J: Journal>(
        journal: Arc<J>,
        waiting: Arc<Waiting>,
        health: Arc<Health>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self { journal, waiting, health, metrics }
    }

    /// Writes the records, in order, in one commit, and answers with what became of each.
    pub(crate) async fn publish(&self, records: Vec<Record>) -> Result<Vec<Outcome>, PublishError> {
        debug_assert!(records.len() <= MAX_PUBLISHED_AT_ONCE, "callers split");
        let (tickets, outcomes) = Tickets::draw(&self.waiting, records.len());
        let entries = tickets.numbers().zip(records);
        let payloads = entries.map(|(ticket, record)| Entry { ticket, record }.to_payload());
        let start = std::time::Instant::now();
        let written = self.journal.append(payloads.collect()).await;
        self.health.journal_answered(&written);
        written?;
        self.metrics.append_took(start.elapsed());
        let mut results = Vec::with_capacity(outcomes.len());
        for outcome in outcomes {
            results.push(outcome.await.map_err(|_| PublishError::Stopped)?);
        }
        Ok(results)
    }
}

impl Waiting {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { publishers: Mutex::new(Some(HashMap::new())) })
    }

    /// Tells those who wait for these tickets. Tickets of others, or of earlier runs, are nobody's.
    pub(crate) fn answer(&self, outcomes: Vec<(u64, Outcome)>) {
        let mut publishers = self.publishers.lock();
        let Some(publishers) = publishers.as_mut() else { return };
        for (ticket, outcome) in outcomes {
            if let Some(publisher) = publishers.remove(&ticket) {
                // A publisher that has gone meanwhile does not care.
                let _ = publisher.send(outcome);
            }
        }
    }

    /// Tells all who wait, and all who will, that there will be no answer.
    pub(crate) fn end(&self) {
        *self.publishers.lock() = None;
    }
}

/// Consecutive tickets, given back when dropped.
struct Tickets<'a> {
    waiting: &'a Waiting,
    first: u64,
    count: u64,
}

impl<'a> Tickets<'a> {
    fn draw(waiting: &'a Waiting, count: usize) -> (Self, Vec<oneshot::Receiver<Outcome>>) {
        let count = count as u64;
        let tickets = Self { waiting, first: next_ticket(count), count };
        let mut publishers = waiting.publishers.lock();
        let mut wait = |ticket| {
            let (sender, receiver) = oneshot::channel();
            if let Some(publishers) = publishers.as_mut() {
                publishers.insert(ticket, sender);
            }
            receiver
        };
        let receivers = tickets.numbers().map(&mut wait).collect();
        drop(publishers);
        (tickets, receivers)
    }

    fn numbers(&self) -> impl Iterator<Item = u64> + use<> {
        let (first, count) = (self.first, self.count);
        (0..count).map(move |offset| first.wrapping_add(offset))
    }
}

impl Drop for Tickets<'_> {
    fn drop(&mut self) {
        if let Some(publishers) = self.waiting.publishers.lock().as_mut() {
            self.numbers().for_each(|ticket| drop(publishers.remove(&ticket)));
        }
    }
}

/// Tickets begin anywhere, so that those of an earlier run or another replica are not ours.
fn next_ticket(count: u64) -> u64 {
    static NEXT: std::sync::LazyLock<AtomicU64> =
        std::sync::LazyLock::new(|| AtomicU64::new(rand::random()));
    NEXT.fetch_add(count, Ordering::Relaxed)
}
