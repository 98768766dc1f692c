//! From a record to its outcome: write it, and wait until the fold has come to it.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use flight::Update;
use journal::{Journal, MAX_APPEND_RECORDS, NewRecord, Seq};
use parking_lot::Mutex;
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, timeout_at};

use crate::entry::Entry;
use crate::health::Health;
use crate::live::Outcome;
use crate::metrics::Metrics;

/// Most records published at once; more are for the caller to split.
pub const MAX_PUBLISHED_AT_ONCE: usize = 1_000;

const _: () = assert!(MAX_PUBLISHED_AT_ONCE <= MAX_APPEND_RECORDS, "one append must take them");

/// How long a publisher waits for the fold to come upon a record of which the journal does not know
/// whether it was written.
pub const UNKNOWN_WAIT: Duration = Duration::from_secs(5);

/// Why nothing is known of what became of a record. Publishing it again is right: with an idempotency
/// key it is harmless even if it was carried out.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PublishError {
    /// It was not written.
    #[error("the journal did not take the update")]
    NotWritten(#[from] journal::Error),
    /// It may have been written, and may still be carried out.
    #[error("it is not known whether the update was written, or will be")]
    NotKnown(#[source] journal::Error),
    /// It was written, but the fold has ended.
    #[error("the server stopped before the update was carried out")]
    Stopped,
}

pub(crate) struct Publisher {
    journal: Arc<dyn Append>,
    waiting: Arc<Waiting>,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
}

/// Those who wait for the fold.
pub(crate) struct Waiting {
    /// For an outcome, by ticket. Bounded by the requests that are open, each of which has at most
    /// [`MAX_PUBLISHED_AT_ONCE`].
    publishers: Mutex<Option<HashMap<u64, oneshot::Sender<Outcome>>>>,
    /// For a position, until the fold has ended.
    applied: watch::Sender<Option<Seq>>,
}

/// A journal's `append_records` for callers that do not name the journal's type.
trait Append: Send + Sync {
    fn append(&self, payloads: Vec<NewRecord>) -> Appending<'_>;
}

type Appending<'a> = Pin<Box<dyn Future<Output = Result<Vec<Seq>, journal::Error>> + Send + 'a>>;

impl<J: Journal> Append for J {
    fn append(&self, payloads: Vec<NewRecord>) -> Appending<'_> {
        Box::pin(self.append_records(payloads))
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
    pub(crate) async fn publish(&self, records: Vec<Update>) -> Vec<Result<Outcome, PublishError>> {
        let count = records.len();
        debug_assert!(count <= MAX_PUBLISHED_AT_ONCE, "callers split");
        let (tickets, outcomes) = Tickets::draw(&self.waiting, count);
        // Not the idempotency key: of two requests with the same one each has an outcome.
        let keyed = |(ticket, record)| keyed(Entry { ticket, record }, format!("{ticket:016x}"));
        let unknown = match self.write(tickets.numbers().zip(records).map(keyed).collect()).await {
            Ok(_) => None,
            Err(error @ journal::Error::Unknown { .. }) => Some(error),
            Err(error) => return vec![Err(error.into()); count],
        };
        let deadline = Instant::now() + UNKNOWN_WAIT;
        let mut results = Vec::with_capacity(count);
        for outcome in outcomes {
            let told = match &unknown {
                None => outcome.await,
                Some(error) => match timeout_at(deadline, outcome).await {
                    Ok(told) => told,
                    Err(_) => {
                        self.metrics.not_known();
                        results.push(Err(PublishError::NotKnown(error.clone())));
                        continue;
                    }
                },
            };
            results.push(told.map_err(|_| PublishError::Stopped));
        }
        results
    }

    /// The same of one record.
    pub(crate) async fn publish_one(&self, record: Update) -> Result<Outcome, PublishError> {
        self.publish(vec![record]).await.pop().unwrap_or(Err(PublishError::Stopped))
    }

    /// Writes what any replica may come to want by itself, each under a name that is the same on all of
    /// them, so that it is written once; and waits until it has been applied.
    pub(crate) async fn settle(&self, named: Vec<(String, Update)>) -> Result<(), PublishError> {
        // Nobody waits for an outcome: the ticket may be another's.
        let keyed = |(name, record)| keyed(Entry { ticket: next_ticket(1), record }, name);
        let seqs = self.write(named.into_iter().map(keyed).collect()).await?;
        let last = seqs.into_iter().max().unwrap_or(Seq::ZERO);
        self.waiting.until_applied(last).await
    }

    async fn write(&self, payloads: Vec<NewRecord>) -> Result<Vec<Seq>, journal::Error> {
        let start = Instant::now();
        let written = self.journal.append(payloads).await;
        self.health.journal_answered(&written);
        if written.is_ok() {
            self.metrics.append_took(start.elapsed());
        }
        written
    }
}

fn keyed(entry: Entry, id: String) -> NewRecord {
    NewRecord { payload: entry.to_payload(), subject: entry.key(), dedup_id: Some(id) }
}

impl Waiting {
    pub(crate) fn new(applied: Seq) -> Arc<Self> {
        let publishers = Mutex::new(Some(HashMap::new()));
        Arc::new(Self { publishers, applied: watch::Sender::new(Some(applied)) })
    }

    /// Waits until the fold has come so far.
    pub(crate) async fn until_applied(&self, seq: Seq) -> Result<(), PublishError> {
        let mut applied = self.applied.subscribe();
        let reached =
            applied.wait_for(|applied| applied.is_none_or(|applied| applied >= seq)).await;
        reached.ok().and_then(|applied| *applied).map(drop).ok_or(PublishError::Stopped)
    }

    /// Tells those who wait for these tickets, or for a position up to `applied`. Tickets of others, or of
    /// earlier runs, are nobody's.
    pub(crate) fn answer(&self, outcomes: Vec<(u64, Outcome)>, applied: Seq) {
        self.applied.send_replace(Some(applied));
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
        self.applied.send_replace(None);
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
