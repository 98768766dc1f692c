//! What a server says before it has its journal: that it is alive, that it is not ready, and why.
//!
//! Any status but 200 would stop an `EventSource` for good, so a stream is begun and ends at once.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::Method;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use crate::api::operation;
use crate::cors;
use crate::problem::Problem;
use crate::settings::{SPARE_CONNECTIONS, Settings};
use crate::stream;

/// How long each of them may take, from the first byte to the last.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(10);

/// How long to wait before accepting again when the system refuses, out of files perhaps.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Answers on `listener` that the server is not ready, with the reason as it is then, until `ready` is.
pub async fn until_ready<T>(
    listener: &TcpListener,
    settings: &Settings,
    reason: watch::Receiver<String>,
    ready: impl Future<Output = T>,
) -> T {
    let routes = Router::new()
        .route("/healthz", get(operation::alive))
        .route("/readyz", get(not_ready))
        .fallback(anything)
        .layer(cors::layer(&settings.allow_origins))
        .with_state(reason);
    // With all of them taken, further ones wait unanswered.
    let places = Arc::new(Semaphore::new(SPARE_CONNECTIONS));
    let answering = async {
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            match listener.accept().await {
                Ok((socket, _)) => {
                    let answered = answer(socket, routes.clone());
                    tokio::spawn(async move {
                        let _ = tokio::time::timeout(CONNECTION_TIMEOUT, answered).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!("no connection can be accepted: {error}");
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                }
            }
        }
    };
    tokio::select! {
        ready = ready => ready,
        () = answering => unreachable!("nobody closes the places"),
    }
}

/// One request, so that the next finds the server that is ready by then.
async fn answer(socket: TcpStream, routes: Router) {
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).keep_alive(false);
    let service = TowerToHyperService::new(routes);
    if let Err(error) = http.serve_connection(TokioIo::new(socket), service).await {
        tracing::debug!("a connection ended: {error}");
    }
}

async fn not_ready(State(reason): State<watch::Receiver<String>>) -> Response {
    operation::not_ready(&reason.borrow())
}

async fn anything(State(reason): State<watch::Receiver<String>>, request: Request) -> Response {
    let is_stream = request.uri().path().to_ascii_lowercase().ends_with("/events");
    if request.method() == Method::GET && is_stream {
        return stream::turned_away();
    }
    Problem::not_ready(&reason.borrow()).into_response()
}
