//! Serves a connection with hyper: HTTP/2, and HTTP/1 that does not start with a plain request for
//! a stream.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use http::{HeaderValue, Request, Version, header};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};
use tower::ServiceExt;

use super::context::{ConnectionContext, ConnectionPermit, REQUEST_HEAD_TIMEOUT};
use super::fast_path::Fallback;
use super::socket::{ClientSocket, KEEPALIVE_INTERVAL};

/// Most bytes that hyper buffers for a connection in each direction. Followers share the frames of
/// their streams, which do not count. In HTTP/1 this also limits the head of a request.
const MAX_BUFFER_BYTES: usize = 64 * 1024;

/// Most bytes of a request's head in HTTP/2.
const MAX_HTTP2_HEAD_BYTES: u32 = 16 * 1024;

/// Serves the connection to its end. Closes it if it has sent no request by `head_deadline`.
pub(super) async fn serve(
    fallback: Fallback,
    head_deadline: Instant,
    context: Arc<ConnectionContext>,
) {
    let Fallback { socket, received, permit, response } = fallback;
    let ConnectionPermit { watcher, _slot } = permit;
    let stall_timeout = context.state.settings.stall_timeout;
    let metrics = Arc::clone(context.state.engine.metrics());
    let socket = ClientSocket::new(socket, received, stall_timeout, metrics);
    // The fast path may have routed the first request already.
    let first_response = Mutex::new(response);
    let first_request = Arc::new(Notify::new());
    let notifier = Arc::clone(&first_request);
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        notifier.notify_one();
        let version = request.version();
        let routed = first_response.lock().take();
        let context = Arc::clone(&context);
        async move {
            let mut response = match routed {
                Some(response) => response,
                None => context.routes.clone().oneshot(request.map(Body::new)).await?,
            };
            // HTTP/2 forbids the header; there, hyper sends GOAWAY.
            if context.state.engine.health().is_shutting_down() && version < Version::HTTP_2 {
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(header::CONNECTION, close);
            }
            Ok::<_, Infallible>(response)
        }
    });
    let connection = builder().serve_connection(TokioIo::new(socket), service).into_owned();
    tokio::select! {
        ended = watcher.watch(connection) => if let Err(error) = ended {
            tracing::debug!("connection failed: {error}");
        },
        () = missed_deadline(head_deadline, &first_request) => {
            tracing::debug!("closing a connection that sent no request");
        }
    }
}

fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST_HEAD_TIMEOUT)
        .max_buf_size(MAX_BUFFER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEPALIVE_INTERVAL)
        .max_header_list_size(MAX_HTTP2_HEAD_BYTES);
    builder
}

/// Completes at `deadline` unless `first_request` is notified before. Hyper limits only the heads
/// of HTTP/1, and only once it knows that the connection is HTTP/1.
async fn missed_deadline(deadline: Instant, first_request: &Notify) {
    if timeout_at(deadline, first_request.notified()).await.is_ok() {
        std::future::pending::<()>().await;
    }
}
