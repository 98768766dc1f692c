//! Whether the server should be sent requests, and if not, why.

use parking_lot::Mutex;
use tokio::sync::watch;

/// What `/readyz` says.
pub(crate) struct Health {
    /// Why the journal takes nothing, until it does again.
    journal: Mutex<Option<String>>,
    /// Why the fold has ended; it does not come back.
    fold: Mutex<Option<String>>,
    stopping: watch::Sender<bool>,
}

impl Health {
    pub(crate) fn new() -> Self {
        let stopping = watch::Sender::new(false);
        Self { journal: Mutex::default(), fold: Mutex::default(), stopping }
    }

    /// Why the server is not ready, if it is not.
    pub(crate) fn fault(&self) -> Option<String> {
        if *self.stopping.borrow() {
            return Some("the server is stopping".to_owned());
        }
        let fold = self.fold.lock().clone();
        fold.or_else(|| self.journal.lock().clone())
    }

    pub(crate) fn journal_answered<T>(&self, answer: &Result<T, journal::Error>) {
        use journal::Error::{Closed, NoRoom, Storage};
        let mut fault = self.journal.lock();
        match answer {
            Ok(_) if fault.take().is_some() => tracing::info!("the journal takes updates again"),
            Err(error @ (Closed | NoRoom { .. } | Storage { .. })) => {
                let text = with_causes(error);
                if fault.as_ref() != Some(&text) {
                    tracing::error!("{text}: updates are refused until it takes them again");
                }
                *fault = Some(text);
            }
            _ => {}
        }
    }

    pub(crate) fn fold_failed(&self, error: &(dyn std::error::Error + 'static)) {
        let text = with_causes(error);
        tracing::error!("{text}: the timetables stand still");
        *self.fold.lock() = Some(text);
    }

    pub(crate) fn fold_ended(&self) {
        self.fold.lock().get_or_insert_with(|| "the timetables stand still".to_owned());
    }

    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
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
