//! Everything together: start, publish from within, stop.

use std::fmt;
use std::sync::Arc;

use flight::{BoardName, BoardSettings, ParseError, Record, Update};
use journal::Journal;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinHandle};

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

/// A running timetable. Cheap to clone; all clones are the same one.
#[derive(Clone)]
pub struct App {
    pub(crate) parts: Arc<Parts>,
}

pub(crate) struct Parts {
    pub(crate) live: Arc<Live>,
    pub(crate) publisher: Arc<Publisher>,
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
    let metrics = Arc::new(Metrics::new());
    let (boards, restored) = fold::restore(&*journal).await?;
    let live = Live::new(boards, journal.epochs(), settings.window_bytes, Arc::clone(&metrics));
    let mut fold = Fold::new(Arc::clone(&journal), Arc::clone(&live), restored);
    fold.catch_up().await?;

    let (health, waiting) = (Arc::new(Health::new()), Waiting::new());
    let publisher = Publisher::new(
        Arc::clone(&journal),
        Arc::clone(&waiting),
        Arc::clone(&health),
        Arc::clone(&metrics),
    );
    let publisher = Arc::new(publisher);
    let fold = tokio::spawn(fold.run(waiting, Arc::clone(&health)));
    let removal = removal::run(Arc::clone(&live), Arc::clone(&publisher), Arc::clone(&health));
    let removal = tokio::spawn(removal).abort_handle();
    let probe = probe::run(Arc::clone(&journal), Arc::clone(&health));
    let probe = tokio::spawn(probe).abort_handle();
    let close_journal = Box::pin(async move { journal.close().await });
    let ending = Ending { close_journal, fold, removal, probe };

    open_default_board(&live, &publisher).await?;
    let (streams, gate) = (Arc::default(), Gate::default());
    let ending = tokio::sync::Mutex::new(Some(ending));
    let parts = Parts { live, publisher, health, metrics, settings, streams, gate, ending };
    Ok(App { parts: Arc::new(parts) })
}

impl App {
    /// Publishes an update from within the program.
    ///
    /// # Errors
    /// The journal did not take it, or the server has ended.
    pub async fn publish(&self, board: BoardName, update: Update) -> Result<Outcome, PublishError> {
        let mut outcomes = self.parts.publisher.publish(vec![Record::new(board, update)]).await?;
        outcomes.pop().ok_or(PublishError::Stopped)
    }

    /// Closes the journal: what was acknowledged is in it, and nothing more comes. The second call
    /// does nothing.
    pub async fn close(&self) {
        let Some(ending) = self.parts.ending.lock().await.take() else { return };
        self.parts.health.stop();
        ending.removal.abort();
        ending.probe.abort();
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
        let settings = Box::new(BoardSettings::plain(name.clone()));
        publisher.publish(vec![Record::new(name, Update::PutBoard(settings))]).await?;
    }
    Ok(())
}
