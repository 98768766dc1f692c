//! The parts of the server that every connection uses.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use fanout::Reactor;
use hyper_util::server::graceful::Watcher;
use tokio::sync::OwnedSemaphorePermit;

use crate::app::AppState;
use crate::stream::admission::StreamPermit;

/// Time for a client to send the head of a request, counted from the connection's start or its last
/// response.
pub(super) const REQUEST_HEAD_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) type StreamReactor = Reactor<(StreamPermit, ConnectionPermit)>;

pub(super) struct ConnectionContext {
    pub(super) routes: Router,
    /// `None` if each follower has a task.
    pub(super) reactor: Option<Arc<StreamReactor>>,
    pub(super) state: Arc<AppState>,
}

/// Held for as long as a connection is open.
pub(super) struct ConnectionPermit {
    /// Lets a shutdown wait for the connection.
    pub(super) watcher: Watcher,
    /// Counts against the connection limit.
    pub(super) _slot: OwnedSemaphorePermit,
}
