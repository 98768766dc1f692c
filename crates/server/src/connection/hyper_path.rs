//! Serves a connection with hyper: HTTP/2, and HTTP/1 that does not start with a plain request for
//! a stream.

use std::convert::Infallible;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use http::{Request, Version, header};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep, sleep_until};
use tower::ServiceExt;

use super::connection_streams::ConnectionStreams;
use super::context::{ConnectionContext, ConnectionPermit, REQUEST_HEAD_TIMEOUT};
use super::counted_body::CountedBody;
use super::error_headers::ErrorHeaders;
use super::http2_guard::Http2Guard;
use super::http2_tasks::{Http2Tasks, ResponseProgress};
use super::listener::PeerConnection;
use super::message_rules;
use super::places::ConnectionActivity;
use super::socket::KEEPALIVE_INTERVAL;
use super::unread_body::UnreadBody;
use crate::http::transport_security;
use crate::stream;
use crate::stream::peer_socket::PeerSocket;

/// Most bytes that hyper buffers for a connection in each direction. Followers share the frames of
/// their streams, which do not count. In HTTP/1 this also limits the head of a request.
const MAX_BUFFER_BYTES: usize = 64 * 1024;

/// Most bytes of a request's head in HTTP/2.
const MAX_HTTP2_HEAD_BYTES: u32 = 16 * 1024;

/// Time for a peer to take the rest of a response, or in HTTP/2 to confirm the end, on a connection
/// that gives up its place.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

/// Time for the first request of a connection that a stopping server has just accepted: hyper would close the
/// connection before it reads the request.
pub(super) const FIRST_REQUEST_GRACE: Duration = Duration::from_millis(500);

/// A connection for hyper.
pub(super) struct HyperConnection<S> {
    pub(super) socket: S,
    pub(super) peer: PeerConnection,
    /// The socket without encryption, which streams watch for the peer's end.
    pub(super) peer_socket: Option<PeerSocket>,
    pub(super) permit: ConnectionPermit,
    /// The response to the first request, if the routes have answered it.
    pub(super) response: Option<Response>,
}

/// Time for the response on a brief place, from the first byte of the connection to the last.
const BRIEF_TIMEOUT: Duration = Duration::from_secs(5);

/// Serves the connection to its end. Closes it if it has sent no request by `head_deadline`, or has to
/// give up its place.
pub(super) async fn serve<S>(
    connection: HyperConnection<S>,
    head_deadline: Instant,
    context: Arc<ConnectionContext>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let HyperConnection { socket, peer, peer_socket, permit, response } = connection;
    let ConnectionPermit { mut closing, place } = permit;
    let activity = &place.activity;
    let metrics = Arc::clone(context.state.engine.metrics());
    // The fast path may have routed the first request already.
    let first_response = Mutex::new(response);
    let counter = Arc::clone(activity);
    let limits = &context.state.settings.limits;
    let is_brief = place.is_brief;
    let progress = Arc::<ResponseProgress>::default();
    let http1_progress = Arc::clone(&progress);
    let streams =
        ConnectionStreams::new(if is_brief { 0 } else { limits.followers_per_connection });
    let builder = builder(&context, peer.is_tls);
    let security_headers = Arc::clone(&context.security_headers);
    let hsts_max_age = context.state.settings.tls.hsts_max_age;
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        let open_request = counter.begin_request();
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(streams.clone());
        let version = request.version();
        // In HTTP/2 the peer closes a stream, and hyper notices.
        if version < Version::HTTP_2
            && let Some(peer_socket) = &peer_socket
        {
            request.extensions_mut().insert(peer_socket.clone());
        }
        let routed = first_response.lock().take();
        let context = Arc::clone(&context);
        let http1_progress = Arc::clone(&http1_progress);
        async move {
            let progress = ResponseProgress::of_task().unwrap_or(http1_progress);
            progress.set_revocation(None);
            let answer = async |request| match routed {
                Some(response) => Ok(response),
                None => context.routes.clone().oneshot(request).await,
            };
            let expects_continue = request.headers().contains_key(header::EXPECT);
            let request = request.map(|body| UnreadBody::wrap(body, expects_continue));
            let mut response = message_rules::respond(request, answer).await?;
            progress.set_revocation(stream::revocation(&response));
            context.security_headers.add_to(&mut response);
            let state = &context.state;
            let max_age = state.settings.tls.hsts_max_age;
            transport_security::set_header(response.headers_mut(), &peer, max_age);
            let is_shutting_down = state.engine.health().is_shutting_down();
            if is_shutting_down || is_brief || state.places.are_short() {
                message_rules::close_after(&mut response, version);
            }
            Ok::<_, Infallible>(response.map(|body| CountedBody::new(body, open_request)))
        }
    });
    let socket = Http2Guard::new(socket, metrics);
    let socket = TokioIo::new(ErrorHeaders::new(socket, security_headers, peer, hsts_max_age));
    let mut connection = pin!(builder.serve_connection(socket, service));
    let mut missed_deadline = pin!(missed_deadline(head_deadline, activity));
    let must_close = tokio::select! {
        ended = connection.as_mut() => return log_failure(ended),
        () = missed_deadline.as_mut() => return,
        _ = closing.wait_for(|closing| *closing) => false,
        () = activity.must_close() => true,
        () = unread_revoked_stream(&progress, activity) => return,
        () = sleep(BRIEF_TIMEOUT), if is_brief => return,
    };
    // Hyper would wait for the rest of the first head.
    if must_close && !activity.has_had_request() {
        return;
    }
    if !must_close && !activity.has_had_request() {
        tokio::select! {
            ended = connection.as_mut() => return log_failure(ended),
            () = sleep(FIRST_REQUEST_GRACE) => {}
        }
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        ended = connection => log_failure(ended),
        () = missed_deadline => {}
        () = close_timeout(activity), if must_close => {}
    }
}

fn log_failure<E: fmt::Display>(ended: Result<(), E>) {
    if let Err(error) = ended {
        tracing::debug!("connection failed: {error}");
    }
}

fn builder(context: &ConnectionContext, is_tls: bool) -> auto::Builder<Http2Tasks> {
    let settings = &context.state.settings;
    let metrics = Arc::clone(context.state.engine.metrics());
    let tasks = Http2Tasks { stall_timeout: settings.stall_timeout, metrics };
    let mut builder = auto::Builder::new(tasks);
    builder
        .http1()
        .timer(TokioTimer::new())
        // A client may close its sending side and still wait for the response. In TLS it cannot: hyper notices the
        // end of such a connection by reading it.
        .half_close(!is_tls)
        .header_read_timeout(REQUEST_HEAD_TIMEOUT)
        .max_buf_size(MAX_BUFFER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEPALIVE_INTERVAL)
        .max_concurrent_streams(settings.limits.http2_streams)
        .max_header_list_size(MAX_HTTP2_HEAD_BYTES);
    builder
}

/// Completes at `deadline` unless there has been a request by then. Hyper limits only the heads of
/// HTTP/1, and only once it knows that the connection is HTTP/1.
async fn missed_deadline(deadline: Instant, activity: &ConnectionActivity) {
    sleep_until(deadline).await;
    if activity.has_had_request() {
        std::future::pending::<()>().await;
    }
    tracing::debug!("closing a connection that sent no request");
}

/// Completes once a stream of HTTP/1 is revoked and its peer has not taken the end. In HTTP/2, the task of the
/// response ends instead.
async fn unread_revoked_stream(progress: &ResponseProgress, activity: &ConnectionActivity) {
    loop {
        progress.revoked().await;
        if activity.is_busy() {
            return;
        }
        progress.set_revocation(None);
    }
}

/// Completes after [`CLOSE_TIMEOUT`] unless a request is open then, which hyper answers before it
/// closes the connection.
async fn close_timeout(activity: &ConnectionActivity) {
    sleep(CLOSE_TIMEOUT).await;
    if activity.is_busy() {
        std::future::pending::<()>().await;
    }
}
