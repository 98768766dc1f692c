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
use crate::flight_fold::FlightFold;
use crate::past_events::{self, PastEventPage};
use crate::past_rows::{self, PastRows};
use crate::punctuality::{Punctuality, PunctualityQuery};
use crate::recorder::{self, RecorderProgress};
use crate::settings::HistorySettings;

/// Reads at the same time. One at a time leaves the other cores to followers, and is enough: each is short.
const MAX_READS: usize = 1;

/// Counts of punctuality at the same time.
const MAX_COUNTS: usize = 1;

/// Most reads that wait for their turn. Further ones are refused.
pub const MAX_WAITING_READS: usize = 32;

/// Pages of events that are read, or wait for that, at the same time.
const MAX_PAGING_READS: usize = 1;

/// Most bytes of all answers that clients have not taken yet.
pub const MAX_UNREAD_BYTES: usize = 64 * 1024 * 1024;

/// Longest wait for the end of the recorder once the journal is closed.
const MAX_END_WAIT: Duration = Duration::from_secs(5);

/// Longest wait until the index has the events that the boards have.
const MAX_PROGRESS_WAIT: Duration = Duration::from_secs(2);

/// The past of the boards of an engine. Clones share it.
#[derive(Debug, Clone)]
pub struct History {
    progress: watch::Receiver<RecorderProgress>,
    waiting: Arc<Semaphore>,
    reading: Arc<Semaphore>,
    /// Counts of punctuality at the same time: each holds the flights of its span.
    counting: Arc<Semaphore>,
    /// The turn to read a page of events.
    paging: Arc<Semaphore>,
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
        let [waiting, reading, counting, paging, answers] =
            [MAX_WAITING_READS, MAX_READS, MAX_COUNTS, MAX_PAGING_READS, MAX_UNREAD_BYTES / 1024]
                .map(|permits| Arc::new(Semaphore::new(permits)));
        Self { progress, waiting, reading, counting, paging, answers }
    }

    /// Waits until the index of a closed journal is closed too, so that the next start need not read its last events again.
    pub async fn ended(&self) {
        let mut progress = self.progress.clone();
        let end = async { while progress.changed().await.is_ok() {} };
        if timeout(MAX_END_WAIT, end).await.is_err() {
            tracing::warn!(
                "the index of the history takes long to close: the next start reads its last events again"
            );
        }
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

    /// The punctuality of a board's flights in a span, by all events up to `newest` that are not after the query's time.
    /// Other reads come between the slices of a long one.
    ///
    /// # Errors
    /// See [`HistoryError`].
    pub async fn punctuality(
        &self,
        board: &BoardName,
        newest: RecordId,
        scope: HistoryScope,
        query: PunctualityQuery,
    ) -> Result<Punctuality, HistoryError> {
        let board = board.clone();
        let _place = self.waiting.try_acquire().map_err(|_| HistoryError::Busy)?;
        let _count = self.counting.acquire().await.map_err(|_| HistoryError::Busy)?;
        let start = move |db: &Connection| FlightFold::start(db, &board, scope, query);
        let mut fold = self.read_in_turn(newest.seq, start).await?;
        let mut has_more = true;
        while has_more {
            let slice = move |db: &Connection| {
                let has_more = fold.read_slice(db)?;
                Ok((fold, has_more))
            };
            (fold, has_more) = self.read_in_turn(newest.seq, slice).await?;
        }
        // Fails only when the runtime shuts down.
        spawn_blocking(|| fold.finish()).await.map_err(|_| HistoryError::Busy)
    }

    /// The first events of a board after the one at `after`, of all up to the event `newest`. Streams that play the past
    /// read one page at a time, so that they leave turns to requests.
    ///
    /// # Errors
    /// See [`HistoryError`]. [`HistoryError::TooOld`] if some of them are removed already.
    pub async fn events_after(
        &self,
        board: &BoardName,
        newest: RecordId,
        scope: HistoryScope,
        after: Seq,
    ) -> Result<PastEventPage, HistoryError> {
        // Fails only if the semaphore is closed, which never happens.
        let _turn = self.paging.acquire().await.map_err(|_| HistoryError::Busy)?;
        let (board, newest) = (board.clone(), newest.seq);
        self.read(newest, move |db| past_events::page(db, &board, scope, after, newest)).await
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
        self.read_in_turn(newest, read).await
    }

    /// Reads with a place among those that wait.
    async fn read_in_turn<T: Send + 'static>(
        &self,
        newest: Seq,
        read: impl FnOnce(&Connection) -> Result<T, HistoryError> + Send + 'static,
    ) -> Result<T, HistoryError> {
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
