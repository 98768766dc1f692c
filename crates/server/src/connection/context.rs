//! The parts of the server that every connection uses.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use fanout::{FollowerPermit, Reactor};
use rustls::ServerConfig;
use tokio::sync::watch;

use super::places::{ConnectionPlace, PlaceSlot};
use crate::app::AppState;
use crate::http::security_headers::SecurityHeaders;
use crate::stream::admission::StreamPermit;

/// Time for a client to send the head of a request, counted from the connection's start or its last
/// response.
pub(super) const REQUEST_HEAD_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) type StreamReactor = Reactor<ReactorPermit>;

/// Held for each follower of the reactor for as long as it is connected.
pub(super) struct ReactorPermit {
    pub(super) stream: StreamPermit,
    pub(super) _slot: PlaceSlot,
    pub(super) _closing: watch::Receiver<bool>,
}

impl FollowerPermit for ReactorPermit {
    fn is_revoked(&self) -> bool {
        self.stream.is_revoked()
    }
}

pub(super) struct ConnectionContext {
    pub(super) routes: Router,
    pub(super) security_headers: Arc<SecurityHeaders>,
    /// `None` if each follower has a task.
    pub(super) reactor: Option<Arc<StreamReactor>>,
    /// `None` without encryption.
    pub(super) tls: Option<Arc<ServerConfig>>,
    pub(super) state: Arc<AppState>,
}

/// Held for as long as a connection is open.
pub(super) struct ConnectionPermit {
    /// True once a shutdown closes all connections. The shutdown waits until all receivers are dropped.
    pub(super) closing: watch::Receiver<bool>,
    pub(super) place: ConnectionPlace,
}
