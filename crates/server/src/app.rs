//! Everything together: start, publish from within, stop.

use std::fmt;
use std::sync::Arc;

use flight::{BoardName, BoardSettings, Change, ParseError, Update};
use journal::Journal;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinHandle};

use crate::behind;
use crate::fold::{self, Fold, FoldError, RestoreError};
use crate::health::Health;
use crate::live::{Live, Outcome};
use crate::metrics::Metrics;
use crate::probe;
use crate::publisher::{PublishError, Publisher, Waiting};
use crate::removal;
use crate::settings::Settings;
use crate::stream::Gate;

/// The board that `GET /events` follows. It is there from the first start.
pub(crate) const DEFAULT_BOARD: &str = "main";

/// Names its opening: replicas that start together write it once.
const FIRST_BOARD: &str = "first board";

/// A running timetable. Cheap to clone; all clones are the same one.
#[derive(Clone)]
pub struct App {
    pub(crate) parts: Arc<Parts>,
}

pub(crate) struct Parts {
    pub(crate) live: Arc<Live>,
    pub(crate) publisher: Arc<Publisher>,
    pub(crate) waiting: Arc<Waiting>,
    /// Whether others write to the same journal.
    pub(crate) has_others: bool,
    pub(crate) health: Arc<Health>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) settings: Settings,
    /// Streams that are open.
    pub(crate) streams: Arc<watch::Sender<usize>>,
    pub(crate) gate: Gate,
    ending: tokio::sync::Mutex<Option<Ending>>,
}

/// What is left to do when the server ends.
struct Ending {
    close_journal: std::pin::Pin<Box<dyn Future<Output = ()> + Send>>,
    fold: JoinHandle<()>,
    removal: AbortHandle,
    probe: AbortHandle,
    behind: AbortHandle,
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its state could not be read.
    #[error("the timetables could not be restored")]
    Restore(#[from] RestoreError),
    /// Its records could not be applied.
    #[error("the timetables could not be brought up to date")]
    Fold(#[from] FoldError),
    /// The default board could not be opened.
    #[error("the first board could not be opened")]
    Publish(#[from] PublishError),
    /// The default board's name is none.
    #[error(transparent)]
    Parse(#[from] ParseError),
}

/// Restores the timetables from the journal, fills the windows, and begins to follow it.
///
/// # Errors
/// A journal that cannot be read or understood, or does not take the first board.
pub async fn start<J: Journal>(journal: J, settings: Settings) -> Result<App, StartError> {
    let journal = Arc::new(journal);
    let has_others = journal.staleness().is_some();
    let metrics = Arc::new(Metrics::new());
    let (boards, restored) = fold::restore(&*journal).await?;
    let live = Live::new(boards, journal.epochs(), settings.window_bytes, Arc::clone(&metrics));
    let mut fold = Fold::new(Arc::clone(&journal), Arc::clone(&live), restored);
    fold.catch_up().await?;

    let (health, waiting) = (Arc::new(Health::new()), Waiting::new(fold.applied()));
    let publisher = Publisher::new(
        Arc::clone(&journal),
        Arc::clone(&waiting),
        Arc::clone(&health),
        Arc::clone(&metrics),
    );
    let publisher = Arc::new(publisher);
    let behind = behind::run(Arc::clone(&journal), Arc::clone(&waiting), Arc::clone(&health));
    let behind = tokio::spawn(behind).abort_handle();
    let fold = tokio::spawn(fold.run(Arc::clone(&waiting), Arc::clone(&health)));
    let removal = removal::run(Arc::clone(&live), Arc::clone(&publisher), Arc::clone(&health));
    let removal = tokio::spawn(removal).abort_handle();
    let probe = probe::run(Arc::clone(&journal), Arc::clone(&health));
    let probe = tokio::spawn(probe).abort_handle();
    let close_journal = Box::pin(async move { journal.close().await });
    let ending = Ending { close_journal, fold, removal, probe, behind };

    open_default_board(&live, &publisher).await?;
    let (streams, gate) = (Arc::default(), Gate::default());
    let ending = tokio::sync::Mutex::new(Some(ending));
    let parts = Parts {
        live,
        publisher,
        waiting,
        has_others,
        health,
        metrics,
        settings,
        streams,
        gate,
        ending,
    };
    Ok(App { parts: Arc::new(parts) })
}

impl App {
    /// Publishes an update from within the program.
    ///
    /// # Errors
    /// The journal did not take it, or the server has ended.
    pub async fn publish(&self, board: BoardName, update: Change) -> Result<Outcome, PublishError> {
        self.parts.publisher.publish_one(Update::new(board, update)).await
    }

    /// Is ready when the journal is not any more what was read of it: a stream in NATS was made anew, say, or
    /// put back to an older copy. Nothing is published any more then, and what is shown stands still. Stop
    /// serving, close this, open the journal again and [`start`] with it.
    pub async fn replaced(&self) {
        // Its sender lives as long as this does.
        let _ = self.parts.health.is_replaced().wait_for(|replaced| *replaced).await;
    }

    /// Closes the journal: what was acknowledged is in it, and nothing more comes. The second call
    /// does nothing.
    pub async fn close(&self) {
        let Some(ending) = self.parts.ending.lock().await.take() else { return };
        self.parts.health.stop();
        ending.removal.abort();
        ending.probe.abort();
        ending.behind.abort();
        ending.close_journal.await;
        if let Err(error) = ending.fold.await {
            tracing::error!("the fold ended badly: {error}");
        }
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("settings", &self.parts.settings).finish_non_exhaustive()
    }
}

async fn open_default_board(live: &Live, publisher: &Publisher) -> Result<(), StartError> {
    let name = BoardName::parse(DEFAULT_BOARD)?;
    if live.look(|boards, _| boards.board(&name).is_none()) {
        let settings = Box::new(BoardSettings::with_defaults(name.clone()));
        let record = Update::new(name, Change::PutBoard(settings));
        publisher.settle(vec![(FIRST_BOARD.to_owned(), record)]).await?;
    }
    Ok(())
}
