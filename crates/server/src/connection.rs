//! Connections: accept, serve, shut down.
//!
//! A connection that starts with a plain HTTP/1.1 request for a stream takes the fast path to the
//! reactor. Hyper serves all other connections.

/// The parts of the server that every connection uses.
mod context;

/// Listening sockets, and the connections that they accept.
mod listener;

/// Places for connections, which idle ones give up when they are short.
pub(crate) mod places;

/// Descriptors kept for a time without any.
mod reserve;

/// Accepts connections up to a limit.
mod accept;

/// Redirects from http to https.
mod redirect;

/// The handshake of a TLS connection.
mod tls_path;

/// Reads the first request and hands the sockets of streams to the reactor.
mod fast_path;

/// The event streams of one connection.
pub(crate) mod connection_streams;

/// The body of a request, which may be answered before it has arrived.
mod unread_body;

/// Limits the frames of HTTP/2 without use.
mod http2_guard;

/// The headers of errors that hyper writes itself.
mod error_headers;

/// The tasks of HTTP/2 responses, which end when their peer takes no bytes.
mod http2_tasks;

/// The body of a response, which tells when the response has ended.
mod counted_body;

/// Rules for whole messages that neither hyper nor the routes apply.
mod message_rules;

/// Serves a connection with hyper.
mod hyper_path;

/// A client's socket: tuned for streams, with read-ahead bytes and a timeout for stalled writes.
mod socket;

/// Responds to requests before the journal is open.
mod startup;

/// Serves administrators.
mod admin;

use std::sync::Arc;

use fanout::{Reactor, ReactorConfig, WriteMode};
use futures_util::future::join_all;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::app::{App, AppState};
use crate::http::routes::routes;
use crate::http::security_headers::SecurityHeaders;
use crate::stream::heartbeat::HEARTBEAT_INTERVAL;
use crate::stream::reactor_bytes::ReactorBytes;
use crate::stream::reconnect;
use context::{ConnectionContext, ConnectionPermit, REQUEST_HEAD_TIMEOUT, StreamReactor};

pub use admin::{MAX_ADMIN_CONNECTIONS, serve_admin};
use listener::ListenerService;
pub use listener::{Listener, PeerConnection};
pub use redirect::HttpsRedirect;
pub use reserve::RESERVED_DESCRIPTORS;
pub use startup::serve_until_ready;

/// Serves `app` on all `listeners` until `shutdown` completes. Then ends all streams within the drain
/// time and returns. The journal stays open: see [`Engine::close`](engine::Engine::close).
pub async fn serve(listeners: Vec<Listener>, app: App, shutdown: impl Future<Output = ()>) {
    let state = Arc::clone(&app.state);
    let reactor = start_reactor(&state);
    let context = Arc::new(ConnectionContext {
        routes: routes(app),
        security_headers: Arc::new(SecurityHeaders::new(&state.settings.origins)),
        reactor,
        tls: None,
        state: Arc::clone(&state),
    });
    let closing = watch::Sender::new(false);
    let accepting = listeners.iter().map(|listener| {
        let context = context_for(listener, &context);
        let closing = &closing;
        accept::accept_each(listener, &state.places, move |socket, peer, place| {
            let permit = ConnectionPermit { closing: closing.subscribe(), place };
            serve_connection(socket, peer, permit, Arc::clone(&context))
        })
    });
    tokio::select! {
        () = shutdown => {}
        // Without listeners it completes at once.
        _ = join_all(accepting) => {}
    }
    drop(listeners);
    drain(&state, closing).await;
}

/// Starts the threads that write to followers, if the settings ask for any. They end their streams
/// at the engine's shutdown signal.
fn start_reactor(state: &Arc<AppState>) -> Option<Arc<StreamReactor>> {
    let settings = &state.settings;
    if settings.reactor_threads == 0 {
        return None;
    }
    let config = ReactorConfig {
        workers: settings.reactor_threads,
        heartbeat_interval: HEARTBEAT_INTERVAL,
        stall_timeout: settings.stall_timeout,
        write_mode: if settings.io_uring { WriteMode::IoUring } else { WriteMode::PerSocket },
    };
    let bytes = ReactorBytes { state: Arc::clone(state) };
    let reactor = match Reactor::start(config, bytes.clone(), bytes) {
        Ok(reactor) => Arc::new(reactor),
        Err(error) => {
            tracing::warn!("cannot start reactor threads, using one task per follower: {error}");
            return None;
        }
    };
    let mut shutdown = state.engine.health().shutdown_signal();
    // Weak, so that the reactor's threads end with the last connection.
    let weak_reactor = Arc::downgrade(&reactor);
    let state = Arc::clone(state);
    tokio::spawn(async move {
        if shutdown.wait_for(|signalled| *signalled).await.is_ok()
            && let Some(reactor) = weak_reactor.upgrade()
        {
            reactor.close_all(move || reconnect::close_delay(&state));
        }
    });
    Some(reactor)
}

/// A listener that redirects has routes of its own, and no streams.
fn context_for(listener: &Listener, app: &Arc<ConnectionContext>) -> Arc<ConnectionContext> {
    let (routes, reactor, tls) = match &listener.service {
        ListenerService::Plain => return Arc::clone(app),
        ListenerService::Tls(config) => (app.routes.clone(), None, Some(Arc::clone(config))),
        ListenerService::Redirect(redirect) => (redirect::routes(redirect.clone()), None, None),
    };
    Arc::new(ConnectionContext {
        routes,
        security_headers: Arc::clone(&app.security_headers),
        reactor,
        tls,
        state: Arc::clone(&app.state),
    })
}

async fn serve_connection(
    socket: TcpStream,
    peer: PeerConnection,
    permit: ConnectionPermit,
    context: Arc<ConnectionContext>,
) {
    let head_deadline = Instant::now() + REQUEST_HEAD_TIMEOUT;
    // Hyper's future is large and most connections are streams, so it has a task of its own.
    if let Some(config) = &context.tls {
        let config = Arc::clone(config);
        match tls_path::accept(socket, peer, config, permit, &context).await {
            Ok(connection) => {
                tokio::spawn(hyper_path::serve(connection, head_deadline, context));
            }
            Err(error) => tracing::debug!("connection closed in its handshake: {error}"),
        }
        return;
    }
    match fast_path::serve(socket, peer, permit, head_deadline, &context).await {
        Ok(None) => {}
        Ok(Some(fallback)) => {
            let connection = fallback.into_connection(&context.state);
            tokio::spawn(hyper_path::serve(connection, head_deadline, context));
        }
        Err(error) => tracing::debug!("connection closed before its first response: {error}"),
    }
}

/// Ends all streams, then all connections. Other requests are served until the last stream has
/// ended: publishers get their responses, and a load balancer can see that the server is not ready.
async fn drain(state: &AppState, closing: watch::Sender<bool>) {
    let start = Instant::now();
    let drain = state.settings.drain;
    state.engine.health().begin_shutdown();
    let mut streams = state.streams.subscribe();
    let all_ended = streams.wait_for(|open| *open == 0);
    // After a timeout the remaining streams are stalled; they get the rest of the drain time.
    let _ = timeout(reconnect::close_window(drain), all_ended).await;
    let rest = drain.saturating_sub(start.elapsed());
    closing.send_replace(true);
    if timeout(rest, closing.closed()).await.is_err() {
        tracing::warn!("closing the connections that did not end within {drain:?}");
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
    use std::time::Duration;

    use bytes::Bytes;
    use engine::Engine;
    use fanout::{Channel, ReactorEvents, StreamBytes};
    use flight::{BoardName, Change};
    use serde_json::json;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::settings::Settings;

    /// Panics when a board is closed.
    #[derive(Clone)]
    struct PanickingBytes(Arc<AtomicBool>);

    impl StreamBytes for PanickingBytes {
        fn heartbeat(&self, _: &Channel, _: u64) -> Option<Bytes> {
            None
        }

        fn goodbye(&self) -> Bytes {
            Bytes::new()
        }

        fn end(&self) -> Bytes {
            panic!("the test's panic")
        }
    }

    impl ReactorEvents for PanickingBytes {
        fn stalled(&self) {}

        fn worker_panicked(&self) {
            self.0.store(true, SeqCst);
        }

        fn worker_not_restarted(&self, error: &io::Error) {
            panic!("{error}");
        }

        fn io_uring_unavailable(&self, _: &io::Error) {}
    }

    async fn read_until(client: &mut TcpStream, end: &str) {
        let mut bytes = Vec::new();
        while !String::from_utf8_lossy(&bytes).contains(end) {
            assert!(client.read_buf(&mut bytes).await.unwrap() > 0, "ended before {end}");
        }
    }

    #[tokio::test]
    async fn streams_are_served_without_workers() {
        let settings = Settings::default();
        let journal = journal::MemoryJournal::default();
        let engine = Engine::start(journal, settings.window_bytes).await.unwrap();
        let app = App::new(engine, settings);
        let panicked = Arc::new(AtomicBool::new(false));
        let config = ReactorConfig {
            workers: 1,
            heartbeat_interval: REQUEST_HEAD_TIMEOUT,
            stall_timeout: REQUEST_HEAD_TIMEOUT,
            write_mode: WriteMode::PerSocket,
        };
        let bytes = PanickingBytes(Arc::clone(&panicked));
        let reactor = Reactor::start(config, bytes.clone(), bytes).unwrap();
        let context = Arc::new(ConnectionContext {
            routes: routes(app.clone()),
            security_headers: Arc::new(SecurityHeaders::new(&app.state.settings.origins)),
            reactor: Some(Arc::new(reactor)),
            tls: None,
            state: Arc::clone(&app.state),
        });
        let closing = watch::Sender::new(false);
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let listener = Listener::plain(socket).unwrap();
        let follow = async |path: &str| {
            let mut client = TcpStream::connect(listener.address()).await.unwrap();
            let (socket, peer) = listener.socket.accept().await.unwrap();
            let peer = listener.connection_from(peer);
            let place = app.state.places.take(peer.peer.ip()).await.unwrap();
            let permit = ConnectionPermit { closing: closing.subscribe(), place };
            tokio::spawn(serve_connection(socket, peer, permit, Arc::clone(&context)));
            let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
            client.write_all(request.as_bytes()).await.unwrap();
            read_until(&mut client, "event: timetable").await;
            client
        };
        let board = BoardName::parse("gone").unwrap();
        let publish = async |event| {
            let change = Change::parse(&board, event, &json!({})).unwrap();
            app.engine().publish(board.clone(), change).await.unwrap().unwrap();
        };
        publish("boardUpdate").await;
        let _client = follow("/boards/gone/events").await;
        publish("closedConnection").await;
        while !panicked.load(SeqCst) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        follow("/events").await;
    }
}
