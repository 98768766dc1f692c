//! An HTTP server that answers a feed's requests as the test wants, also in ways that a real source should not.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Longest request head that the server reads.
const MAX_HEAD_BYTES: usize = 64 * 1024;

const MAX_REQUEST_HEADERS: usize = 64;

/// Bytes sent at once of a body without an end.
const ENDLESS_PIECE: [u8; 16 * 1024] = [b' '; 16 * 1024];

/// Delay between two bytes of a slow body.
const SLOW_BYTE_INTERVAL: Duration = Duration::from_millis(50);

/// Listens on a free port until it is dropped. Each request has a connection of its own.
pub struct FakeUpstream {
    address: SocketAddr,
    shared: Arc<UpstreamShared>,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct UpstreamRequest {
    /// Its number, from 0.
    pub number: usize,
    /// Path and query.
    pub target: String,
    /// By name in lower case.
    pub headers: BTreeMap<String, String>,
    pub received: Instant,
}

/// The answer to a request.
#[derive(Debug, Clone)]
pub struct UpstreamAnswer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub ending: BodyEnding,
}

/// The way in which a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyEnding {
    /// After its last byte.
    Complete,
    /// The connection closes before the head.
    NoAnswer,
    /// The connection closes after half of the announced bytes.
    Cut,
    /// Blanks follow for as long as the client reads.
    Endless,
    /// Blanks follow, one at a time.
    Slow,
}

type Respond = Box<dyn FnMut(&UpstreamRequest) -> UpstreamAnswer + Send>;

struct UpstreamShared {
    respond: Mutex<Respond>,
    requests: Mutex<Vec<UpstreamRequest>>,
    is_stopped: AtomicBool,
}

impl FakeUpstream {
    pub fn start(respond: impl FnMut(&UpstreamRequest) -> UpstreamAnswer + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(UpstreamShared {
            respond: Mutex::new(Box::new(respond)),
            requests: Mutex::default(),
            is_stopped: AtomicBool::new(false),
        });
        thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        Self { address, shared }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// For `--source-url`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers otherwise from the next request on.
    pub fn respond(
        &self,
        respond: impl FnMut(&UpstreamRequest) -> UpstreamAnswer + Send + 'static,
    ) {
        *self.shared.respond.lock() = Box::new(respond);
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<UpstreamRequest> {
        self.shared.requests.lock().clone()
    }

    pub fn request_count(&self) -> usize {
        self.shared.requests.lock().len()
    }
}

impl Drop for FakeUpstream {
    fn drop(&mut self) {
        self.shared.is_stopped.store(true, Ordering::Relaxed);
        // Ends the wait for the next connection.
        let _ = TcpStream::connect(self.address);
    }
}

impl UpstreamAnswer {
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: body.into(),
            ending: BodyEnding::Complete,
        }
    }

    pub fn json(body: impl ToString) -> Self {
        Self::new(200, "application/json", body.to_string())
    }

    pub fn xml(body: impl Into<Vec<u8>>) -> Self {
        Self::new(200, "text/xml", body)
    }

    /// A connection that closes at once.
    pub fn none() -> Self {
        Self::new(200, "text/plain", "").ending(BodyEnding::NoAnswer)
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    #[must_use]
    pub fn ending(mut self, ending: BodyEnding) -> Self {
        self.ending = ending;
        self
    }

    fn head(&self) -> String {
        let mut head = format!("HTTP/1.1 {} Status\r\nconnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        // Without a length the body goes on until the connection closes.
        if matches!(self.ending, BodyEnding::Complete | BodyEnding::Cut) && self.status != 304 {
            head += &format!("content-length: {}\r\n", self.body.len());
        }
        head + "\r\n"
    }
}

fn accept(listener: &TcpListener, shared: &Arc<UpstreamShared>) {
    for connection in listener.incoming() {
        if shared.is_stopped.load(Ordering::Relaxed) {
            return;
        }
        let Ok(connection) = connection else { continue };
        let shared = Arc::clone(shared);
        // A client that has gone away is no concern of the server's.
        thread::spawn(move || serve(connection, &shared).ok());
    }
}

fn serve(mut connection: TcpStream, shared: &UpstreamShared) -> io::Result<()> {
    let Some((target, headers)) = read_request(&mut connection)? else { return Ok(()) };
    let request = {
        let mut requests = shared.requests.lock();
        let number = requests.len();
        let request = UpstreamRequest { number, target, headers, received: Instant::now() };
        requests.push(request.clone());
        request
    };
    let answer = (shared.respond.lock())(&request);
    let body = match answer.ending {
        BodyEnding::NoAnswer => return Ok(()),
        BodyEnding::Cut => &answer.body[..answer.body.len() / 2],
        _ => &answer.body[..],
    };
    connection.write_all(answer.head().as_bytes())?;
    connection.write_all(body)?;
    let (piece, interval) = match answer.ending {
        BodyEnding::Endless => (&ENDLESS_PIECE[..], Duration::ZERO),
        BodyEnding::Slow => (&ENDLESS_PIECE[..1], SLOW_BYTE_INTERVAL),
        _ => return Ok(()),
    };
    while !shared.is_stopped.load(Ordering::Relaxed) {
        connection.write_all(piece)?;
        thread::sleep(interval);
    }
    Ok(())
}

type RequestHead = (String, BTreeMap<String, String>);

/// Reads the head of a GET request. Returns `None` if the connection ends before its end.
fn read_request(connection: &mut TcpStream) -> io::Result<Option<RequestHead>> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let count = connection.read(&mut piece)?;
        bytes.extend_from_slice(&piece[..count]);
        let mut headers = [httparse::EMPTY_HEADER; MAX_REQUEST_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        let parsed = request.parse(&bytes).map_err(io::Error::other)?;
        if parsed.is_complete() {
            let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
            let headers = request.headers.iter();
            let headers =
                headers.map(|header| (header.name.to_ascii_lowercase(), text(header.value)));
            return Ok(request.path.map(|path| (path.to_owned(), headers.collect())));
        }
        if count == 0 || bytes.len() > MAX_HEAD_BYTES {
            return Ok(None);
        }
    }
}
