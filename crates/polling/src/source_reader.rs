//! Calls a source, whose panics count as failed answers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use feeds::{AnswerOutcome, HttpAnswer, Source, SourceRequest};
use flight::BoardKind;
use jiff::Timestamp;

use crate::target::BoardContents;

/// A source that may block, as one with a program of its own does, and that may panic.
#[derive(Clone)]
pub(crate) struct SourceReader(Arc<Mutex<Box<dyn Source>>>);

impl SourceReader {
    pub(crate) fn new(source: Box<dyn Source>) -> Self {
        Self(Arc::new(Mutex::new(source)))
    }

    pub(crate) fn requests(&self, now: Timestamp) -> Result<Vec<SourceRequest>, String> {
        let requests = catch_unwind(AssertUnwindSafe(|| self.lock().requests(now)));
        requests.map_err(|_| "the requests could not be made".to_owned())
    }

    /// Reads the answers, once the source has seen the rows of the boards.
    pub(crate) async fn read(
        &self,
        boards: Arc<Vec<(BoardKind, BoardContents)>>,
        answers: Vec<Result<HttpAnswer, String>>,
        asked_at: Timestamp,
    ) -> AnswerOutcome {
        let reader = self.clone();
        let read = tokio::task::spawn_blocking(move || {
            let mut source = reader.lock();
            for (kind, contents) in boards.iter() {
                source.recall(*kind, &contents.flights);
            }
            source.read(&answers, asked_at)
        });
        read.await.unwrap_or_else(|_| AnswerOutcome::failed("the answer could not be read"))
    }

    fn lock(&self) -> MutexGuard<'_, Box<dyn Source>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
