//! Accepting connections, until there is a reason to stop.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use fanout::{Reactor, ReactorConfig, WriteMode};
use http::{HeaderValue, Version, header};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};
use tower::{Service, ServiceExt};

use crate::app::{App, AppState};
use crate::handover::{ForHyper, hand_over, look};
use crate::routes::routes;
use crate::socket::{self, KEEPALIVE_AFTER, Socket};
use crate::stream::{self, Seat, Words};

/// How long a client may take to send the head of a request, from when it is connected or has its last
/// answer.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// Most bytes that hyper holds for a connection in each direction. Those of a stream are frames
/// that all followers share.
const BUFFER_BYTES: usize = 64 * 1024;

/// Longest head of a request in HTTP/2; in HTTP/1 it is what is held for a connection.
const HEAD_LIST_BYTES: u32 = 16 * 1024;

/// How long to wait before accepting again when there are too many connections, or when the system
/// refuses, out of files perhaps.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Serves `app` on `listener` until `shutdown` is ready; then ends all streams within the app's
/// drain time, and returns. The journal stays open: see [`App::close`].
pub async fn serve(listener: TcpListener, app: App, shutdown: impl Future<Output = ()>) {
    let state = Arc::clone(&app.state);
    let settings = &state.settings;
    let most = settings.max_followers.saturating_add(settings.spare_connections);
    let reactor = reactor(&state);
    let routes = routes(app);
    let connections = GracefulShutdown::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let full = connections.count() >= most;
        tokio::select! {
            () = &mut shutdown => break,
            () = tokio::time::sleep(ACCEPT_AGAIN), if full => {}
            accepted = accept(&listener), if !full => match accepted {
                Ok(socket) => {
                    let (routes, state) = (routes.clone(), Arc::clone(&state));
                    let connection = connect(socket, connections.watcher(), routes, state, reactor.clone());
                    tokio::spawn(connection);
                }
                Err(error) => {
                    tracing::warn!("no connection can be accepted: {error}");
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                }
            },
        }
    }
    drop(listener);
    drain(&state, connections).await;
}

/// The threads that write to followers, if there are any. They end their streams when the server
/// stops, for whatever reason.
fn reactor(state: &Arc<AppState>) -> Option<Arc<Reactor<(Seat, Watcher)>>> {
    let settings = &state.settings;
    if settings.reactor_threads == 0 {
        return None;
    }
    let words = Words { state: Arc::clone(state) };
    let config = ReactorConfig {
        workers: settings.reactor_threads,
        heartbeat_interval: stream::HEARTBEAT,
        stall_timeout: settings.stall_timeout,
        write_mode: if settings.io_uring { WriteMode::IoUring } else { WriteMode::PerSocket },
    };
    let reactor = match Reactor::start(config, words.clone(), words) {
        Ok(reactor) => Arc::new(reactor),
        Err(error) => {
            tracing::warn!("followers have a task each, since there are no threads: {error}");
            return None;
        }
    };
    let (mut stopping, told) = (state.engine.health().shutdown_signal(), Arc::downgrade(&reactor));
    let state = Arc::clone(state);
    tokio::spawn(async move {
        if stopping.wait_for(|stopping| *stopping).await.is_ok()
            && let Some(reactor) = told.upgrade()
        {
            reactor.close_all(move || stream::time_to_end(&state));
        }
    });
    Some(reactor)
}

/// Lets the streams end. Connections that are there are served until the last has ended, so that
/// publishers are answered and a load balancer can see what is going on; then they end as well.
async fn drain(state: &AppState, connections: GracefulShutdown) {
    let (start, drain) = (Instant::now(), state.settings.drain);
    state.engine.health().begin_shutdown();
    let mut streams = state.streams.subscribe();
    let all_ended = streams.wait_for(|open| *open == 0);
    // Those that have not ended by then take nothing, and are given what is left of the time.
    let _ = timeout(stream::endings_within(drain), all_ended).await;
    let left = drain.saturating_sub(start.elapsed());
    if timeout(left, connections.shutdown()).await.is_err() {
        tracing::warn!("some connections did not end within {drain:?} and are cut");
    }
}

async fn accept(listener: &TcpListener) -> io::Result<TcpStream> {
    loop {
        match listener.accept().await {
            Ok((socket, _)) => return Ok(socket),
            // The peer has gone again; that says nothing about the next one.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Serves a connection, wherever that is done.
async fn connect<S, F>(
    socket: TcpStream,
    watcher: Watcher,
    routes: S,
    state: Arc<AppState>,
    reactor: Option<Arc<Reactor<(Seat, Watcher)>>>,
) where
    S: Service<Request, Response = Response, Error = Infallible, Future = F>
        + Clone
        + Send
        + 'static,
    F: Future<Output = Result<Response, Infallible>> + Send + 'static,
{
    let head_due = Instant::now() + HEAD_TIMEOUT;
    let for_hyper = match first(socket, watcher, head_due, &routes, &state, reactor).await {
        Ok(Some(for_hyper)) => for_hyper,
        Ok(None) => return,
        Err(error) => {
            tracing::debug!("a connection went before it was served: {error}");
            return;
        }
    };
    // A task of its own: the one that is here now is small, and most need no other.
    tokio::spawn(serve_with_hyper(for_hyper, head_due, routes, state));
}

/// What comes first on a connection; it goes on with hyper if there is something left to do.
async fn first<S, F>(
    socket: TcpStream,
    watcher: Watcher,
    head_due: Instant,
    routes: &S,
    state: &AppState,
    reactor: Option<Arc<Reactor<(Seat, Watcher)>>>,
) -> io::Result<Option<ForHyper>>
where
    S: Service<Request, Response = Response, Error = Infallible, Future = F> + Clone,
    F: Future<Output = Result<Response, Infallible>>,
{
    socket::tune(&socket, state.settings.stall_timeout)?;
    let Some(reactor) = reactor else {
        return Ok(Some(ForHyper { socket, watcher, answer: None }));
    };
    let mut stopping = state.engine.health().shutdown_signal();
    let found = tokio::select! {
        biased;
        // Hyper ends connections in which nothing happens.
        _ = stopping.wait_for(|stopping| *stopping) => None,
        found = timeout_at(head_due, look(&socket)) => found??,
    };
    match found {
        Some(found) if reactor.has_capacity() => {
            hand_over(socket, watcher, found, routes.clone(), &reactor).await
        }
        _ => Ok(Some(ForHyper { socket, watcher, answer: None })),
    }
}

async fn serve_with_hyper<S, F>(
    for_hyper: ForHyper,
    head_due: Instant,
    routes: S,
    state: Arc<AppState>,
) where
    S: Service<Request, Response = Response, Error = Infallible, Future = F>
        + Clone
        + Send
        + 'static,
    F: Future<Output = Result<Response, Infallible>> + Send,
{
    let ForHyper { socket, watcher, answer } = for_hyper;
    let socket =
        Socket::new(socket, state.settings.stall_timeout, Arc::clone(state.engine.metrics()));
    let answer = Mutex::new(answer);
    let asked = Arc::new(Notify::new());
    let asks = Arc::clone(&asked);
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        asks.notify_one();
        let (version, answered) = (request.version(), answer.lock().take());
        let (routes, state) = (routes.clone(), Arc::clone(&state));
        async move {
            let mut response = match answered {
                Some(response) => response,
                None => routes.oneshot(request.map(axum::body::Body::new)).await?,
            };
            // HTTP/2 forbids the header, and says the same in another way.
            if state.engine.health().is_shutting_down() && version < Version::HTTP_2 {
                response
                    .headers_mut()
                    .insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(response)
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(BUFFER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEPALIVE_AFTER)
        .max_header_list_size(HEAD_LIST_BYTES);
    let connection = builder.serve_connection(TokioIo::new(socket), service).into_owned();
    tokio::select! {
        ended = watcher.watch(connection) => if let Err(error) = ended {
            tracing::debug!("a connection ended: {error}");
        },
        () = no_request_by(head_due, &asked) => tracing::debug!("a connection asked nothing"),
    }
}

/// Waits until `head_due` for the first request; for ever if it comes. Hyper has a limit only for
/// heads of HTTP/1, and none until it knows that it is one.
async fn no_request_by(head_due: Instant, asked: &Notify) {
    if timeout_at(head_due, asked.notified()).await.is_ok() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

    use bytes::Bytes;
    use engine::Engine;
    use fanout::{ReactorEvents, StreamBytes};
    use flight::{BoardName, Change};
    use serde_json::json;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::settings::Settings;

    /// With it a thread panics when a board is closed.
    #[derive(Clone)]
    struct Broken(Arc<AtomicBool>);

    impl StreamBytes for Broken {
        fn heartbeat(&self, _: u64) -> Option<Bytes> {
            None
        }

        fn goodbye(&self) -> Bytes {
            Bytes::new()
        }

        fn end(&self) -> Bytes {
            panic!("as the test wishes")
        }
    }

    impl ReactorEvents for Broken {
        fn stalled(&self) {}

        fn worker_panicked(&self) {
            self.0.store(true, SeqCst);
        }

        fn worker_not_restarted(&self, error: &io::Error) {
            panic!("{error}");
        }

        fn io_uring_unavailable(&self, _: &io::Error) {}
    }

    async fn read_to(peer: &mut TcpStream, end: &str) {
        let mut bytes = Vec::new();
        while !String::from_utf8_lossy(&bytes).contains(end) {
            assert!(peer.read_buf(&mut bytes).await.unwrap() > 0, "it goes on to {end}");
        }
    }

    #[tokio::test]
    async fn while_no_thread_takes_a_stream_it_is_served_all_the_same() {
        let settings = Settings::default();
        let engine = Engine::start(journal::MemoryJournal::default(), settings.window_bytes).await;
        let app = App::new(engine.unwrap(), settings);
        let panicked = Arc::new(AtomicBool::new(false));
        let config = ReactorConfig {
            workers: 1,
            heartbeat_interval: HEAD_TIMEOUT,
            stall_timeout: HEAD_TIMEOUT,
            write_mode: WriteMode::PerSocket,
        };
        let broken = Broken(Arc::clone(&panicked));
        let reactor = Reactor::start(config, broken.clone(), broken);
        let (reactor, connections) = (Arc::new(reactor.unwrap()), GracefulShutdown::new());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let follow = async |path: &str| {
            let mut peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (socket, _) = listener.accept().await.unwrap();
            let (routes, state) = (routes(app.clone()), Arc::clone(&app.state));
            let (watcher, reactor) = (connections.watcher(), Some(Arc::clone(&reactor)));
            tokio::spawn(connect(socket, watcher, routes, state, reactor));
            let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
            peer.write_all(request.as_bytes()).await.unwrap();
            read_to(&mut peer, "event: timetable").await;
            peer
        };
        let board = BoardName::parse("gone").unwrap();
        let publish = async |event| {
            let update = Change::parse(&board, event, &json!({})).unwrap();
            app.engine().publish(board.clone(), update).await.unwrap().unwrap();
        };
        publish("boardUpdate").await;
        let _peer = follow("/boards/gone/events").await;
        publish("closedConnection").await;
        while !panicked.load(SeqCst) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        follow("/events").await;
    }
}
