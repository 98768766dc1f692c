//! Whether the server should be sent requests, and if not, why.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::behind::BEHIND_AFTER;

/// What `/readyz` says.
pub(crate) struct Health {
    journal: Mutex<Journal>,
    /// Why the fold has ended; it does not come back.
    fold: Mutex<Option<String>>,
    /// When what is shown was surely all there was.
    up_to_date: Mutex<Instant>,
    /// Whether the journal is not any more what was read of it.
    replaced: watch::Sender<bool>,
    stopping: watch::Sender<bool>,
}

/// What the journal last said.
struct Journal {
    /// Why it takes nothing, until it does again.
    fault: Option<String>,
    heard: Instant,
}

impl Health {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self {
            journal: Mutex::new(Journal { fault: None, heard: now }),
            fold: Mutex::default(),
            up_to_date: Mutex::new(now),
            replaced: watch::Sender::new(false),
            stopping: watch::Sender::new(false),
        }
    }

    /// Why the server is not ready, if it is not.
    pub(crate) fn fault(&self) -> Option<String> {
        if self.is_stopping() {
            return Some("the server is stopping".to_owned());
        }
        let fold = self.fold.lock().clone();
        let behind = || {
            let secs = self.behind()?.as_secs();
            Some(format!("for {secs} s it is not known whether there are newer updates"))
        };
        fold.or_else(|| self.journal.lock().fault.clone()).or_else(behind)
    }

    /// For how long it has not been known whether there are newer updates than those shown, if that is
    /// long.
    pub(crate) fn behind(&self) -> Option<Duration> {
        Some(self.unsure_for()).filter(|unsure_for| *unsure_for >= BEHIND_AFTER)
    }

    /// The same, however short.
    pub(crate) fn unsure_for(&self) -> Duration {
        self.up_to_date.lock().elapsed()
    }

    /// What is shown now has all there was at that moment.
    pub(crate) fn was_up_to_date(&self, at: Instant) {
        *self.up_to_date.lock() = at;
    }

    /// Whether the journal takes nothing.
    pub(crate) fn journal_at_fault(&self) -> bool {
        self.journal.lock().fault.is_some()
    }

    /// How long the journal has said nothing.
    pub(crate) fn journal_silent(&self) -> Duration {
        self.journal.lock().heard.elapsed()
    }

    /// What an append or a probe was answered.
    pub(crate) fn journal_answered<T>(&self, answer: &Result<T, journal::Error>) {
        use journal::Error::{Closed, NoRoom, Replaced, Storage, Unknown};
        let fault = match answer {
            Ok(_) => None,
            Err(
                error
                @ (Closed | NoRoom { .. } | Replaced { .. } | Storage { .. } | Unknown { .. }),
            ) => Some(with_causes(error)),
            // Says nothing about the storage.
            Err(_) => return,
        };
        self.journal_says(fault);
    }

    /// A probe is not answered.
    pub(crate) fn journal_hangs(&self) {
        self.journal_says(Some("the journal does not answer".to_owned()));
    }

    fn journal_says(&self, fault: Option<String>) {
        let mut journal = self.journal.lock();
        match &fault {
            Some(text) if journal.fault != fault => {
                tracing::error!("{text}: no update is taken until it is well again");
            }
            None if journal.fault.is_some() => tracing::info!("the journal takes updates again"),
            _ => {}
        }
        *journal = Journal { fault, heard: Instant::now() };
    }

    pub(crate) fn fold_failed(&self, error: &(dyn std::error::Error + 'static)) {
        let text = with_causes(error);
        tracing::error!("{text}: the timetables stand still");
        *self.fold.lock() = Some(text);
    }

    /// The journal has to be opened anew.
    pub(crate) fn replaced(&self) {
        self.replaced.send_replace(true);
    }

    pub(crate) fn is_replaced(&self) -> watch::Receiver<bool> {
        self.replaced.subscribe()
    }

    pub(crate) fn fold_ended(&self) {
        self.fold.lock().get_or_insert_with(|| "the timetables stand still".to_owned());
    }

    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Becomes true once, when the server begins to stop.
    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }
}

/// An error and its causes as one clause.
pub(crate) fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
