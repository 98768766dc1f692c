//! Reads of the past, bounded so that they never harm followers.

use std::sync::Arc;
use std::time::Duration;

use engine::Engine;
use flight::BoardName;
use jiff::Timestamp;
use journal::{RecordId, Seq};
use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::changes::{self, ChangePage, ChangeQuery};
use crate::error::HistoryError;
use crate::past_rows::{self, PastRows};
use crate::recorder::{self, RecorderProgress};
use crate::settings::HistorySettings;

/// Reads at the same time. One at a time leaves the other cores to followers, and is enough: each is short.
const MAX_READS: usize = 1;

/// Most reads that wait for their turn. Further ones are refused.
pub const MAX_WAITING_READS: usize = 32;

/// Most bytes of all answers that clients have not taken yet.
pub const MAX_UNREAD_BYTES: usize = 64 * 1024 * 1024;

/// Longest wait until the index has the events that the boards have.
const MAX_PROGRESS_WAIT: Duration = Duration::from_secs(2);

/// The past of the boards of an engine. Clones share it.
#[derive(Debug, Clone)]
pub struct History {
    progress: watch::Receiver<RecorderProgress>,
    waiting: Arc<Semaphore>,
    reading: Arc<Semaphore>,
    /// A permit for each KiB of an answer.
    answers: Arc<Semaphore>,
}

/// The part of the past that a reader may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryScope {
    /// All of it.
    All,
    /// Since the board became public.
    SincePublic,
}

/// A moment of the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PastMoment {
    /// After all records at this time or before.
    Time(Timestamp),
    /// After this record.
    Event(Seq),
}

impl History {
    /// Starts to keep the history of `engine`. Ends when its journal is closed.
    #[must_use]
    pub fn start(engine: &Engine, settings: HistorySettings) -> Self {
        let (sender, progress) = watch::channel(RecorderProgress::default());
        tokio::spawn(recorder::run(engine.clone(), settings, sender));
        let [waiting, reading, answers] = [MAX_WAITING_READS, MAX_READS, MAX_UNREAD_BYTES / 1024]
            .map(|permits| Arc::new(Semaphore::new(permits)));
        Self { progress, waiting, reading, answers }
    }

    /// The changes of a board, with all up to the event `newest`.
    ///
    /// # Errors
    /// See [`HistoryError`].
    pub async fn changes(
        &self,
        board: &BoardName,
        newest: RecordId,
        scope: HistoryScope,
        query: ChangeQuery,
    ) -> Result<ChangePage, HistoryError> {
        let board = board.clone();
        self.read(newest.seq, move |db| changes::list(db, &board, scope, &query)).await
    }

    /// The rows of a board as of a moment, with all events up to `newest` that are not after it.
    ///
    /// # Errors
    /// See [`HistoryError`].
    pub async fn rows(
        &self,
        board: &BoardName,
        newest: RecordId,
        scope: HistoryScope,
        moment: PastMoment,
    ) -> Result<PastRows, HistoryError> {
        let board = board.clone();
        self.read(newest.seq, move |db| past_rows::rows(db, &board, scope, moment)).await
    }

    /// Reserves room for an answer of this size, until the permit is dropped.
    ///
    /// # Errors
    /// [`HistoryError::Busy`].
    pub fn room_for(&self, bytes: usize) -> Result<OwnedSemaphorePermit, HistoryError> {
        let kib = bytes.div_ceil(1024).clamp(1, MAX_UNREAD_BYTES / 1024);
        let permits = u32::try_from(kib).unwrap_or(u32::MAX);
        let answers = Arc::clone(&self.answers);
        answers.try_acquire_many_owned(permits).map_err(|_| HistoryError::Busy)
    }

    async fn read<T: Send + 'static>(
        &self,
        newest: Seq,
        read: impl FnOnce(&Connection) -> Result<T, HistoryError> + Send + 'static,
    ) -> Result<T, HistoryError> {
        let _place = self.waiting.try_acquire().map_err(|_| HistoryError::Busy)?;
        let mut progress = self.progress.clone();
        let is_current =
            |progress: &RecorderProgress| progress.index.is_some() && progress.recorded >= newest;
        let index = match timeout(MAX_PROGRESS_WAIT, progress.wait_for(is_current)).await {
            Ok(Ok(progress)) => progress.index.clone(),
            _ => None,
        };
        let index = index.ok_or(HistoryError::Behind)?;
        let reading = Arc::clone(&self.reading).acquire_owned().await;
        let answer = spawn_blocking(move || {
            // Held to the end of the read, even if its client goes away.
            let _reading = reading;
            index.read(read)
        });
        // Fails only when the runtime shuts down.
        answer.await.map_err(|_| HistoryError::Busy)?
    }
}
