//! Appends updates to the journal and waits until the applier has reached them.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use flight::{ForecastScope, Update};
use journal::{AppendError, Journal, MAX_APPEND_RECORDS, NewRecord, Seq};
use tokio::time::{Instant, timeout_at};

use crate::boards::{LiveBoards, PublishOutcome};
use crate::envelope::Envelope;
use crate::health::Health;
use crate::limits::EngineLimits;
use crate::metrics::Metrics;
use crate::publish_rate::{PublishRates, RateExceeded};
use crate::read_barrier::ReadBarrier;
use crate::turns::{LONE_TURN_UPDATES, TurnKey, Turns};
use crate::waiters::{ApplierStopped, Waiters, next_request_id};

/// Most updates in one call of [`Publisher::publish`]. Callers split larger batches.
pub const MAX_PUBLISHED_AT_ONCE: usize = 1_000;

const _: () = assert!(LONE_TURN_UPDATES <= MAX_APPEND_RECORDS, "one append must take them");

/// Time that a publisher waits for its record to be applied if the journal does not know whether it
/// was written.
pub const UNKNOWN_OUTCOME_TIMEOUT: Duration = Duration::from_secs(5);

/// Writes updates to the journal.
pub struct Publisher {
    journal: Arc<dyn Append>,
    boards: Arc<LiveBoards>,
    turns: Arc<Turns>,
    rates: PublishRates,
    limits: EngineLimits,
    /// `None` if no other program writes to the journal: then the boards are current.
    barrier: Option<ReadBarrier>,
    waiters: Arc<Waiters>,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
}

/// Why the outcome of an update is not known. The publisher should retry: with an idempotency key
/// that is harmless even if the update was applied.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PublishError {
    /// The update was not written.
    #[error("the journal did not accept the update")]
    NotWritten(#[from] AppendError),
    /// The update may have been written, and may still be applied.
    #[error("it is not known whether the update was or will be written")]
    Unknown(#[source] AppendError),
    /// The update was not written, because the applier has stopped for this reason.
    #[error("{0}")]
    Frozen(String),
    /// The update was not written, because its publisher has published too many lately.
    #[error("too many updates from this publisher")]
    RateExceeded {
        /// The time after which it may publish again.
        retry_after: Duration,
    },
    /// The update was written, but the applier has stopped.
    #[error("the server stopped before it applied the update")]
    Stopped,
}

/// [`Journal::append_records`] as a trait object, so that [`Publisher`] has no type parameter.
trait Append: Send + Sync {
    fn append(&self, records: Vec<NewRecord>) -> AppendFuture<'_>;
}

type AppendFuture<'a> = Pin<Box<dyn Future<Output = Result<Vec<Seq>, AppendError>> + Send + 'a>>;

impl<J: Journal> Append for J {
    fn append(&self, records: Vec<NewRecord>) -> AppendFuture<'_> {
        Box::pin(self.append_records(records))
    }
}

impl Publisher {
    pub(crate) fn new<J: Journal>(
        journal: Arc<J>,
        boards: Arc<LiveBoards>,
        limits: EngineLimits,
        waiters: Arc<Waiters>,
        health: Arc<Health>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let barrier = journal.staleness().map(|_| ReadBarrier::default());
        let rates = PublishRates::new(limits.publish_rate);
        let turns = Arc::default();
        Self { journal, boards, turns, rates, limits, barrier, waiters, health, metrics }
    }

    /// Writes the updates in order, and returns the outcome of each once it has been applied. Updates that the boards
    /// are sure to refuse are not written. All are of one publisher.
    pub async fn publish(&self, updates: Vec<Update>) -> Vec<Result<PublishOutcome, PublishError>> {
        debug_assert!(updates.len() <= MAX_PUBLISHED_AT_ONCE, "callers split");
        let mut results = Vec::with_capacity(updates.len());
        let mut updates = updates.into_iter();
        loop {
            let Some(first) = updates.as_slice().first() else { return results };
            let key = TurnKey::new(first);
            let turn: Vec<_> = updates.by_ref().take(self.turns.max_updates(&key)).collect();
            let count = turn.len();
            if let TurnKey::Publisher(publisher) = &key
                && let Err(RateExceeded { retry_after }) = self.rates.wait(publisher, count).await
            {
                self.metrics.count_rate_exceeded();
                results.extend(vec![Err(PublishError::RateExceeded { retry_after }); count]);
                continue;
            }
            let _turn = self.turns.take(key, count).await;
            results.extend(self.publish_turn(turn).await);
        }
    }

    /// Writes those updates of a turn that have to be written.
    async fn publish_turn(
        &self,
        mut updates: Vec<Update>,
    ) -> Vec<Result<PublishOutcome, PublishError>> {
        if let Some(reason) = self.health.frozen_reason() {
            return vec![Err(PublishError::Frozen(reason)); updates.len()];
        }
        let Some(barrier) = &self.barrier else {
            return self.write_open(updates, ForecastScope::All).await;
        };
        let Some(decided) = self.boards.first_decided(&updates, self.limits.state) else {
            return self.write_open(updates, ForecastScope::LimitsOnly).await;
        };
        let mut results = Vec::new();
        match barrier.wait().await {
            Err(error) => return vec![Err(error); updates.len()],
            Ok(None) => {}
            // The first update that the fold seems to refuse is the barrier, after those before it.
            Ok(Some(task)) => {
                let rest = updates.split_off(decided + 1);
                results = self.write_open(updates, ForecastScope::LimitsOnly).await;
                let error = results.last().and_then(|result| result.as_ref().err()).cloned();
                task.finish(error.clone().map_or(Ok(()), Err));
                if let Some(error) = error {
                    results.extend(vec![Err(error); rest.len()]);
                    return results;
                }
                updates = rest;
            }
        }
        results.extend(self.write_open(updates, ForecastScope::All).await);
        results
    }

    /// Writes those updates whose outcome is not known yet, in one commit.
    async fn write_open(
        &self,
        updates: Vec<Update>,
        scope: ForecastScope,
    ) -> Vec<Result<PublishOutcome, PublishError>> {
        let known = self.boards.forecast(&updates, self.limits.state, scope);
        let is_open = known.iter().map(Option::is_none);
        let open = updates.into_iter().zip(is_open).filter(|(_, is_open)| *is_open);
        let mut written = self.write(open.map(|(update, _)| update).collect()).await.into_iter();
        let results = known.into_iter().map(|known| match known {
            Some(outcome) => Ok(outcome),
            None => written.next().unwrap_or(Err(PublishError::Stopped)),
        });
        results.collect()
    }

    /// Writes the updates in one commit, and waits for their outcomes.
    async fn write(&self, updates: Vec<Update>) -> Vec<Result<PublishOutcome, PublishError>> {
        let count = updates.len();
        if count == 0 {
            return Vec::new();
        }
        let (request_ids, outcomes) = self.waiters.register(count);
        let _times = self.metrics.phases.begin(request_ids.iter());
        let mut records = Vec::with_capacity(count);
        for (request_id, update) in request_ids.iter().zip(updates) {
            // The request id also deduplicates. The idempotency key would not do: two requests with
            // the same key are two records, each with an outcome.
            let dedup_id = format!("{request_id:016x}");
            records.push(to_record(Envelope { request_id, update }, dedup_id));
        }
        let unknown = match self.append(records).await {
            Ok(_) => None,
            Err(error @ AppendError::OutcomeUnknown { .. }) => Some(error),
            Err(error) => return vec![Err(error.into()); count],
        };
        // If the append was lost, the outcome may never come. One deadline covers the whole batch.
        let deadline = Instant::now() + UNKNOWN_OUTCOME_TIMEOUT;
        let mut results = Vec::with_capacity(count);
        for outcome in outcomes {
            let outcome = match &unknown {
                None => outcome.await,
                Some(error) => match timeout_at(deadline, outcome).await {
                    Ok(outcome) => outcome,
                    Err(_) => {
                        self.metrics.count_unknown_outcome();
                        results.push(Err(PublishError::Unknown(error.clone())));
                        continue;
                    }
                },
            };
            results.push(outcome.map_err(|_| PublishError::Stopped));
        }
        results
    }

    /// Like [`publish`](Self::publish), for one update.
    pub async fn publish_one(&self, update: Update) -> Result<PublishOutcome, PublishError> {
        self.publish(vec![update]).await.pop().unwrap_or(Err(PublishError::Stopped))
    }

    /// Writes updates that every replica publishes on its own, and waits until they have been applied.
    /// Each comes with a deduplication id that is the same on all replicas, so the journal stores it
    /// once.
    pub(crate) async fn publish_internal(
        &self,
        updates: Vec<(String, Update)>,
    ) -> Result<(), PublishError> {
        let mut records = Vec::with_capacity(updates.len());
        for (dedup_id, update) in updates {
            // No waiter registers: the stored record may be another replica's, with its request id.
            let request_id = next_request_id(1);
            records.push(to_record(Envelope { request_id, update }, dedup_id));
        }
        let seqs = self.append(records).await?;
        let last = seqs.into_iter().max().unwrap_or(Seq::ZERO);
        Ok(self.waiters.wait_applied(last).await?)
    }

    async fn append(&self, records: Vec<NewRecord>) -> Result<Vec<Seq>, AppendError> {
        let start = Instant::now();
        let appended = self.journal.append(records).await;
        self.health.record_journal_result(&appended);
        if appended.is_ok() {
            self.metrics.observe_append(start.elapsed());
        }
        appended
    }
}

impl From<ApplierStopped> for PublishError {
    fn from(ApplierStopped: ApplierStopped) -> Self {
        Self::Stopped
    }
}

fn to_record(envelope: Envelope, dedup_id: String) -> NewRecord {
    NewRecord {
        payload: envelope.to_payload(),
        subject: envelope.subject(),
        dedup_id: Some(dedup_id),
    }
}
