//! The state that all requests share.

use std::fmt;
use std::sync::Arc;

use engine::Engine;
use tokio::sync::watch;

use crate::connection::places::ConnectionPlaces;
use crate::settings::Settings;
use crate::stream::pacer::Pacer;

/// An engine and the settings it is served with. Clones share one state.
#[derive(Clone)]
pub struct App {
    pub(crate) state: Arc<AppState>,
}

pub(crate) struct AppState {
    pub(crate) engine: Engine,
    pub(crate) settings: Settings,
    /// The number of open streams.
    pub(crate) streams: Arc<watch::Sender<usize>>,
    pub(crate) pacer: Pacer,
    pub(crate) places: ConnectionPlaces,
}

impl App {
    /// Creates an app that serves `engine` with `settings`.
    pub fn new(engine: Engine, settings: Settings) -> Self {
        let streams = Arc::default();
        let pacer = Pacer::default();
        let spare = settings.spare_connections;
        let metrics = Arc::clone(engine.metrics());
        let places = ConnectionPlaces::new(
            settings.max_followers.saturating_add(spare),
            spare,
            Some(metrics),
        );
        Self { state: Arc::new(AppState { engine, settings, streams, pacer, places }) }
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.state.engine
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("settings", &self.state.settings).finish_non_exhaustive()
    }
}
