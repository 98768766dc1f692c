//! A blocking follower of one stream, on a plain socket: the test sees the bytes as they are.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;
use sse::{DecodedEvent, Decoder};

use crate::response::ResponseDecoder;
use crate::wait::WAIT_TIMEOUT;

pub struct TestFollower {
    socket: TcpStream,
    response: ResponseDecoder,
    decoder: Decoder,
    events: VecDeque<ReceivedEvent>,
    /// The whole stream so far.
    pub text: String,
    /// The first bytes of an incomplete character at the end of the text.
    partial: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ReceivedEvent {
    pub name: String,
    pub id: String,
    pub data: Value,
}

impl TestFollower {
    /// Follows board `main`.
    pub fn open(address: SocketAddr) -> Self {
        Self::request(address, "/events", "")
    }

    /// Resumes board `main` after the event `id`.
    pub fn resume(address: SocketAddr, id: &str) -> Self {
        Self::request(address, "/events", &format!("Last-Event-ID: {id}\r\n"))
    }

    /// Requests any path, with additional header lines.
    pub fn request(address: SocketAddr, path: &str, headers: &str) -> Self {
        let mut socket = TcpStream::connect(address).unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n{headers}\r\n"
        );
        socket.write_all(request.as_bytes()).unwrap();
        let mut follower = Self {
            socket,
            response: ResponseDecoder::new(),
            decoder: Decoder::new(),
            events: VecDeque::new(),
            text: String::new(),
            partial: Vec::new(),
        };
        let deadline = Instant::now() + WAIT_TIMEOUT;
        while follower.head().is_empty() {
            follower.read(deadline);
        }
        follower
    }

    /// The status line and headers in lower case.
    pub fn head(&self) -> &str {
        self.response.head()
    }

    pub fn status(&self) -> u16 {
        self.response.status()
    }

    /// The next event that is not a heartbeat. Panics if the stream ends or stays silent.
    pub fn next_event(&mut self) -> ReceivedEvent {
        self.event_before(Instant::now() + WAIT_TIMEOUT).expect("the stream goes on")
    }

    /// The next event that is not a heartbeat, `None` if the stream ends first.
    pub fn try_next_event(&mut self) -> Option<ReceivedEvent> {
        self.event_before(Instant::now() + WAIT_TIMEOUT)
    }

    pub fn next_events(&mut self, count: usize) -> Vec<ReceivedEvent> {
        (0..count).map(|_| self.next_event()).collect()
    }

    /// Reads until the text contains `wanted`; its events stay to be taken.
    pub fn wait_for_text(&mut self, wanted: &str, timeout: Duration) {
        let deadline = Instant::now() + timeout;
        while !self.text.contains(wanted) {
            self.read(deadline);
        }
    }

    /// Reads to the end of the stream and returns the events before it.
    pub fn read_to_end(&mut self, timeout: Duration) -> Vec<ReceivedEvent> {
        let deadline = Instant::now() + timeout;
        std::iter::from_fn(|| self.event_before(deadline)).collect()
    }

    /// The next event that is not a heartbeat, `None` at a clean end of the stream.
    fn event_before(&mut self, deadline: Instant) -> Option<ReceivedEvent> {
        loop {
            while let Some(event) = self.events.pop_front() {
                if event.name != "heartbeat" {
                    return Some(event);
                }
            }
            if self.response.is_complete() {
                return None;
            }
            self.read(deadline);
        }
    }

    /// Waits for the next bytes.
    fn read(&mut self, deadline: Instant) {
        let left = deadline.saturating_duration_since(Instant::now());
        assert!(!left.is_zero(), "timeout: neither the expected text nor the end of the stream");
        self.socket.set_read_timeout(Some(left)).unwrap();
        let mut bytes = [0; 64 * 1024];
        match self.socket.read(&mut bytes) {
            Ok(0) => panic!("the connection was cut within the stream"),
            Ok(count) => self.receive(&bytes[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => panic!("the connection broke: {error}"),
        }
    }

    fn receive(&mut self, bytes: &[u8]) {
        let body = self.response.decode(bytes).unwrap();
        self.partial.extend_from_slice(&body);
        let complete = match std::str::from_utf8(&self.partial) {
            Ok(text) => text.len(),
            Err(error) => {
                assert_eq!(error.error_len(), None, "the stream is UTF-8");
                error.valid_up_to()
            }
        };
        let text: Vec<_> = self.partial.drain(..complete).collect();
        self.text += std::str::from_utf8(&text).expect("it has just been checked");
        for decoded in self.decoder.feed(&body) {
            let DecodedEvent { event, data, last_event_id } = decoded.unwrap();
            let data = serde_json::from_str(&data).unwrap();
            let id = last_event_id.to_string();
            self.events.push_back(ReceivedEvent { name: event, id, data });
        }
    }
}
