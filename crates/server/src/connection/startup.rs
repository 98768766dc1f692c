//! Responds to requests before the journal is open: the process is alive but not ready.
//!
//! A stream request gets an empty stream with a `retry`. Any status but 200 would stop an
//! `EventSource` for good.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::future::{Either, join_all, select};
use http::Method;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tower::ServiceExt;

use super::accept::accept_each;
use super::error_headers::ErrorHeaders;
use super::listener::{Listener, ListenerService, PeerConnection};
use super::places::ConnectionPlaces;
use super::{message_rules, redirect, tls_path};
use crate::admin_settings::AdminAccess;
use crate::http::admin::DetailLevel;
use crate::http::api::health;
use crate::http::cors::{self, CorsLayers};
use crate::http::problem::{Problem, STARTING};
use crate::http::security_headers::SecurityHeaders;
use crate::http::{query_tokens, routes, transport_security};
use crate::settings::{SPARE_CONNECTIONS, Settings};
use crate::stream;

/// Time for a whole connection, from its first byte to its last.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Clone)]
struct StartupState {
    reason: watch::Receiver<String>,
    access: AdminAccess,
}

/// Responds on all `listeners` that the server is not ready, with the current `reason`, until `ready`
/// completes.
pub async fn serve_until_ready<T>(
    listeners: &[Listener],
    settings: &Settings,
    reason: watch::Receiver<String>,
    ready: impl Future<Output = T>,
) -> T {
    let security_headers = Arc::new(SecurityHeaders::new(&settings.origins));
    let cors = Arc::new(CorsLayers::new(&settings.origins));
    let routes = Router::new()
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(not_ready))
        .fallback(reject)
        .layer(from_fn(query_tokens::refuse))
        .layer(from_fn_with_state(cors, cors::answer))
        .with_state(StartupState { reason, access: settings.admin_access });
    let routes = routes::below(settings.base_path.clone(), routes);
    let places =
        ConnectionPlaces::new(SPARE_CONNECTIONS, SPARE_CONNECTIONS, settings.limits.clone(), None);
    let accepting = listeners.iter().map(|listener| {
        let startup = StartupContext {
            routes: match &listener.service {
                ListenerService::Redirect(redirect) => redirect::routes(redirect.clone()),
                ListenerService::Plain | ListenerService::Tls(_) => routes.clone(),
            },
            tls: match &listener.service {
                ListenerService::Tls(config) => Some(Arc::clone(config)),
                ListenerService::Plain | ListenerService::Redirect(_) => None,
            },
            hsts_max_age: settings.tls.hsts_max_age,
            security_headers: Arc::clone(&security_headers),
        };
        accept_each(listener, &places, move |socket, peer, place| {
            let response = startup.clone().serve(socket, peer);
            async move {
                tokio::select! {
                    // A client that takes longer is disconnected.
                    served = timeout(CONNECTION_TIMEOUT, response) => {
                    if let Ok(Err(error)) = served {
                        tracing::debug!("connection failed: {error}");
                    }
                }
                    () = place.activity.must_close() => {}
                }
            }
        })
    });
    let ready = pin!(ready);
    match select(ready, join_all(accepting)).await {
        Either::Left((ready, _)) => ready,
        // There are no listeners.
        Either::Right((_, ready)) => ready.await,
    }
}

/// The parts of a listener that each of its connections uses.
#[derive(Clone)]
pub(super) struct StartupContext {
    pub(super) routes: Router,
    /// `None` without encryption.
    pub(super) tls: Option<Arc<ServerConfig>>,
    pub(super) hsts_max_age: Duration,
    pub(super) security_headers: Arc<SecurityHeaders>,
}

impl StartupContext {
    pub(super) async fn serve(self, socket: TcpStream, peer: PeerConnection) -> io::Result<()> {
        match &self.tls {
            Some(config) => {
                let socket = tls_path::handshake_at_startup(socket, config).await?;
                self.respond(socket, peer).await.map_err(io::Error::other)
            }
            None => self.respond(socket, peer).await.map_err(io::Error::other),
        }
    }

    /// Serves one request, so that the client's next request opens a connection, by then perhaps to the
    /// server that is ready.
    async fn respond<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        socket: S,
        peer: PeerConnection,
    ) -> hyper::Result<()> {
        let mut http = hyper::server::conn::http1::Builder::new();
        http.timer(TokioTimer::new()).keep_alive(false).half_close(true);
        let service = service_fn(|mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(peer);
            let answer = |request| self.routes.clone().oneshot(request);
            let response = message_rules::respond(request.map(Body::new), answer);
            async {
                let mut response = response.await?;
                self.security_headers.add_to(&mut response);
                transport_security::set_header(response.headers_mut(), &peer, self.hsts_max_age);
                Ok::<_, Infallible>(response)
            }
        });
        let headers = Arc::clone(&self.security_headers);
        let socket = ErrorHeaders::new(socket, headers, peer, self.hsts_max_age);
        http.serve_connection(TokioIo::new(socket), service).await
    }
}

async fn not_ready(
    State(StartupState { reason, access }): State<StartupState>,
    request: Request,
) -> Response {
    match DetailLevel::for_request(&request, access) {
        DetailLevel::All => health::not_ready(Some(&reason.borrow())),
        DetailLevel::State => health::not_ready(None),
    }
}

async fn reject(request: Request) -> Response {
    let is_stream = request.uri().path().ends_with("/events");
    if request.method() == Method::GET && is_stream {
        return stream::retry_when_ready();
    }
    Problem::not_ready(STARTING).into_response()
}
