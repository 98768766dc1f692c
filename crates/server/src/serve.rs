//! Accepting connections, until there is a reason to stop.

use std::io;
use std::time::Duration;

use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tower::{Service, ServiceExt};

use crate::app::App;
use crate::routes::routes;

/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// Most bytes that hyper holds for a connection in each direction.
const BUFFER_BYTES: usize = 64 * 1024;

/// Connections besides those of followers, for publishers and the page.
const SPARE_CONNECTIONS: usize = 1_000;

/// How long to wait before accepting again when there are too many connections, or when the system
/// refuses, out of files perhaps.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// A peer that says nothing for so long is asked for a sign of life …
const KEEPALIVE_AFTER: Duration = Duration::from_secs(60);

/// … and is gone if it takes nothing of what it is sent for so long.
const TAKES_NOTHING: Duration = Duration::from_secs(300);

/// Serves `app` on `listener` until `shutdown` is ready; then ends all streams within the app's
/// drain time, and returns. The journal stays open: see [`App::close`].
pub async fn serve(listener: TcpListener, app: App, shutdown: impl Future<Output = ()>) {
    let (drain, health) = (app.parts.settings.drain, app.parts.health.clone());
    let most = app.parts.settings.max_followers.saturating_add(SPARE_CONNECTIONS);
    let routes = routes(app);
    let connections = GracefulShutdown::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let full = connections.count() >= most;
        tokio::select! {
            () = &mut shutdown => break,
            () = tokio::time::sleep(ACCEPT_AGAIN), if full => {}
            accepted = accept(&listener), if !full => match accepted {
                Ok(socket) => connect(socket, routes.clone(), &connections),
                Err(error) => {
                    tracing::warn!("no connection can be accepted: {error}");
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                }
            },
        }
    }
    drop(listener);
    health.stop();
    if tokio::time::timeout(drain, connections.shutdown()).await.is_err() {
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

fn connect<S, F>(socket: TcpStream, routes: S, connections: &GracefulShutdown)
where
    S: Service<
            axum::extract::Request,
            Response = axum::response::Response,
            Error = std::convert::Infallible,
            Future = F,
        > + Clone
        + Send
        + 'static,
    F: Future + Send,
{
    if let Err(error) = tune(&socket) {
        tracing::debug!("a connection went before it was served: {error}");
        return;
    }
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        routes.clone().oneshot(request.map(axum::body::Body::new))
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(BUFFER_BYTES);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(KEEPALIVE_AFTER);
    let connection = builder.serve_connection(TokioIo::new(socket), service).into_owned();
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!("a connection ended: {error}");
        }
    });
}

fn tune(socket: &TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let socket = SockRef::from(socket);
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(TAKES_NOTHING))?;
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE_AFTER))
}
