//! The baseline of the comparison: the least that a server can do. One thread calls `send` with the same bytes for each
//! socket. It has no history, no disk and no heartbeats, and disconnects a follower that reads too slowly.
//! `POST /publish/7` sends its body to the followers of `/events/7`.
//!
//! With `--coalesce`, all messages that arrive together leave in one call per socket.
#![allow(clippy::print_stdout, reason = "the address goes to standard output")]

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use slab::Slab;

/// The maximum size of a request, with its head.
const MAX_REQUEST_BYTES: usize = 64 * 1024;

const MAX_HEADERS: usize = 64;

/// Sockets handled between two polls.
const MAX_READY_SOCKETS: usize = 1_024;

const LISTENER: Token = Token(usize::MAX);

const STREAM_RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
    Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n:\n\n\r\n";

const PUBLISH_RESPONSE: &[u8] = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";

fn main() -> io::Result<()> {
    let mode = match std::env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => SendMode::PerMessage,
        [flag] if flag == "--coalesce" => SendMode::PerPoll,
        _ => return Err(io::Error::other("usage: baseline [--coalesce]")),
    };
    let mut listener = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
    let poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    println!("the baseline is at http://{}", listener.local_addr()?);
    let server = BaselineServer {
        mode,
        listener,
        poll,
        clients: Slab::new(),
        boards: HashMap::new(),
        pending: Vec::new(),
        last_id: 0,
    };
    server.run()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum SendMode {
    /// Send each message as soon as it arrives.
    PerMessage,
    /// Send once per poll.
    PerPoll,
}

struct BaselineServer {
    mode: SendMode,
    listener: TcpListener,
    poll: Poll,
    clients: Slab<BaselineClient>,
    /// Boards by the last segment of their paths.
    boards: HashMap<String, BaselineBoard>,
    /// Boards with unsent events.
    pending: Vec<String>,
    /// The id of the last event.
    last_id: u64,
}

#[derive(Default)]
struct BaselineBoard {
    /// The keys of its followers among the clients.
    followers: Vec<usize>,
    /// Unsent events, each as an HTTP chunk.
    batch: Vec<u8>,
}

struct BaselineClient {
    socket: TcpStream,
    /// The bytes of an incomplete request.
    received: Vec<u8>,
}

enum BaselineRequest {
    Follow { board: String },
    Publish { board: String, body: Vec<u8> },
}

impl BaselineServer {
    fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(MAX_READY_SOCKETS);
        loop {
            match self.poll.poll(&mut events, None) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            for event in &events {
                match event.token() {
                    LISTENER => self.accept()?,
                    Token(key) => self.read(key),
                }
            }
            self.send_pending();
        }
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            let mut socket = match self.listener.accept() {
                Ok((socket, _)) => socket,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            socket.set_nodelay(true)?;
            let entry = self.clients.vacant_entry();
            let token = Token(entry.key());
            self.poll.registry().register(&mut socket, token, Interest::READABLE)?;
            entry.insert(BaselineClient { socket, received: Vec::new() });
        }
    }

    fn read(&mut self, key: usize) {
        let Some(client) = self.clients.get_mut(key) else { return };
        if client.receive().is_err() {
            return self.disconnect(key);
        }
        while let Some(client) = self.clients.get_mut(key) {
            match client.next_request() {
                Ok(Some(BaselineRequest::Follow { board })) => self.follow(key, board),
                Ok(Some(BaselineRequest::Publish { board, body })) => {
                    self.publish(key, board, &body);
                }
                Ok(None) => return,
                Err(_) => return self.disconnect(key),
            }
        }
    }

    fn follow(&mut self, key: usize, board: String) {
        self.clients[key].received = Vec::new();
        self.boards.entry(board).or_default().followers.push(key);
        if self.clients[key].send(STREAM_RESPONSE).is_err() {
            self.disconnect(key);
        }
    }

    fn publish(&mut self, key: usize, board: String, body: &[u8]) {
        self.last_id += 1;
        let mut event =
            format!("id: {}\nevent: flightStateUpdate\ndata: ", self.last_id).into_bytes();
        event.extend([body, b"\n\n"].concat());
        let batch = &mut self.boards.entry(board.clone()).or_default().batch;
        if batch.is_empty() {
            self.pending.push(board);
        }
        batch.extend(format!("{:x}\r\n", event.len()).into_bytes());
        batch.extend([&*event, b"\r\n"].concat());
        if self.mode == SendMode::PerMessage {
            self.send_pending();
        }
        if self.clients.get_mut(key).is_some_and(|client| client.send(PUBLISH_RESPONSE).is_err()) {
            self.disconnect(key);
        }
    }

    /// The loop by which all other servers are measured.
    fn send_pending(&mut self) {
        let mut slow = Vec::new();
        for board in self.pending.drain(..) {
            let BaselineBoard { followers, batch } = self.boards.entry(board).or_default();
            for key in followers {
                if self.clients[*key].send(batch).is_err() {
                    slow.push(*key);
                }
            }
            batch.clear();
        }
        // The load generator notices the end of a stream, and reports missing deliveries.
        slow.into_iter().for_each(|key| self.disconnect(key));
    }

    fn disconnect(&mut self, key: usize) {
        self.clients.try_remove(key);
        self.boards.values_mut().for_each(|board| board.followers.retain(|one| *one != key));
    }
}

impl BaselineClient {
    /// Reads everything that has arrived. The end of the connection is an error.
    fn receive(&mut self) -> io::Result<()> {
        let mut bytes = [0; 16 * 1024];
        loop {
            match self.socket.read(&mut bytes) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(length) => self.received.extend_from_slice(&bytes[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if self.received.len() > MAX_REQUEST_BYTES {
                return Err(ErrorKind::InvalidData.into());
            }
        }
    }

    /// Takes the next complete request from the received bytes.
    fn next_request(&mut self) -> io::Result<Option<BaselineRequest>> {
        if self.received.is_empty() {
            return Ok(None);
        }
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        let parsed = request.parse(&self.received).map_err(io::Error::other)?;
        let httparse::Status::Complete(head) = parsed else { return Ok(None) };
        let path = request.path.unwrap_or_default();
        let board = path.splitn(3, '/').nth(2).unwrap_or_default().to_owned();
        if request.method == Some("GET") {
            return Ok(Some(BaselineRequest::Follow { board }));
        }
        let is_length = |name: &str| name.eq_ignore_ascii_case("content-length");
        let length = request.headers.iter().find(|header| is_length(header.name));
        let length = length.and_then(|header| std::str::from_utf8(header.value).ok()?.parse().ok());
        let end = head + length.unwrap_or(0_usize);
        if self.received.len() < end {
            return Ok(None);
        }
        let body = self.received[head..end].to_vec();
        self.received.drain(..end);
        Ok(Some(BaselineRequest::Publish { board, body }))
    }

    /// Sends all bytes in one call. A socket that accepts only a part of them is an error.
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.socket.write(bytes)? == bytes.len() {
            Ok(())
        } else {
            Err(ErrorKind::WriteZero.into())
        }
    }
}
