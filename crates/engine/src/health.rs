//! Readiness: the engine is ready, or there is a reason why not.

use std::time::Duration;

use journal::AppendError;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::error_chain::error_chain;

/// Staleness from which heartbeats and `/readyz` report it. Twice as long as a journal with several
/// writers takes to notice lost contact.
pub const STALE_AFTER: Duration = Duration::from_secs(12);

/// Difference between the newest record and the clock that is not reported: clocks of several machines are never
/// the same.
pub const CLOCK_TOLERANCE: Duration = Duration::from_secs(10);

/// The state behind `/readyz`.
pub struct Health {
    journal: Mutex<JournalHealth>,
    /// Why the applier has stopped. It does not restart.
    applier: Mutex<Option<String>>,
    /// The last moment at which the boards surely were up to date.
    current_at: Mutex<Instant>,
    /// True once the journal can no longer be used.
    journal_ended: watch::Sender<bool>,
    /// Time by which the newest record is ahead of the clock.
    clock_lag: Mutex<Duration>,
    shutting_down: watch::Sender<bool>,
}

/// The journal's last answer to an append or a probe.
struct JournalHealth {
    /// Why it rejects updates, if it does.
    fault: Option<String>,
    answered_at: Instant,
}

impl Health {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self {
            journal: Mutex::new(JournalHealth { fault: None, answered_at: now }),
            applier: Mutex::default(),
            current_at: Mutex::new(now),
            journal_ended: watch::Sender::new(false),
            clock_lag: Mutex::default(),
            shutting_down: watch::Sender::new(false),
        }
    }

    /// Why the engine is not ready, if it is not.
    pub fn unready_reason(&self) -> Option<String> {
        if self.is_shutting_down() {
            return Some("the server is stopping".to_owned());
        }
        if let Some(reason) = self.applier.lock().clone() {
            return Some(reason);
        }
        if let Some(fault) = self.journal.lock().fault.clone() {
            return Some(fault);
        }
        let secs = self.reportable_staleness()?.as_secs();
        Some(format!("the boards may have been out of date for {secs} s"))
    }

    /// The time for which the boards may have been out of date, once that is [`STALE_AFTER`] or longer.
    pub fn reportable_staleness(&self) -> Option<Duration> {
        Some(self.staleness()).filter(|staleness| *staleness >= STALE_AFTER)
    }

    /// The time since the boards surely were up to date.
    pub fn staleness(&self) -> Duration {
        self.current_at.lock().elapsed()
    }

    /// Records that the boards were up to date at `at`.
    pub(crate) fn mark_current(&self, at: Instant) {
        *self.current_at.lock() = at;
    }

    /// Returns whether the journal rejects updates.
    pub(crate) fn journal_unavailable(&self) -> bool {
        self.journal.lock().fault.is_some()
    }

    /// The time since the journal last answered.
    pub(crate) fn journal_idle_time(&self) -> Duration {
        self.journal.lock().answered_at.elapsed()
    }

    /// Records the result of an append or a probe.
    pub(crate) fn record_journal_result<T>(&self, result: &Result<T, AppendError>) {
        let fault = match result {
            Ok(_) => None,
            Err(error) if error.is_journal_failure() => Some(error_chain(error)),
            // The other errors are about the request, not about the storage.
            Err(_) => return,
        };
        self.set_journal_fault(fault);
    }

    /// Records that a probe has timed out.
    pub(crate) fn record_journal_timeout(&self) {
        self.set_journal_fault(Some("the journal does not answer".to_owned()));
    }

    fn set_journal_fault(&self, fault: Option<String>) {
        let mut journal = self.journal.lock();
        match &fault {
            Some(text) if journal.fault != fault => {
                tracing::error!("journal unavailable, rejecting updates: {text}");
            }
            None if journal.fault.is_some() => {
                tracing::info!("journal available again, accepting updates");
            }
            _ => {}
        }
        *journal = JournalHealth { fault, answered_at: Instant::now() };
    }

    pub(crate) fn applier_failed(&self, error: String) {
        tracing::error!("the boards are frozen: {error}");
        *self.applier.lock() = Some(error);
    }

    pub(crate) fn applier_stopped(&self) {
        self.applier.lock().get_or_insert_with(|| "the boards are frozen".to_owned());
    }

    /// Why the boards are frozen, if they are.
    pub(crate) fn frozen_reason(&self) -> Option<String> {
        self.applier.lock().clone()
    }

    /// Records that the journal must be opened again.
    pub(crate) fn mark_journal_ended(&self) {
        self.journal_ended.send_replace(true);
    }

    pub(crate) fn journal_ended(&self) -> watch::Receiver<bool> {
        self.journal_ended.subscribe()
    }

    /// Records how far the newest record is ahead of the clock.
    pub(crate) fn record_clock(&self, lag: Duration) {
        let before = std::mem::replace(&mut *self.clock_lag.lock(), lag);
        match (before > CLOCK_TOLERANCE, lag > CLOCK_TOLERANCE) {
            (false, true) => tracing::warn!("{}", clock_warning(lag)),
            (true, false) => tracing::info!("the clock has reached the newest update"),
            _ => {}
        }
    }

    /// Time by which the newest record is ahead of the clock.
    pub(crate) fn clock_lag(&self) -> Duration {
        *self.clock_lag.lock()
    }

    /// A fault that does not make the engine unready.
    pub fn warning(&self) -> Option<String> {
        Some(self.clock_lag()).filter(|lag| *lag > CLOCK_TOLERANCE).map(clock_warning)
    }

    /// Makes the engine unready, so that load balancers stop sending requests, and ends the streams.
    pub fn begin_shutdown(&self) {
        self.shutting_down.send_replace(true);
    }

    /// Returns whether [`begin_shutdown`](Self::begin_shutdown) was called.
    pub fn is_shutting_down(&self) -> bool {
        *self.shutting_down.borrow()
    }

    /// Becomes true at [`begin_shutdown`](Self::begin_shutdown).
    pub fn shutdown_signal(&self) -> watch::Receiver<bool> {
        self.shutting_down.subscribe()
    }
}

fn clock_warning(lag: Duration) -> String {
    format!(
        "the newest update is dated {} s ahead of this machine's clock: updates get its time until the clock reaches \
         it, and are kept longer; check the clock",
        lag.as_secs()
    )
}
