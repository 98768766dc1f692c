//! The first look at a connection: a stream's socket goes to the reactor.
//!
//! The first bytes are looked at without taking them. If they are the whole head of a plain request
//! for a stream, it is answered by the same routes as any other, and a stream that is let in goes to
//! the reactor with its socket. All else goes to hyper untouched, also what is a little odd: there
//! it is answered as it always was. What is answered here by something else than a stream has been
//! answered: hyper is given the answer with the socket.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use fanout::{NewConnection, Reactor};
use http::{HeaderName, HeaderValue, Method, Version, header};
use hyper_util::server::graceful::Watcher;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use tokio::io::Interest;
use tokio::net::TcpStream;
use tower::{Service, ServiceExt};

use crate::stream::{Admitted, Lobby, Seat};

/// Longest head of a request that is looked at here. Longer ones are for hyper, and so are those
/// with more headers than [`LOOKED_AT_HEADERS`].
const LOOKED_AT_BYTES: usize = 8 * 1024;

const LOOKED_AT_HEADERS: usize = 64;

/// Time before the second look at a head that comes in pieces. It doubles with each look, since the
/// system does not tell of more bytes while some are not taken …
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// … up to this.
const LONGEST_NAP: Duration = Duration::from_millis(320);

/// Headers that ask for more than a stream.
const ODD_HEADERS: [HeaderName; 5] = [
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::EXPECT,
    HeaderName::from_static("http2-settings"),
];

/// A connection that is for hyper, with the answer to its first request if there is one already.
pub(crate) struct ForHyper {
    pub(crate) socket: TcpStream,
    pub(crate) watcher: Watcher,
    pub(crate) answer: Option<Response>,
}

/// A request for a stream that a connection begins with, and the length of its head.
pub(crate) type Found = (Box<Request>, usize);

/// Gives the connection to the reactor if the request that it begins with is let in.
///
/// # Errors
/// The connection has gone.
pub(crate) async fn hand_over<S, F>(
    socket: TcpStream,
    watcher: Watcher,
    (mut request, length): Found,
    routes: S,
    reactor: &Reactor<(Seat, Watcher)>,
) -> io::Result<Option<ForHyper>>
where
    S: Service<Request, Response = Response, Error = Infallible, Future = F>,
    F: Future<Output = Result<Response, Infallible>>,
{
    let lobby = Lobby::default();
    request.extensions_mut().insert(lobby.clone());
    let Ok(response) = routes.oneshot(*request).await;
    let Some(admitted) = lobby.take() else {
        return Ok(Some(ForHyper { socket, watcher, answer: Some(response) }));
    };
    take_head(&socket, length)?;
    let Admitted { follower, opening, turn, seat } = *admitted;
    let mut bytes = head(&response);
    opening.iter().for_each(|frame| bytes.extend_from_slice(frame.wire_bytes()));
    let connection = NewConnection {
        socket: socket.into_std()?,
        follower,
        preamble: Bytes::from(bytes),
        start_at: turn.into_std(),
        permit: (seat, watcher),
    };
    // There was room before its request was looked at.
    let taken = reactor.add(connection).map_err(|_| io::Error::other("no thread takes it"));
    taken.map(|()| None)
}

/// What the connection begins with if that is a request for a stream; `None` if it is anything else.
/// It waits for the head as long as nothing says that it will be none: how long is up to the caller.
///
/// # Errors
/// The connection has gone.
pub(crate) async fn look(socket: &TcpStream) -> io::Result<Option<Found>> {
    let mut nap = LOOK_AGAIN;
    loop {
        // Nothing is held for one who says nothing.
        let is_closed = socket.ready(Interest::READABLE).await?.is_read_closed();
        match glance(socket).await? {
            Seen::Stream(request, length) => return Ok(Some((request, length))),
            Seen::Beginning if !is_closed => tokio::time::sleep(nap).await,
            Seen::Beginning | Seen::Other => return Ok(None),
        }
        nap = (nap * 2).min(LONGEST_NAP);
    }
}

/// What is there of the head.
async fn glance(socket: &TcpStream) -> io::Result<Seen> {
    let mut bytes = vec![0; LOOKED_AT_BYTES];
    let count = socket.peek(&mut bytes).await?;
    let seen = Seen::of(&bytes[..count]);
    // Of neither is there more to come.
    let is_all = count == 0 || count == LOOKED_AT_BYTES;
    Ok(if is_all && matches!(seen, Seen::Beginning) { Seen::Other } else { seen })
}

/// Takes what was looked at, which the system has.
fn take_head(socket: &TcpStream, length: usize) -> io::Result<()> {
    let mut bytes = vec![0; length];
    let count = socket.try_read(&mut bytes)?;
    if count == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// What the first bytes of a connection are.
enum Seen {
    /// The head of a request for a stream, of so many bytes.
    Stream(Box<Request>, usize),
    /// What may become one.
    Beginning,
    Other,
}

impl Seen {
    fn of(bytes: &[u8]) -> Self {
        let mut headers = [httparse::EMPTY_HEADER; LOOKED_AT_HEADERS];
        let mut head = httparse::Request::new(&mut headers);
        let Ok(status) = head.parse(bytes) else { return Self::Other };
        let is_other = head.method.is_some_and(|method| method != "GET")
            || head.path.is_some_and(|path| !is_of_stream(path))
            || head.version.is_some_and(|version| version != 1);
        match status {
            _ if is_other => Self::Other,
            httparse::Status::Partial => Self::Beginning,
            httparse::Status::Complete(length) => match request(&head) {
                Some(request) => Self::Stream(Box::new(request), length),
                None => Self::Other,
            },
        }
    }
}

/// Whether a stream may be there; the routes know.
fn is_of_stream(target: &str) -> bool {
    let path = target.split('?').next().unwrap_or_default().to_ascii_lowercase();
    path == "/events" || (path.starts_with("/boards/") && path.ends_with("/events"))
}

/// The request, unless it is odd.
fn request(head: &httparse::Request<'_, '_>) -> Option<Request> {
    let mut request = Request::builder().method(Method::GET).version(Version::HTTP_11);
    request = request.uri(head.path?);
    for field in &*head.headers {
        let name = HeaderName::from_bytes(field.name.as_bytes()).ok()?;
        let value = HeaderValue::from_bytes(field.value).ok()?;
        let closes = name == header::CONNECTION && !field.value.eq_ignore_ascii_case(b"keep-alive");
        if closes || ODD_HEADERS.contains(&name) {
            return None;
        }
        request = request.header(name, value);
    }
    request.body(Body::empty()).ok()
}

/// The head of a stream's answer, as hyper would write it.
fn head(response: &Response) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {}\r\n", response.status()).into_bytes();
    let mut line = |name: &[u8], value: &[u8]| {
        [name, b": ", value, b"\r\n"].iter().for_each(|part| head.extend_from_slice(part));
    };
    for (name, value) in response.headers() {
        line(name.as_str().as_bytes(), value.as_bytes());
    }
    line(b"transfer-encoding", b"chunked");
    // The year is one of four digits.
    if let Ok(date) = DateTimePrinter::new().timestamp_to_rfc9110_string(&Timestamp::now()) {
        line(b"date", date.as_bytes());
    }
    head.extend_from_slice(b"\r\n");
    head
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;
    use tokio::time::timeout;

    use super::*;

    const HOUR: Duration = Duration::from_secs(60 * 60);

    fn seen(text: &str) -> String {
        match Seen::of(text.as_bytes()) {
            Seen::Stream(request, length) => {
                format!("{} {length} {:?}", request.uri(), request.headers())
            }
            Seen::Beginning => "beginning".to_owned(),
            Seen::Other => "other".to_owned(),
        }
    }

    #[test]
    fn a_plain_request_for_a_stream_is_seen_in_any_letter_case() {
        let plain = "GET /Boards/JFK/Events?lastEventId=a-1 HTTP/1.1\r\nHost: x\r\n\
                     Connection: Keep-Alive\r\nLast-Event-ID: a-2\r\n\r\n";
        let expected = format!(
            "/Boards/JFK/Events?lastEventId=a-1 {} {{\"host\": \"x\", \"connection\": \
             \"Keep-Alive\", \"last-event-id\": \"a-2\"}}",
            plain.len()
        );
        assert_eq!(seen(plain), expected);
        assert_eq!(seen(&format!("{plain}what follows")), expected);
    }

    #[test]
    fn what_may_become_a_head_is_a_beginning_until_it_is_something_else() {
        let plain = "GET /events HTTP/1.1\r\nHost: x\r\n\r\n";
        for end in 1..plain.len() {
            assert_eq!(seen(&plain[..end]), "beginning", "{end}");
        }
        for other in ["POST ", "GET /healthz ", "GET /events HTTP/1.0\r\n", "PRI * HTTP/2.0\r\n"] {
            assert_eq!(seen(other), "other", "{other}");
        }
        assert_eq!(seen(&format!("GET /events HTTP/1.1\r\n{}", "A: b\r\n".repeat(65))), "other");
    }

    #[test]
    fn what_is_odd_is_for_hyper() {
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
            assert_eq!(seen(&text), "other", "{line}");
        }
        for target in ["http://x/events", "*", "/eventsource", "/boards/events/", "//events"] {
            assert_eq!(seen(&format!("GET {target} HTTP/1.1\r\n\r\n")), "other", "{target}");
        }
        assert_eq!(seen("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\nGET /events HTTP/1.1\r\n\r\n"), "other");
    }

    /// What is found where pieces come a second after one another, and then the end if `closes`.
    async fn found(pieces: &[&str], closes: bool) -> Option<String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (socket, _) = listener.accept().await.unwrap();
        let send = async {
            for piece in pieces {
                peer.write_all(piece.as_bytes()).await.unwrap();
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            if closes {
                peer.shutdown().await.unwrap();
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            found = timeout(HOUR, look(&socket)) => {
                let found = found.expect("it is not waited for for ever").unwrap();
                found.map(|(request, _)| request.uri().to_string())
            }
            () = send => None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_is_waited_for_however_it_comes() {
        let pieces = ["G", "ET /eve", "nts HTTP/1.1\r\nHost:", " x\r\n", "\r", "\n"];
        assert_eq!(found(&pieces, false).await.as_deref(), Some("/events"));
        assert_eq!(found(&pieces[..4], true).await, None, "it is not to come");
        assert_eq!(found(&[], true).await, None);
        assert_eq!(found(&["GET /eve", "ry HTTP/1.1\r\n"], false).await, None);
        let long = format!("GET /events HTTP/1.1\r\nX: {}", "y".repeat(LOOKED_AT_BYTES));
        assert_eq!(found(&[&long], false).await, None, "it is longer than what is looked at");
    }

    proptest! {
        #[test]
        fn any_bytes_are_seen_as_something(
            start in prop::sample::select(vec!["", "GET /events HTTP/1.1\r\n", "GET /boards/"]),
            rest in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let bytes = [start.as_bytes(), &rest].concat();
            if let Seen::Stream(_, length) = Seen::of(&bytes) {
                prop_assert!(length <= bytes.len() && bytes[..length].ends_with(b"\n"));
            }
        }
    }
}
