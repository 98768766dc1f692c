//! One open stream, over a socket of its own: nothing comes between the test and the bytes.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;
use sse::{Decoded, Decoder};

use crate::wait::PATIENCE;

pub struct Follower {
    socket: TcpStream,
    /// The status line and headers, in lower case.
    pub head: String,
    body: Body,
    decoder: Decoder,
    decoded: VecDeque<Event>,
    /// All of the stream so far, as text.
    pub text: String,
}

/// An event of the stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub name: String,
    pub id: String,
    pub data: Value,
}

impl Follower {
    /// Follows board `main`.
    pub fn open(address: SocketAddr) -> Self {
        Self::request(address, "/events", "")
    }

    /// Comes back to board `main` after the event `id`.
    pub fn resume(address: SocketAddr, id: &str) -> Self {
        Self::request(address, "/events", &format!("Last-Event-ID: {id}\r\n"))
    }

    /// Asks for any path, with whole header lines besides the usual ones.
    pub fn request(address: SocketAddr, path: &str, headers: &str) -> Self {
        let mut socket = TcpStream::connect(address).unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n{headers}\r\n"
        );
        socket.write_all(request.as_bytes()).unwrap();
        let (head, rest) = read_head(&mut socket);
        let mut follower = Self {
            socket,
            body: Body::of(&head),
            head,
            decoder: Decoder::new(),
            decoded: VecDeque::new(),
            text: String::new(),
        };
        follower.take(&rest);
        follower
    }

    pub fn status(&self) -> u16 {
        self.head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap()
    }

    /// The next event but heartbeats; a stream that ends or stays silent fails the test.
    #[expect(clippy::should_implement_trait, reason = "a stream has no end that is no failure")]
    pub fn next(&mut self) -> Event {
        self.event_within(PATIENCE).expect("the stream goes on")
    }

    pub fn take_events(&mut self, count: usize) -> Vec<Event> {
        (0..count).map(|_| self.next()).collect()
    }

    /// Reads on until the stream has had this text, and leaves all events for later.
    pub fn text_with(&mut self, wanted: &str, within: Duration) {
        let deadline = Instant::now() + within;
        while !self.text.contains(wanted) {
            self.read(deadline.saturating_duration_since(Instant::now()));
        }
    }

    /// Reads on to the end of the stream, and answers with what came before it.
    pub fn rest(&mut self, within: Duration) -> Vec<Event> {
        let deadline = Instant::now() + within;
        let left = || deadline.saturating_duration_since(Instant::now());
        std::iter::from_fn(|| self.event_within(left())).collect()
    }

    /// The next event but heartbeats, or `None` at a clean end of the stream.
    fn event_within(&mut self, within: Duration) -> Option<Event> {
        let deadline = Instant::now() + within;
        loop {
            while let Some(event) = self.decoded.pop_front() {
                if event.name != "heartbeat" {
                    return Some(event);
                }
            }
            if self.body.ended {
                return None;
            }
            self.read(deadline.saturating_duration_since(Instant::now()));
        }
    }

    /// Waits for the next bytes.
    fn read(&mut self, within: Duration) {
        assert!(!within.is_zero(), "nothing that was waited for, and no end");
        self.socket.set_read_timeout(Some(within)).unwrap();
        let mut bytes = [0; 64 * 1024];
        match self.socket.read(&mut bytes) {
            Ok(0) => panic!("the connection was cut within the stream"),
            Ok(count) => self.take(&bytes[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => panic!("the connection broke: {error}"),
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let payload = self.body.take(bytes);
        self.text += std::str::from_utf8(&payload).expect("frames are not cut in a character");
        for decoded in self.decoder.feed(&payload) {
            let Decoded { event, data, last_event_id } = decoded.unwrap();
            let data = serde_json::from_str(&data).unwrap();
            self.decoded.push_back(Event { name: event, id: last_event_id.to_string(), data });
        }
    }
}

fn read_head(socket: &mut TcpStream) -> (String, Vec<u8>) {
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut bytes = Vec::new();
    loop {
        let mut more = [0; 16 * 1024];
        let count = socket.read(&mut more).unwrap();
        assert!(count > 0, "the connection ended before the answer had begun");
        bytes.extend_from_slice(&more[..count]);
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            return (String::from_utf8(bytes).unwrap().to_ascii_lowercase(), rest);
        }
    }
}

/// What follows the head, by the framing that the head names (RFC 9112, section 6).
struct Body {
    framing: Framing,
    raw: Vec<u8>,
    ended: bool,
}

enum Framing {
    Chunked,
    Length(usize),
}

impl Body {
    fn of(head: &str) -> Self {
        let framing = if head.contains("\r\ntransfer-encoding: chunked\r\n") {
            Framing::Chunked
        } else {
            let length = head.split("\r\n").find_map(|line| line.strip_prefix("content-length: "));
            Framing::Length(length.map_or(0, |length| length.parse().unwrap()))
        };
        let ended = matches!(framing, Framing::Length(0));
        Self { framing, raw: Vec::new(), ended }
    }

    fn take(&mut self, bytes: &[u8]) -> Vec<u8> {
        if let Framing::Length(left) = &mut self.framing {
            *left -= bytes.len();
            self.ended = *left == 0;
            return bytes.to_vec();
        }
        self.raw.extend_from_slice(bytes);
        let (mut payload, mut at) = (Vec::new(), 0);
        while let Some(length) = self.raw[at..].windows(2).position(|window| window == b"\r\n") {
            let size = std::str::from_utf8(&self.raw[at..at + length]).unwrap();
            let size = usize::from_str_radix(size, 16).expect("a chunk begins with its size");
            let start = at + length + 2;
            if self.raw.len() < start + size + 2 {
                break;
            }
            payload.extend_from_slice(&self.raw[start..start + size]);
            self.ended |= size == 0;
            at = start + size + 2;
        }
        self.raw.drain(..at);
        payload
    }
}
