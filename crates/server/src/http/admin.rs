//! The endpoints for administrators, and the requests that see as much on the public listener.

/// Where a program spends its time.
mod profile;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use tokio::sync::watch;

use super::api::health;
use super::local_request;
use super::problem::{Problem, STARTING};
use super::publishing_pages::foreign_page;
use crate::admin_settings::AdminAccess;
use crate::app::App;
use crate::connection::PeerConnection;

/// The state of a server for its administrators.
#[derive(Debug, Clone)]
pub enum ServerStage {
    /// It waits for its journal, for this reason.
    Starting(String),
    /// It serves.
    Serving(App),
}

/// The amount of detail that a client sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DetailLevel {
    /// The server's state: ready or not.
    State,
    /// The reasons too, which may name files, and metrics.
    All,
}

impl DetailLevel {
    /// The detail for `request` on the public listener. A page that may read boards may not read details.
    pub(crate) fn for_request<B>(request: &http::Request<B>, access: AdminAccess) -> Self {
        let is_local = access == AdminAccess::LocalRequests && local_request::is_local(request);
        if is_local && foreign_page(request).is_none() { Self::All } else { Self::State }
    }
}

/// The routes of the listener for administrators.
pub(crate) fn routes(stage: watch::Receiver<ServerStage>) -> Router {
    Router::new()
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .route("/profile", get(profile::get))
        .fallback(|| async { Problem::unknown_url() })
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
        .layer(from_fn(refuse_foreign))
        .with_state(stage)
}

/// Refuses requests of foreign pages, which need not read an answer to have a profile taken. Refuses requests to a
/// loopback address that name another host: a foreign page lets its own name resolve to this address, and could then
/// read the answers.
async fn refuse_foreign(request: Request, next: Next) -> Response {
    let connection = request.extensions().get::<PeerConnection>();
    let is_loopback = connection.is_none_or(|connection| connection.listener.ip().is_loopback());
    if let Some(header) = foreign_page(&request) {
        return Problem::foreign("Foreign origin", header, "must be this server's").into_response();
    }
    if is_loopback && !local_request::is_local(&request) {
        let status = StatusCode::FORBIDDEN;
        let reason = "must be a name of this machine, such as localhost";
        return Problem::new(status, "Foreign host", "Host", reason).into_response();
    }
    next.run(request).await
}

async fn readyz(State(stage): State<watch::Receiver<ServerStage>>) -> Response {
    match &*stage.borrow() {
        ServerStage::Starting(reason) => health::not_ready(Some(reason)),
        ServerStage::Serving(app) => health::readiness(app, DetailLevel::All),
    }
}

async fn metrics(State(stage): State<watch::Receiver<ServerStage>>) -> Response {
    match &*stage.borrow() {
        ServerStage::Starting(_) => Problem::not_ready(STARTING).into_response(),
        ServerStage::Serving(app) => health::metrics_response(app),
    }
}
