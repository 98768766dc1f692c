//! The loop of a feed: fetch, read, publish, wait.

use std::sync::Arc;
use std::time::Duration;

use feeds::{AnswerOutcome, Source, SourceCredit, SourceRequest};
use flight::BoardKind;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::answer_input::AnswerInput;
use crate::budget::MonthlyBudget;
use crate::clock::{FeedClock, add, until};
use crate::counters::FeedCounters;
use crate::feed_board::FeedBoard;
use crate::fetcher::FetchedAnswers;
use crate::lease::{CLAIM_INTERVAL, FeedLease, RENEWAL_INTERVAL};
use crate::options::{FeedOptionError, FeedOptions, PushedAnswer};
use crate::outcome_log::OutcomeLog;
use crate::schedule::Schedule;
use crate::source_reader::SourceReader;
use crate::source_report::{SourceReport, check_credit};
use crate::target::{BoardContents, FeedTarget, TargetError};

/// Wait before the next attempt to reach the boards.
const TARGET_RETRY_INTERVAL: Duration = Duration::from_secs(2);

/// Wait of a feed that does not poll.
const PUSH_ONLY_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// A source that is polled for one or two boards.
pub struct PolledFeed {
    credit: SourceCredit,
    source: SourceReader,
    input: AnswerInput,
    boards: Vec<FeedBoard>,
    clock: FeedClock,
    /// Least intervals do not count for a source on this machine.
    is_loopback: bool,
    interval: Duration,
    schedule: Schedule,
    next_poll: Instant,
    /// The boards have been opened: without them, no lease of theirs can be held.
    has_boards: bool,
    lease: FeedLease,
    budget: Option<Arc<MonthlyBudget>>,
    /// The interval that the budget allows.
    budget_interval: Duration,
    pushed: Option<mpsc::Receiver<PushedAnswer>>,
    counters: Arc<FeedCounters>,
    log: OutcomeLog,
}

/// Why a feed has ended by itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    /// The only answer is of no use.
    #[error("{0}")]
    Answer(String),
    /// The only answer was not published.
    #[error("cannot publish: {0}")]
    Target(#[from] TargetError),
}

/// The answers of one poll: fetched, then read, then published.
struct Poll {
    times: AnswerTimes,
    fetched: Option<FetchedAnswers>,
    outcome: Option<AnswerOutcome>,
}

#[derive(Clone, Copy)]
struct AnswerTimes {
    /// By the feed's clock.
    asked_at: Timestamp,
    /// By the machine's clock.
    answered_at: Timestamp,
}

/// The event that ends a wait.
enum WakeReason {
    Time,
    Changed,
    Pushed(PushedAnswer),
}

impl PolledFeed {
    /// Checks the options by the source's terms.
    ///
    /// # Errors
    /// The source's terms do not allow an option, or requests cannot be prepared.
    pub fn new(source: Box<dyn Source>, options: FeedOptions) -> Result<Self, FeedOptionError> {
        let terms = source.terms();
        let interval = options.check(terms)?;
        let credit = source.credit();
        check_credit(&credit)?;
        let is_loopback = options.is_loopback();
        let input = AnswerInput::open(terms, &options)?;
        let fields = source.fields();
        let boards: Vec<_> =
            options.boards.into_iter().map(|board| FeedBoard::new(board, fields)).collect();
        let names: Vec<_> = boards.iter().map(|board| board.settings.name.clone()).collect();
        let first = names.first().cloned().ok_or(FeedOptionError::NoBoard)?;
        let names: Vec<_> = names.iter().map(ToString::to_string).collect();
        let log = OutcomeLog::new(format!("{} ({})", terms.name, names.join(", ")));
        if let Some(budget) = &options.budget {
            budget.add_feed();
        }
        Ok(Self {
            credit,
            source: SourceReader::new(source),
            input,
            boards,
            clock: FeedClock::new(options.clock),
            is_loopback,
            interval,
            schedule: Schedule::new(interval),
            next_poll: Instant::now(),
            has_boards: false,
            lease: FeedLease::new(first),
            budget: options.budget,
            budget_interval: Duration::ZERO,
            pushed: options.pushed,
            counters: options.counters,
            log,
        })
    }

    /// Polls until `shutdown` is done. Only a feed from standard input ends earlier.
    ///
    /// # Errors
    /// The only answer of standard input is of no use, or was not published.
    pub async fn run(
        mut self,
        target: &impl FeedTarget,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), FeedError> {
        tokio::select! {
            () = shutdown => Ok(()),
            result = self.run_to_end(target) => result,
        }
    }

    async fn run_to_end(&mut self, target: &impl FeedTarget) -> Result<(), FeedError> {
        if matches!(self.input, AnswerInput::StandardInput(_)) {
            return self.publish_only_answer(target).await;
        }
        loop {
            let wake_at = match self.poll_if_due(target).await {
                Ok(wake_at) => wake_at,
                Err(error) => {
                    self.log.record_failure(Some(&format!("cannot reach the boards: {error}")));
                    Instant::now() + TARGET_RETRY_INTERVAL
                }
            };
            match self.wait_until(wake_at).await {
                WakeReason::Time => {}
                WakeReason::Changed => self.next_poll = Instant::now(),
                WakeReason::Pushed(pushed) => self.publish_pushed(target, pushed).await,
            }
        }
    }

    /// Polls if it is time and no other replica does. Returns when to call this again.
    async fn poll_if_due(&mut self, target: &impl FeedTarget) -> Result<Instant, TargetError> {
        if matches!(self.input, AnswerInput::PushOnly) {
            self.first_poll(target).await?;
            return Ok(Instant::now() + PUSH_ONLY_INTERVAL);
        }
        if !self.has_boards {
            self.read_boards(target).await?;
            self.has_boards = true;
        }
        let was_held = self.lease.is_held();
        if !self.lease.hold(target).await? {
            return Ok(Instant::now() + CLAIM_INTERVAL);
        }
        if !was_held {
            self.next_poll = self.next_poll.max(self.first_poll(target).await?);
        }
        if Instant::now() >= self.next_poll {
            self.poll(target).await?;
        }
        Ok(self.next_poll.min(Instant::now() + RENEWAL_INTERVAL))
    }

    /// Opens the boards, and returns the time of the first poll.
    async fn first_poll(&self, target: &impl FeedTarget) -> Result<Instant, TargetError> {
        let boards = self.read_boards(target).await?;
        let last_answer = boards.iter().filter_map(|(_, contents)| contents.last_answer).max();
        let wait = match last_answer {
            Some(last_answer) if !self.is_loopback => {
                wait_since(last_answer, self.interval, Timestamp::now())
            }
            _ => Duration::ZERO,
        };
        Ok(Instant::now() + wait)
    }

    async fn poll(&mut self, target: &impl FeedTarget) -> Result<(), TargetError> {
        let started = Instant::now();
        let asked_at = self.clock.now();
        let fetched = match self.source.requests(asked_at) {
            Err(reason) => Err(reason),
            Ok(requests) => match self.reserve(&requests) {
                Ok(None) => {
                    let work = self.input.fetch(&requests);
                    Ok(self.lease.hold_during(target, work).await)
                }
                Ok(Some(wait)) => {
                    self.next_poll = started + wait;
                    return Ok(());
                }
                Err(reason) => Err(reason),
            },
        };
        let retry_after = fetched.as_ref().ok().and_then(|fetched| fetched.retry_after);
        let retry_at = Instant::now() + retry_after.unwrap_or_default();
        let times = AnswerTimes { asked_at, answered_at: Timestamp::now() };
        let mut poll = match fetched {
            Ok(fetched) => Poll { times, fetched: Some(fetched), outcome: None },
            Err(reason) => {
                let outcome = AnswerOutcome::failed(reason);
                self.count(&outcome, false);
                Poll { times, fetched: None, outcome: Some(outcome) }
            }
        };
        self.next_poll = started + self.interval;
        let published = self.publish_before_next_poll(target, &mut poll).await;
        let failed = matches!(poll.outcome, Some(AnswerOutcome::Failed { .. }));
        let wait = self.schedule.wait_after(!failed, rand::random());
        self.next_poll = (started + wait).max(retry_at);
        published
    }

    /// Counts the requests of a poll that starts now. Returns the time to wait if it is too early for them.
    fn reserve(&mut self, requests: &[SourceRequest]) -> Result<Option<Duration>, String> {
        let Some(budget) = &self.budget else { return Ok(None) };
        let count = u32::try_from(requests.len()).unwrap_or(u32::MAX);
        let now = Timestamp::now();
        let wait = budget.reserve(count, now).map_err(|error| error_chain(&error))?;
        let left = budget.left(now);
        self.counters.update(|counts| counts.budget_left = Some(left));
        if wait.is_none() {
            self.budget_interval = budget.interval(count);
        }
        Ok(wait)
    }

    /// Reads and publishes the answers, and tries again until the next poll brings newer ones.
    async fn publish_before_next_poll(
        &mut self,
        target: &impl FeedTarget,
        poll: &mut Poll,
    ) -> Result<(), TargetError> {
        loop {
            let published = self.read_and_publish(target, poll).await;
            let retry_at = Instant::now() + TARGET_RETRY_INTERVAL;
            match published {
                Err(_) if retry_at < self.next_poll => tokio::time::sleep_until(retry_at).await,
                published => return published,
            }
        }
    }

    async fn read_and_publish(
        &mut self,
        target: &impl FeedTarget,
        poll: &mut Poll,
    ) -> Result<(), TargetError> {
        let contents = self.read_boards(target).await?;
        if let Some(fetched) = poll.fetched.take() {
            let all_not_modified = fetched.all_not_modified;
            let work =
                self.source.read(Arc::clone(&contents), fetched.answers, poll.times.asked_at);
            let outcome = self.lease.hold_during(target, work).await;
            self.count(&outcome, all_not_modified);
            poll.outcome = Some(outcome);
        }
        // Another replica may poll by now, and have published a newer answer.
        match &poll.outcome {
            Some(outcome) if self.lease.hold(target).await? => {
                self.publish(target, &contents, outcome, poll.times).await
            }
            _ => Ok(()),
        }
    }

    async fn read_boards(
        &self,
        target: &impl FeedTarget,
    ) -> Result<Arc<Vec<(BoardKind, BoardContents)>>, TargetError> {
        let mut contents = Vec::new();
        for board in &self.boards {
            contents.push((board.settings.kind, board.read(target).await?));
        }
        Ok(Arc::new(contents))
    }

    /// Counts and logs an answer. One that the source confirms is read too: a person may have changed the
    /// board, and rows that the source does not list leave after several answers.
    fn count(&mut self, outcome: &AnswerOutcome, all_not_modified: bool) {
        self.log.record(outcome);
        self.counters.update(|counts| {
            counts.count_answer(if all_not_modified { &AnswerOutcome::Unchanged } else { outcome });
            if !matches!(outcome, AnswerOutcome::Failed { .. }) {
                counts.last_answer = Some(Timestamp::now());
            }
        });
    }

    async fn publish(
        &mut self,
        target: &impl FeedTarget,
        contents: &[(BoardKind, BoardContents)],
        outcome: &AnswerOutcome,
        times: AnswerTimes,
    ) -> Result<(), TargetError> {
        let is_polled =
            !matches!(self.input, AnswerInput::PushOnly | AnswerInput::StandardInput(_));
        let report = SourceReport {
            credit: self.credit.clone(),
            interval: is_polled.then_some(self.interval.max(self.budget_interval)),
            answered_at: times.answered_at,
        };
        for (board, (_, contents)) in self.boards.iter_mut().zip(contents) {
            let published =
                board.publish(target, contents, outcome, times.asked_at, &report).await?;
            self.counters.update(|counts| {
                counts.changes += published.changed;
                counts.rejected_changes += published.rejected.len() as u64;
            });
            for reason in published.rejected {
                self.log.note(format!("a change was rejected: {reason}"));
            }
        }
        Ok(())
    }

    async fn publish_pushed(&mut self, target: &impl FeedTarget, pushed: PushedAnswer) {
        let PushedAnswer { outcome, published } = pushed;
        self.count(&outcome, false);
        let result = match self.read_boards(target).await {
            Ok(contents) => self.publish(target, &contents, &outcome, self.times_now()).await,
            Err(error) => Err(error),
        };
        // The sender of the answer may have gone away.
        let _ = published.send(result);
    }

    async fn publish_only_answer(&mut self, target: &impl FeedTarget) -> Result<(), FeedError> {
        let fetched = self.input.fetch(&[]).await;
        let times = self.times_now();
        let contents = self.read_boards(target).await?;
        let work = self.source.read(Arc::clone(&contents), fetched.answers, times.asked_at);
        let outcome = work.await;
        self.count(&outcome, false);
        self.publish(target, &contents, &outcome, times).await?;
        match outcome {
            AnswerOutcome::Failed { reason } => Err(FeedError::Answer(reason)),
            _ => Ok(()),
        }
    }

    fn times_now(&self) -> AnswerTimes {
        AnswerTimes { asked_at: self.clock.now(), answered_at: Timestamp::now() }
    }

    async fn wait_until(&mut self, wake_at: Instant) -> WakeReason {
        let Self { input, pushed, lease, .. } = self;
        let next_pushed = async {
            match pushed {
                Some(receiver) => receiver.recv().await,
                None => None,
            }
        };
        tokio::select! {
            () = tokio::time::sleep_until(wake_at) => WakeReason::Time,
            () = input.changed(), if lease.is_held() => WakeReason::Changed,
            Some(pushed) = next_pushed => WakeReason::Pushed(pushed),
        }
    }
}

/// The wait until an interval after the last answer: a program that restarts in a loop, and a replica that
/// takes over, keep the interval.
fn wait_since(last_answer: Timestamp, interval: Duration, now: Timestamp) -> Duration {
    // A time in the future is that of another clock, and must not stop the feed.
    if last_answer > now { Duration::ZERO } else { until(add(last_answer, interval), now) }
}

/// An error and its causes in one line.
fn error_chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restart_keeps_the_interval() {
        let now: Timestamp = "2026-11-28T12:00:00Z".parse().unwrap();
        for (last_answer, expected) in [
            ("2026-11-28T12:00:00Z", 180),
            ("2026-11-28T11:58:00Z", 60),
            ("2026-11-28T11:57:00Z", 0),
            ("2026-11-20T12:00:00Z", 0),
            // Written by a clock that was ahead.
            ("2026-11-28T13:00:00Z", 0),
        ] {
            let wait = wait_since(last_answer.parse().unwrap(), Duration::from_secs(180), now);
            assert_eq!(wait.as_secs(), expected, "{last_answer}");
        }
    }
}
