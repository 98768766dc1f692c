//! The task that reads the events of the journal and writes them to the index.

use std::sync::Arc;
use std::time::Duration;

use engine::{ApplyError, Engine, EventReader, RecordedEvent, RestoreError, error_chain};
use flight::Boards;
use jiff::Timestamp;
use journal::{FollowError, Seq, StorageError};
use tokio::sync::watch;
use tokio::task::{JoinError, spawn_blocking};
use tokio::time::{Instant, sleep};

use crate::index::Index;
use crate::index_writer::{self, SavedPosition, StateIntervals};
use crate::settings::HistorySettings;

/// Pause after a failure.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);

/// Time between two removals of old changes, and between two saved positions. A start reads the events since the last
/// saved position again.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(60);

/// The progress of the recorder, for readers.
#[derive(Debug, Clone, Default)]
pub(crate) struct RecorderProgress {
    /// `None` before the index is open.
    pub(crate) index: Option<Arc<Index>>,
    /// The last record whose events the index has.
    pub(crate) recorded: Seq,
}

/// Writes events until the journal is closed.
pub(crate) async fn run(
    engine: Engine,
    settings: HistorySettings,
    progress: watch::Sender<RecorderProgress>,
) {
    let mut start = Start::Resume;
    let mut reported = String::new();
    loop {
        let recorder = Recorder::open(&engine, &settings, &progress, start).await;
        let error = match recorder {
            Ok(mut recorder) => match recorder.record().await {
                Ok(()) => return,
                Err(error) => error,
            },
            Err(error) => error,
        };
        // Releases the index, for a recorder that starts after this one.
        progress.send_replace(RecorderProgress::default());
        if error.is_closed() {
            return;
        }
        // A full disk stays full for long.
        let words = error_chain(&error);
        if words != reported {
            tracing::warn!("no answers about the past for now: {words}");
            reported = words;
        }
        start = if error.needs_new_start() { Start::Anew } else { Start::Resume };
        sleep(RETRY_INTERVAL).await;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    /// From the saved position.
    Resume,
    /// From where an engine starts.
    Anew,
}

#[derive(Debug, thiserror::Error)]
enum RecordError {
    #[error("cannot write the index of the history")]
    Index(#[from] rusqlite::Error),
    #[error("cannot read the events of the journal")]
    Events(#[from] ApplyError),
    #[error("cannot read the journal")]
    Restore(#[from] RestoreError),
    /// The task panicked, or the runtime shuts down.
    #[error("the task that writes the index ended")]
    Task(#[from] JoinError),
}

impl RecordError {
    fn is_closed(&self) -> bool {
        match self {
            Self::Events(ApplyError::Journal(FollowError::Storage(error)))
            | Self::Restore(RestoreError::Journal(error)) => matches!(error, StorageError::Closed),
            _ => false,
        }
    }

    fn needs_new_start(&self) -> bool {
        matches!(self, Self::Events(ApplyError::Journal(FollowError::Pruned { .. })))
    }
}

struct Recorder<'a> {
    engine: &'a Engine,
    settings: &'a HistorySettings,
    progress: &'a watch::Sender<RecorderProgress>,
    index: Arc<Index>,
    reader: EventReader,
    /// The boards at the start, until their time is known.
    start: Option<Boards>,
    intervals: StateIntervals,
    next_upkeep: Instant,
}

impl<'a> Recorder<'a> {
    async fn open(
        engine: &'a Engine,
        settings: &'a HistorySettings,
        progress: &'a watch::Sender<RecorderProgress>,
        start: Start,
    ) -> Result<Self, RecordError> {
        let file = settings.file.clone();
        let index = spawn_blocking(move || Index::open(file.as_deref())).await??;
        let index = Arc::new(index);
        let writer = Arc::clone(&index);
        let saved = match start {
            Start::Anew => None,
            Start::Resume => spawn_blocking(move || writer.write(index_writer::resume)).await??,
        };
        let saved = saved.filter(|(position, _)| engine.epochs().honours(position.id));
        let (reader, start) = match saved {
            Some((SavedPosition { id, boards }, time)) => {
                (engine.read_events_after(boards, id.seq, time), None)
            }
            None => {
                let reader = engine.read_events().await?;
                let boards = reader.boards().clone();
                (reader, Some(boards))
            }
        };
        let (intervals, next_upkeep) = (StateIntervals::default(), Instant::now());
        let mut recorder =
            Self { engine, settings, progress, index, reader, start, intervals, next_upkeep };
        // Nothing follows for now, so the boards are those of this moment.
        if recorder.start.is_some() && recorder.reader.applied() >= engine.epochs().tail() {
            recorder.write(Vec::new(), Timestamp::now()).await?;
        } else if recorder.start.is_none() {
            recorder.show_progress();
        }
        Ok(recorder)
    }

    async fn record(&mut self) -> Result<(), RecordError> {
        loop {
            match self.reader.next().await {
                Ok(events) => {
                    let time = self.reader.first_time().unwrap_or_default();
                    self.write(events, time).await?;
                }
                Err(error) => {
                    let error = RecordError::from(error);
                    if error.is_closed() {
                        self.save_position().await?;
                    }
                    return Err(error);
                }
            }
        }
    }

    /// Writes the events that were read. `start_time` is the time from which on the boards at the start are known.
    async fn write(
        &mut self,
        events: Vec<RecordedEvent>,
        start_time: Timestamp,
    ) -> Result<(), RecordError> {
        let start = self.start.take();
        if start.is_some() || !events.is_empty() {
            let index = Arc::clone(&self.index);
            let boards = self.reader.boards().clone();
            let mut intervals = std::mem::take(&mut self.intervals);
            self.intervals = spawn_blocking(move || {
                index.write(|db| {
                    if let Some(start) = start {
                        index_writer::write_start(db, &start, start_time)?;
                    }
                    index_writer::write_events(db, &events, &boards, &mut intervals)
                })?;
                Ok::<_, rusqlite::Error>(intervals)
            })
            .await??;
        }
        self.show_progress();
        if self.next_upkeep <= Instant::now() {
            self.prune().await?;
            self.save_position().await?;
            self.next_upkeep = Instant::now() + UPKEEP_INTERVAL;
        }
        Ok(())
    }

    fn show_progress(&self) {
        let (index, recorded) = (Some(Arc::clone(&self.index)), self.reader.applied());
        self.progress.send_replace(RecorderProgress { index, recorded });
    }

    async fn prune(&mut self) -> Result<(), RecordError> {
        let index = Arc::clone(&self.index);
        let boards = self.reader.boards().clone();
        let oldest = Timestamp::now().checked_sub(self.settings.keep).unwrap_or(Timestamp::MIN);
        let max_bytes = self.settings.max_bytes;
        let prune = move || index.write(|db| index_writer::prune(db, &boards, oldest, max_bytes));
        Ok(spawn_blocking(prune).await??)
    }

    async fn save_position(&mut self) -> Result<(), RecordError> {
        // An index in memory ends with the program.
        if self.settings.file.is_none() {
            return Ok(());
        }
        let Some(id) = self.engine.epochs().record_id(self.reader.applied()) else { return Ok(()) };
        let (index, time) = (Arc::clone(&self.index), self.reader.time());
        let checkpoint = self.reader.boards().checkpoint();
        let save = move || {
            let boards = checkpoint.encode();
            index.write(|db| index_writer::write_position(db, id, time, &boards))
        };
        Ok(spawn_blocking(save).await??)
    }
}
