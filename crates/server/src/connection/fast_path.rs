//! Reads the first request of a connection and hands the sockets of streams to the reactor.
//!
//! Only a plain HTTP/1.1 request for a stream stays here. The same routes answer it, and if they
//! admit the stream, the reactor gets the socket. Any other connection falls back to hyper, which
//! first reads the bytes received here; so does any request with unusual headers, which hyper
//! handles as usual. If the routes have answered with something other than a stream, hyper gets
//! that response too.

use std::io;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use fanout::NewConnection;
use http::{HeaderName, HeaderValue, Method, Version, header};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tower::ServiceExt;

use super::context::{ConnectionContext, ConnectionPermit, ReactorPermit};
use super::hyper_path::HyperConnection;
use super::listener::PeerConnection;
use super::socket::ClientSocket;
use super::{message_rules, socket};
use crate::app::AppState;
use crate::http::list_header::elements;
use crate::stream::admission::{AdmittedStream, Handoff};
use crate::stream::peer_socket::PeerSocket;

/// Longest head of a request on the fast path.
const MAX_STREAM_HEAD_BYTES: usize = 8 * 1024;

/// Most headers of a request on the fast path.
const MAX_STREAM_HEADERS: usize = 64;

/// Headers that ask for more than a stream.
const UNUSUAL_HEADERS: [HeaderName; 5] = [
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::EXPECT,
    HeaderName::from_static("http2-settings"),
];

/// A connection for hyper.
pub(super) struct Fallback {
    pub(super) socket: TcpStream,
    pub(super) peer: PeerConnection,
    /// Everything that was read from the socket.
    pub(super) received: Bytes,
    pub(super) permit: ConnectionPermit,
    /// The response to the first request, if the routes have answered it.
    pub(super) response: Option<Response>,
}

impl Fallback {
    pub(super) fn into_connection(self, state: &AppState) -> HyperConnection<ClientSocket> {
        let Self { socket, peer, received, permit, response } = self;
        let socket = Arc::new(socket);
        let peer_socket = Some(PeerSocket(Arc::clone(&socket)));
        let metrics = Arc::clone(state.engine.metrics());
        let stall_timeout = state.settings.stall_timeout;
        let socket = ClientSocket::new(socket, received, stall_timeout, metrics);
        HyperConnection { socket, peer, peer_socket, permit, response }
    }
}

/// Gives the connection to the reactor if it starts with a request for a stream that is admitted.
/// Returns it otherwise.
///
/// # Errors
/// The peer has disconnected, has sent no whole head by `head_deadline`, or has to give up its place.
pub(super) async fn serve(
    socket: TcpStream,
    peer: PeerConnection,
    permit: ConnectionPermit,
    head_deadline: Instant,
    context: &ConnectionContext,
) -> io::Result<Option<Fallback>> {
    socket::tune(&socket, context.state.settings.stall_timeout)?;
    let reactor = context.reactor.as_ref().filter(|_| !permit.place.is_brief);
    let Some(reactor) = reactor else {
        return Ok(Some(Fallback { socket, peer, received: Bytes::new(), permit, response: None }));
    };
    let mut received = Vec::new();
    let mut shutdown = context.state.engine.health().shutdown_signal();
    let activity = Arc::clone(&permit.place.activity);
    let request = tokio::select! {
        biased;
        // Hyper closes idle connections at shutdown.
        _ = shutdown.wait_for(|signalled| *signalled) => None,
        () = activity.must_close() => return Err(io::ErrorKind::ConnectionAborted.into()),
        request = timeout_at(head_deadline, read_request(&socket, &mut received)) => request??,
    };
    let received = Bytes::from(received);
    let Some(mut request) = request.filter(|_| reactor.has_capacity()) else {
        return Ok(Some(Fallback { socket, peer, received, permit, response: None }));
    };
    let _request = activity.begin_request();
    request.extensions_mut().insert(peer);
    let Ok(mut response) = context.routes.clone().oneshot(*request).await;
    let handoff = response.extensions_mut().remove::<Handoff>();
    let Some(stream) = handoff.and_then(|handoff| handoff.take()) else {
        return Ok(Some(Fallback { socket, peer, received, permit, response: Some(response) }));
    };
    let AdmittedStream { follower, preamble, start_at, permit: stream_permit } = *stream;
    context.security_headers.add_to(&mut response);
    let mut first_bytes = encode_head(&response);
    for frame in &preamble {
        first_bytes.extend_from_slice(frame.wire_bytes());
    }
    let connection = NewConnection {
        socket: socket.into_std()?,
        follower,
        preamble: first_bytes.into(),
        start_at: start_at.into_std(),
        permit: ReactorPermit {
            stream: stream_permit,
            _slot: permit.place.slot,
            _closing: permit.closing,
        },
    };
    // It had capacity before the request was routed.
    let added = reactor.add(connection);
    added.map_err(|_| io::Error::other("all reactor workers have panicked or are full"))?;
    Ok(None)
}

/// Reads until `received` starts with the head of a request for a stream, and returns the request;
/// or until it cannot become one, and returns `None`. The caller limits the time.
///
/// # Errors
/// The peer has disconnected.
async fn read_request(
    socket: &TcpStream,
    received: &mut Vec<u8>,
) -> io::Result<Option<Box<Request>>> {
    loop {
        socket.readable().await?;
        // Not earlier: an idle connection holds no buffer.
        received.reserve_exact(MAX_STREAM_HEAD_BYTES.saturating_sub(received.len()));
        match socket.try_read_buf(received) {
            Ok(0) => return Ok(None),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error),
        }
        match FirstBytes::parse(received) {
            FirstBytes::StreamRequest(request) => return Ok(Some(request)),
            FirstBytes::Partial if received.len() < MAX_STREAM_HEAD_BYTES => {}
            FirstBytes::Partial | FirstBytes::Other => return Ok(None),
        }
    }
}

/// The first bytes of a connection.
enum FirstBytes {
    /// The head of a request for a stream. A follower's further bytes are ignored.
    StreamRequest(Box<Request>),
    /// Bytes that may become such a head.
    Partial,
    Other,
}

impl FirstBytes {
    fn parse(bytes: &[u8]) -> Self {
        let mut headers = [httparse::EMPTY_HEADER; MAX_STREAM_HEADERS];
        let mut head = httparse::Request::new(&mut headers);
        let Ok(status) = head.parse(bytes) else { return Self::Other };
        // The parts of the request line that have arrived decide as early as possible.
        let is_other = head.method.is_some_and(|method| method != "GET")
            || head.path.is_some_and(|target| !is_stream_target(target))
            || head.version.is_some_and(|version| version != 1);
        match status {
            _ if is_other => Self::Other,
            httparse::Status::Partial => Self::Partial,
            httparse::Status::Complete(_) => match plain_request(&head) {
                Some(request) => Self::StreamRequest(Box::new(request)),
                None => Self::Other,
            },
        }
    }
}

/// Returns true if the target looks like a stream's, below any base path. The routes decide. The reactor plays no past.
fn is_stream_target(target: &str) -> bool {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path = path.trim_end_matches('/');
    let plays_past = query.split('&').any(|parameter| parameter.starts_with("from="));
    path.starts_with('/') && path.to_ascii_lowercase().ends_with("/events") && !plays_past
}

/// Builds the request; returns `None` if it has unusual headers or is to be refused.
fn plain_request(head: &httparse::Request<'_, '_>) -> Option<Request> {
    let mut request = Request::builder().method(Method::GET).version(Version::HTTP_11);
    request = request.uri(head.path?);
    for field in &*head.headers {
        let name = HeaderName::from_bytes(field.name.as_bytes()).ok()?;
        let value = HeaderValue::from_bytes(field.value).ok()?;
        if UNUSUAL_HEADERS.contains(&name) {
            return None;
        }
        request = request.header(name, value);
    }
    let request = request.body(Body::empty()).ok()?;
    let has_option = elements(request.headers(), &header::CONNECTION)
        .any(|option| !option.eq_ignore_ascii_case("keep-alive"));
    if has_option || message_rules::refusal(&request).is_some() {
        return None;
    }
    Some(request)
}

/// Encodes the head of a stream's response as hyper does.
fn encode_head(response: &Response) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {}\r\n", response.status()).into_bytes();
    let mut push = |name: &[u8], value: &[u8]| {
        for part in [name, b": ", value, b"\r\n"] {
            head.extend_from_slice(part);
        }
    };
    for (name, value) in response.headers() {
        push(name.as_str().as_bytes(), value.as_bytes());
    }
    push(b"transfer-encoding", b"chunked");
    // Fails only for years outside 0 to 9999.
    if let Ok(date) = DateTimePrinter::new().timestamp_to_rfc9110_string(&Timestamp::now()) {
        push(b"date", date.as_bytes());
    }
    head.extend_from_slice(b"\r\n");
    head
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;
    use tokio::time::timeout;

    use super::*;

    const HOUR: Duration = Duration::from_secs(60 * 60);

    fn parse(text: &str) -> String {
        match FirstBytes::parse(text.as_bytes()) {
            FirstBytes::StreamRequest(request) => {
                format!("{} {:?}", request.uri(), request.headers())
            }
            FirstBytes::Partial => "partial".to_owned(),
            FirstBytes::Other => "other".to_owned(),
        }
    }

    #[test]
    fn plain_requests_match_in_any_case() {
        let plain = "GET /Boards/JFK/Events?lastEventId=a-1 HTTP/1.1\r\nHost: x\r\n\
                     Connection: Keep-Alive\r\nLast-Event-ID: a-2\r\n\r\n";
        let expected = "/Boards/JFK/Events?lastEventId=a-1 {\"host\": \"x\", \"connection\": \
                        \"Keep-Alive\", \"last-event-id\": \"a-2\"}";
        assert_eq!(parse(plain), expected);
        assert_eq!(parse(&format!("{plain}GET /boards HTTP/1.1\r\n\r\n")), expected);
        let below = "GET /Base/Events/ HTTP/1.1\r\nHost: x\r\n\r\n";
        assert_eq!(parse(below), "/Base/Events/ {\"host\": \"x\"}");
    }

    #[test]
    fn partial_heads_stay_partial() {
        let plain = "GET /events HTTP/1.1\r\nHost: x\r\n\r\n";
        for end in 1..plain.len() {
            assert_eq!(parse(&plain[..end]), "partial", "{end}");
        }
        for other in ["POST ", "GET /healthz ", "GET /events HTTP/1.0\r\n", "PRI * HTTP/2.0\r\n"] {
            assert_eq!(parse(other), "other", "{other}");
        }
        assert_eq!(parse(&format!("GET /events HTTP/1.1\r\n{}", "A: b\r\n".repeat(65))), "other");
    }

    #[test]
    fn unusual_requests_fall_back() {
        for line in [
            "Connection: close",
            "Connection: keep-alive, Upgrade",
            "Content-Length: 0",
            "Transfer-Encoding: chunked",
            "Upgrade: h2c",
            "Expect: 100-continue",
            "HTTP2-Settings: x",
            "A b: c",
        ] {
            let text = format!("GET /events HTTP/1.1\r\nHost: x\r\n{line}\r\n\r\n");
            assert_eq!(parse(&text), "other", "{line}");
        }
        for target in [
            "http://x/events",
            "*",
            "/eventsource",
            "/boards/events/",
            "/?/events",
            "/events?speed=60&from=2026-11-22T08:15:00Z",
        ] {
            assert_eq!(parse(&format!("GET {target} HTTP/1.1\r\n\r\n")), "other", "{target}");
        }
        let proxied = "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\nGET /events HTTP/1.1\r\n\r\n";
        assert_eq!(parse(proxied), "other");
        assert_eq!(parse("\x16\x03\x01\x02\x00\x01"), "other", "a TLS client hello");
    }

    /// Sends the pieces one second apart, then closes the sending side if `closes`. Returns the
    /// target of the request, if one was recognised, and all bytes that were received.
    async fn read(pieces: &[&str], closes: bool) -> (Option<String>, Vec<u8>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (socket, _) = listener.accept().await.unwrap();
        let mut received = Vec::new();
        let send = async {
            for piece in pieces {
                client.write_all(piece.as_bytes()).await.unwrap();
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            if closes {
                client.shutdown().await.unwrap();
            }
            std::future::pending::<()>().await;
        };
        let request = tokio::select! {
            request = timeout(HOUR, read_request(&socket, &mut received)) => {
                request.expect("the read ends").unwrap()
            }
            () = send => None,
        };
        (request.map(|request| request.uri().to_string()), received)
    }

    #[tokio::test(start_paused = true)]
    async fn heads_are_read_in_pieces() {
        let head = "GET /events HTTP/1.1\r\nHost: x\r\n\r\n";
        let bytes: Vec<_> = (0..head.len()).map(|at| &head[at..=at]).collect();
        assert_eq!(read(&bytes, false).await, (Some("/events".to_owned()), head.into()));
        let pieces = ["GET /events HTTP/1.1\r\nHost:", " x\r\n"];
        assert_eq!(read(&pieces, true).await, (None, pieces.concat().into_bytes()));
        assert_eq!(read(&[], true).await, (None, Vec::new()));
    }

    #[tokio::test(start_paused = true)]
    async fn other_requests_keep_their_bytes() {
        let pieces = ["GET /eve", "ry HTTP/1.1\r\n"];
        assert_eq!(read(&pieces, false).await, (None, pieces.concat().into_bytes()));
        let garbage = "\0\0\0 not HTTP";
        assert_eq!(read(&[garbage], false).await, (None, garbage.into()));
        let long = format!("GET /events HTTP/1.1\r\nX: {}", "y".repeat(MAX_STREAM_HEAD_BYTES));
        let (request, received) = read(&[&long], false).await;
        assert_eq!((request, received.len()), (None, MAX_STREAM_HEAD_BYTES));
        assert!(long.as_bytes().starts_with(&received));
    }

    proptest! {
        #[test]
        fn any_bytes_are_parsed(
            start in prop::sample::select(vec!["", "GET /events HTTP/1.1\r\n", "GET /boards/"]),
            rest in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let bytes = [start.as_bytes(), &rest].concat();
            if let FirstBytes::StreamRequest(request) = FirstBytes::parse(&bytes) {
                prop_assert!(is_stream_target(request.uri().path()));
            }
        }
    }
}
