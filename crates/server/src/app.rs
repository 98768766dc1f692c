//! The state that all requests share.

use std::fmt;
use std::sync::Arc;

use engine::{Engine, StreamLimit};
use flight::PublisherName;
use history::History;
use tokio::sync::{Semaphore, watch};

use crate::client_address::{Client, ClientAddress};
use crate::connection::places::ConnectionPlaces;
use crate::http::body_budget::BodyBudget;
use crate::image_store::ImageStore;
use crate::limits::{FOLLOWERS_PER_ADDRESS, NEW_FOLLOWERS_PER_ADDRESS};
use crate::seats::{Seat, SeatLimit, SeatTable};
use crate::settings::Settings;
use crate::stream::pacer::Pacer;

/// An engine and the settings it is served with. Clones share one state.
#[derive(Clone)]
pub struct App {
    pub(crate) state: Arc<AppState>,
}

pub(crate) struct AppState {
    pub(crate) engine: Engine,
    pub(crate) history: History,
    pub(crate) settings: Settings,
    /// The number of open streams.
    pub(crate) streams: Arc<watch::Sender<usize>>,
    pub(crate) pacer: Arc<Pacer>,
    /// The places of streams that play the past.
    pub(crate) playbacks: Arc<Semaphore>,
    /// The streams of each address.
    pub(crate) follower_seats: Arc<SeatTable<ClientAddress>>,
    /// The streams of private boards of each credential, by its name.
    pub(crate) token_seats: Arc<SeatTable<PublisherName>>,
    /// The bodies of all requests.
    pub(crate) bodies: Arc<BodyBudget>,
    pub(crate) places: ConnectionPlaces,
    pub(crate) images: Arc<ImageStore>,
}

impl App {
    /// Creates an app that serves `engine` with `settings`.
    pub fn new(engine: Engine, settings: Settings) -> Self {
        let history = History::start(&engine, settings.history.clone());
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
        let max_playbacks = settings.max_playbacks.min(Semaphore::MAX_PERMITS);
        let playbacks = Arc::new(Semaphore::new(max_playbacks));
        let places_left = Arc::clone(&playbacks);
        let open_playbacks = move || max_playbacks - places_left.available_permits();
        engine.metrics().requests().watch_playbacks(open_playbacks);
        Self {
            state: Arc::new(AppState {
                engine,
                history,
                settings,
                streams,
                pacer: Arc::default(),
                playbacks,
                follower_seats: Arc::default(),
                token_seats: Arc::default(),
                bodies,
                places,
                images: Arc::default(),
            }),
        }
    }

    /// Closes the journal, and the index of its past.
    pub async fn close(&self) {
        self.engine().close().await;
        self.state.history.ended().await;
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.state.engine
    }
}

impl AppState {
    /// Takes a place for a stream of `client`.
    ///
    /// # Errors
    /// Its address has all of its places, or has asked for too many within a second.
    pub(crate) fn take_follower_seat(
        &self,
        client: Client,
    ) -> Result<Seat<ClientAddress>, StreamLimit> {
        let default = |limit| if client.has_default_limits { limit } else { usize::MAX };
        let limits = &self.settings.limits;
        let max_seats = limits.followers_per_address.unwrap_or(default(FOLLOWERS_PER_ADDRESS));
        let max_new =
            limits.new_followers_per_address.unwrap_or(default(NEW_FOLLOWERS_PER_ADDRESS));
        let seat = self.follower_seats.take(client.address, max_seats, max_new);
        seat.map_err(|limit| match limit {
            SeatLimit::Open => StreamLimit::Address,
            SeatLimit::New => StreamLimit::AddressRate,
        })
    }

    /// Takes a place for a stream that needs the credential with this name.
    ///
    /// # Errors
    /// The credential has all of its places.
    pub(crate) fn take_token_seat(
        &self,
        name: &PublisherName,
    ) -> Result<Seat<PublisherName>, StreamLimit> {
        let max_seats = self.settings.limits.followers_per_token;
        let seat = self.token_seats.take(name.clone(), max_seats, usize::MAX);
        seat.map_err(|_| StreamLimit::Token)
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("settings", &self.state.settings).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use journal::MemoryJournal;
    use tokio::time::{Duration, advance};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn default_limits_spare_local_hosts() {
        let settings = Settings::default();
        let engine = Engine::start(MemoryJournal::default(), settings.window_bytes).await.unwrap();
        let app = App::new(engine, settings);
        let take = |last, has_default_limits| {
            let address = IpAddr::from([192, 0, 2, last]).into();
            app.state.take_follower_seat(Client { address, has_default_limits })
        };
        let mut seats = Vec::new();
        let limit = loop {
            match take(1, true) {
                Ok(seat) => seats.push(seat),
                Err(StreamLimit::AddressRate) if seats.len() % NEW_FOLLOWERS_PER_ADDRESS == 0 => {
                    advance(Duration::from_secs(1)).await;
                }
                Err(limit) => break limit,
            }
        };
        assert_eq!((limit, seats.len()), (StreamLimit::Address, FOLLOWERS_PER_ADDRESS));
        for _ in 0..2 * FOLLOWERS_PER_ADDRESS {
            seats.push(take(2, false).unwrap_or_else(|_| panic!("two addresses share a limit")));
        }
    }
}
