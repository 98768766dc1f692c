//! Start, publish, stop.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use fanout::WindowBudget;
use flight::{BoardName, BoardSettings, Boards, Change, ParseError, Rejection, Update};
use jiff::Timestamp;
use journal::{Epochs, Journal, Seq};
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::timeout;

use crate::applier::{self, Applier, ApplyError, RestoreError};
use crate::boards::{LiveBoards, PublishOutcome};
use crate::clock_check;
use crate::event_reader::{EventReader, RecordSource};
use crate::expiry;
use crate::health::Health;
use crate::journal_probe;
use crate::limits::EngineLimits;
use crate::metrics::Metrics;
use crate::publisher::{PublishError, Publisher};
use crate::snapshot_pool::SnapshotPool;
use crate::staleness;
use crate::supervision;
use crate::waiters::Waiters;

/// The board that `GET /events` follows. It exists from the first start.
pub const DEFAULT_BOARD: &str = "main";

/// Deduplication id of the record that opens the default board, so that replicas which start
/// together open it once.
const FIRST_BOARD_ID: &str = "first board";

/// The boards of one journal, kept up to date. Clones share one state.
#[derive(Clone)]
pub struct Engine {
    state: Arc<EngineState>,
}

struct EngineState {
    journal: Arc<dyn RecordSource>,
    boards: Arc<LiveBoards>,
    publisher: Arc<Publisher>,
    waiters: Arc<Waiters>,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
    /// True if other processes write to the same journal.
    is_shared: bool,
    /// Taken by the first [`Engine::close`].
    tasks: tokio::sync::Mutex<Option<BackgroundTasks>>,
}

struct BackgroundTasks {
    close_journal: Pin<Box<dyn Future<Output = ()> + Send>>,
    applier: JoinHandle<()>,
    supervised: Vec<AbortHandle>,
}

/// Why the engine did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The checkpoint could not be restored.
    #[error("the timetables could not be restored")]
    Restore(#[from] RestoreError),
    /// The records after the checkpoint could not be applied.
    #[error("the timetables could not be brought up to date")]
    Apply(#[from] ApplyError),
    /// The default board could not be opened.
    #[error("the default board could not be opened")]
    Publish(#[from] PublishError),
    /// The default board's name is invalid.
    #[error(transparent)]
    Parse(#[from] ParseError),
}

impl Engine {
    /// Restores the boards from the journal, fills their windows of `window_bytes` each, and starts
    /// to follow the journal. Opens the default board if the journal has none.
    ///
    /// # Errors
    /// The journal cannot be read or decoded, or does not accept the default board.
    pub async fn start<J: Journal>(journal: J, window_bytes: usize) -> Result<Self, StartError> {
        Self::start_with_limits(journal, window_bytes, EngineLimits::default()).await
    }

    /// Like [`start`](Self::start), with limits other than the defaults.
    ///
    /// # Errors
    /// Those of [`start`](Self::start).
    pub async fn start_with_limits<J: Journal>(
        journal: J,
        window_bytes: usize,
        limits: EngineLimits,
    ) -> Result<Self, StartError> {
        let journal = Arc::new(journal);
        let is_shared = journal.staleness().is_some();
        let metrics = Arc::new(Metrics::new());
        let (boards, restored) = applier::restore(&*journal).await?;
        let snapshots = Arc::new(SnapshotPool::new(limits.snapshot_bytes));
        let windows = WindowBudget::new(window_bytes, limits.max_window_bytes);
        metrics.watch_memory(Arc::clone(&snapshots), Arc::clone(&windows));
        let (epochs, counters) = (journal.epochs(), Arc::clone(&metrics));
        let boards = LiveBoards::new(boards, epochs, windows, snapshots, counters);
        let mut applier = Applier::new(Arc::clone(&journal), Arc::clone(&boards), restored);
        applier.catch_up().await?;

        let health = Arc::new(Health::new());
        let waiters = Waiters::new(applier.applied());
        let publisher = Arc::new(Publisher::new(
            Arc::clone(&journal),
            Arc::clone(&boards),
            limits,
            Arc::clone(&waiters),
            Arc::clone(&health),
            Arc::clone(&metrics),
        ));
        let applier = applier.run(Arc::clone(&waiters), Arc::clone(&health));
        let tasks = BackgroundTasks {
            applier: tokio::spawn(applier),
            supervised: vec![
                supervision::spawn("expiry", &metrics, {
                    let (boards, publisher) = (Arc::clone(&boards), Arc::clone(&publisher));
                    let health = Arc::clone(&health);
                    move || expiry::run(boards.clone(), publisher.clone(), health.clone())
                }),
                supervision::spawn("journal probe", &metrics, {
                    let (journal, health) = (Arc::clone(&journal), Arc::clone(&health));
                    move || journal_probe::run(journal.clone(), health.clone())
                }),
                supervision::spawn("staleness", &metrics, {
                    let (journal, waiters) = (Arc::clone(&journal), Arc::clone(&waiters));
                    let health = Arc::clone(&health);
                    move || staleness::run(journal.clone(), waiters.clone(), health.clone())
                }),
                supervision::spawn("clock check", &metrics, {
                    let (boards, health) = (Arc::clone(&boards), Arc::clone(&health));
                    move || clock_check::run(boards.clone(), health.clone())
                }),
            ],
            close_journal: {
                let journal = Arc::clone(&journal);
                Box::pin(async move { journal.close().await })
            },
        };
        open_default_board(&boards, &publisher).await?;
        let tasks = tokio::sync::Mutex::new(Some(tasks));
        let state =
            EngineState { journal, boards, publisher, waiters, health, metrics, is_shared, tasks };
        Ok(Self { state: Arc::new(state) })
    }

    /// The current timetables.
    pub fn boards(&self) -> &Arc<LiveBoards> {
        &self.state.boards
    }

    /// Writes updates to the journal.
    pub fn publisher(&self) -> &Publisher {
        &self.state.publisher
    }

    /// Readiness and shutdown.
    pub fn health(&self) -> &Health {
        &self.state.health
    }

    /// Counters and gauges.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.state.metrics
    }

    /// The metrics as OpenMetrics text.
    pub fn metrics_text(&self) -> String {
        let EngineState { health, boards, metrics, .. } = &*self.state;
        let is_ready = health.unready_reason().is_none();
        let keys = boards.read(|boards, _| boards.idempotency_keys());
        let (staleness, clock_lag) = (health.staleness(), health.clock_lag());
        metrics.encode(is_ready, staleness, clock_lag, boards.counts(), keys, boards.sources())
    }

    /// Reads the events of the journal from where an engine would start.
    ///
    /// # Errors
    /// The journal cannot be read or decoded.
    pub async fn read_events(&self) -> Result<EventReader, RestoreError> {
        EventReader::begin(&self.state.journal).await
    }

    /// Reads the events after the record `applied`, up to which `boards` was folded, and which has this time.
    pub fn read_events_after(&self, boards: Boards, applied: Seq, time: Timestamp) -> EventReader {
        EventReader::new(&self.state.journal, boards, applied, time)
    }

    /// The epochs of the journal.
    pub fn epochs(&self) -> Epochs {
        self.state.journal.epochs()
    }

    /// Returns whether other processes write to the same journal.
    pub(crate) fn is_shared(&self) -> bool {
        self.state.is_shared
    }

    /// Publishes one unconditional change.
    ///
    /// # Errors
    /// The journal did not accept it, or the engine has stopped.
    pub async fn publish(
        &self,
        board: BoardName,
        change: Change,
    ) -> Result<PublishOutcome, PublishError> {
        self.state.publisher.publish_one(Update::new(board, change)).await
    }

    /// Returns whether there is such a board, which another replica may have opened just now.
    ///
    /// # Errors
    /// The journal cannot tell.
    pub async fn has_board(&self, board: &BoardName) -> Result<bool, PublishError> {
        let is_known = self.boards().read(|boards, _| boards.board(board).is_some());
        if is_known || !self.is_shared() {
            return Ok(is_known);
        }
        // Changes nothing, unless the source is late. Refusals of unknown boards share their records.
        let outcome = self.publish(board.clone(), Change::MarkSourceLate).await?;
        Ok(!matches!(outcome, Err(Rejection::UnknownBoard)))
    }

    /// Waits until the record at `seq` has been applied, for at most `limit`. Returns at once if no
    /// other process writes to the journal: then a record this engine does not have does not exist.
    pub async fn wait_applied(&self, seq: Seq, limit: Duration) {
        if self.state.is_shared {
            // On a timeout the caller continues with the records applied so far.
            let _ = timeout(limit, self.state.waiters.wait_applied(seq)).await;
        }
    }

    /// Completes when the journal can no longer be used, e.g. its NATS stream was recreated or restored, or its
    /// thread panicked. From then on publishing fails and boards are frozen: stop serving, close this engine, open
    /// the journal again, and start another.
    pub async fn journal_ended(&self) {
        // The sender lives as long as `self`.
        let _ = self.state.health.journal_ended().wait_for(|ended| *ended).await;
    }

    /// Closes the journal. Every acknowledged update is in it, and no more are accepted. Further
    /// calls do nothing.
    pub async fn close(&self) {
        let Some(tasks) = self.state.tasks.lock().await.take() else { return };
        self.state.health.begin_shutdown();
        tasks.supervised.iter().for_each(AbortHandle::abort);
        tasks.close_journal.await;
        // The applier stops at the end of the closed journal.
        if let Err(error) = tasks.applier.await {
            tracing::error!("the applier task failed: {error}");
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

async fn open_default_board(boards: &LiveBoards, publisher: &Publisher) -> Result<(), StartError> {
    let name = BoardName::parse(DEFAULT_BOARD)?;
    if boards.read(|boards, _| boards.board(&name).is_none()) {
        let settings = Box::new(BoardSettings::with_defaults(name.clone()));
        let update = Update::new(name, Change::PutBoard(settings));
        publisher.publish_internal(vec![(FIRST_BOARD_ID.to_owned(), update)]).await?;
    }
    Ok(())
}
