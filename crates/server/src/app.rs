//! The state that all requests share.

use std::fmt;
use std::sync::Arc;

use engine::Engine;
use tokio::sync::watch;

use crate::client_address::Client;
use crate::connection::places::ConnectionPlaces;
use crate::http::body_budget::BodyBudget;
use crate::limits::FOLLOWERS_PER_ADDRESS;
use crate::seats::{Seat, SeatTable};
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
    pub(crate) pacer: Arc<Pacer>,
    /// The streams of each client.
    pub(crate) follower_seats: Arc<SeatTable>,
    /// The bodies of all requests.
    pub(crate) bodies: Arc<BodyBudget>,
    pub(crate) places: ConnectionPlaces,
}

impl App {
    /// Creates an app that serves `engine` with `settings`.
    pub fn new(engine: Engine, settings: Settings) -> Self {
        let streams = Arc::default();
        let bodies = Arc::new(BodyBudget::new(settings.limits.body_bytes));
        let watched = Arc::clone(&bodies);
        engine.metrics().requests().watch_bodies(move || watched.used_bytes());
        let spare = settings.spare_connections;
        let metrics = Arc::clone(engine.metrics());
        let places = ConnectionPlaces::new(
            settings.max_followers.saturating_add(spare),
            spare,
            settings.limits.clone(),
            Some(metrics),
        );
        Self {
            state: Arc::new(AppState {
                engine,
                settings,
                streams,
                pacer: Arc::default(),
                follower_seats: Arc::default(),
                bodies,
                places,
            }),
        }
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.state.engine
    }
}

impl AppState {
    /// Takes a place for a stream of `client`. Returns `None` if its address has all of its places.
    pub(crate) fn take_follower_seat(&self, client: Client) -> Option<Seat> {
        let default = if client.has_default_limits { FOLLOWERS_PER_ADDRESS } else { usize::MAX };
        let max_seats = self.settings.limits.followers_per_address.unwrap_or(default);
        self.follower_seats.take(client.address, max_seats, usize::MAX)
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("settings", &self.state.settings).finish_non_exhaustive()
    }
}
