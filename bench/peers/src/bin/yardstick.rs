//! The yardstick: the least that a server can do. One thread, one `send` of the same bytes for each
//! socket; no history, no disk, no heartbeat, no word to anyone who takes too little. What is posted to
//! a path goes to all who asked for one with the same last part: `/publish/7` to those of `/events/7`.
//!
//! With `--coalesce`, all that came in at the same moment leaves with one call for each socket.
#![allow(clippy::print_stdout, reason = "its address goes to standard output")]

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use slab::Slab;

/// Longest request, all of it.
const MAX_REQUEST_BYTES: usize = 64 * 1024;

/// Most headers of it.
const MAX_HEADERS: usize = 64;

/// Sockets that are looked at in one pass.
const EVENTS: usize = 1_024;

const LISTENER: Token = Token(usize::MAX);

const OPENING: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
    Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n:\n\n\r\n";

const ANSWER: &[u8] = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";

fn main() -> io::Result<()> {
    let sends = match std::env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => Sends::EachMessage,
        [flag] if flag == "--coalesce" => Sends::EachPass,
        _ => return Err(io::Error::other("usage: yardstick [--coalesce]")),
    };
    let mut listener = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
    let poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    println!("the yardstick is at http://{}", listener.local_addr()?);
    let (peers, boards) = (Slab::new(), HashMap::new());
    Yardstick { sends, listener, poll, peers, boards, with_news: Vec::new(), number: 0 }.run()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sends {
    EachMessage,
    EachPass,
}

struct Yardstick {
    sends: Sends,
    listener: TcpListener,
    poll: Poll,
    peers: Slab<Peer>,
    /// By the last part of the path.
    boards: HashMap<String, Board>,
    /// Those that have something to send.
    with_news: Vec<String>,
    number: u64,
}

#[derive(Default)]
struct Board {
    /// Those of the peers that follow it.
    followers: Vec<usize>,
    /// Events that are not sent yet, each a chunk.
    batch: Vec<u8>,
}

struct Peer {
    socket: TcpStream,
    /// A request that is not whole.
    begun: Vec<u8>,
}

/// A request that is whole.
enum Request {
    Follow { board: String },
    Publish { board: String, body: Vec<u8> },
}

impl Yardstick {
    fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        loop {
            match self.poll.poll(&mut events, None) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            for event in &events {
                match event.token() {
                    LISTENER => self.accept()?,
                    Token(at) => self.read(at),
                }
            }
            self.send();
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
            let place = self.peers.vacant_entry();
            let token = Token(place.key());
            self.poll.registry().register(&mut socket, token, Interest::READABLE)?;
            place.insert(Peer { socket, begun: Vec::new() });
        }
    }

    fn read(&mut self, at: usize) {
        let Some(peer) = self.peers.get_mut(at) else { return };
        if peer.fill().is_err() {
            return self.part(at);
        }
        while let Some(peer) = self.peers.get_mut(at) {
            match peer.next() {
                Ok(Some(Request::Follow { board })) => self.follow(at, board),
                Ok(Some(Request::Publish { board, body })) => self.publish(at, board, &body),
                Ok(None) => return,
                Err(_) => return self.part(at),
            }
        }
    }

    fn follow(&mut self, at: usize, board: String) {
        self.peers[at].begun = Vec::new();
        self.boards.entry(board).or_default().followers.push(at);
        if self.peers[at].write(OPENING).is_err() {
            self.part(at);
        }
    }

    fn publish(&mut self, at: usize, board: String, body: &[u8]) {
        self.number += 1;
        let mut event =
            format!("id: {}\nevent: flightStateUpdate\ndata: ", self.number).into_bytes();
        event.extend([body, b"\n\n"].concat());
        let batch = &mut self.boards.entry(board.clone()).or_default().batch;
        if batch.is_empty() {
            self.with_news.push(board);
        }
        batch.extend(format!("{:x}\r\n", event.len()).into_bytes());
        batch.extend([&*event, b"\r\n"].concat());
        if self.sends == Sends::EachMessage {
            self.send();
        }
        if self.peers.get_mut(at).is_some_and(|peer| peer.write(ANSWER).is_err()) {
            self.part(at);
        }
    }

    /// The loop that all else is measured by.
    fn send(&mut self) {
        let mut late = Vec::new();
        for board in self.with_news.drain(..) {
            let Board { followers, batch } = self.boards.entry(board).or_default();
            for at in followers {
                if self.peers[*at].write(batch).is_err() {
                    late.push(*at);
                }
            }
            batch.clear();
        }
        // Whoever counts sees that a stream has ended, and that its figures are worth nothing.
        late.into_iter().for_each(|at| self.part(at));
    }

    fn part(&mut self, at: usize) {
        self.peers.try_remove(at);
        self.boards.values_mut().for_each(|board| board.followers.retain(|one| *one != at));
    }
}

impl Peer {
    /// Takes all that has come. An error is also an end.
    fn fill(&mut self) -> io::Result<()> {
        let mut bytes = [0; 16 * 1024];
        loop {
            match self.socket.read(&mut bytes) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(length) => self.begun.extend_from_slice(&bytes[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if self.begun.len() > MAX_REQUEST_BYTES {
                return Err(ErrorKind::InvalidData.into());
            }
        }
    }

    fn next(&mut self) -> io::Result<Option<Request>> {
        if self.begun.is_empty() {
            return Ok(None);
        }
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        let parsed = request.parse(&self.begun).map_err(io::Error::other)?;
        let httparse::Status::Complete(head) = parsed else { return Ok(None) };
        let path = request.path.unwrap_or_default();
        let board = path.splitn(3, '/').nth(2).unwrap_or_default().to_owned();
        if request.method == Some("GET") {
            return Ok(Some(Request::Follow { board }));
        }
        let is_length = |name: &str| name.eq_ignore_ascii_case("content-length");
        let length = request.headers.iter().find(|header| is_length(header.name));
        let length = length.and_then(|header| std::str::from_utf8(header.value).ok()?.parse().ok());
        let end = head + length.unwrap_or(0_usize);
        if self.begun.len() < end {
            return Ok(None);
        }
        let body = self.begun[head..end].to_vec();
        self.begun.drain(..end);
        Ok(Some(Request::Publish { board, body }))
    }

    /// All of it or nothing: one call.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.socket.write(bytes)? == bytes.len() {
            Ok(())
        } else {
            Err(ErrorKind::WriteZero.into())
        }
    }
}
