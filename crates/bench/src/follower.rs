//! One follower: a non-blocking socket, the state of its response, and the number of deliveries. Received
//! bytes are scanned in place and not kept.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use mio::net::TcpStream;
use socket2::{Domain, SockRef, Socket, Type};

use crate::body::BodyDecoder;
use crate::event_ids::EventIdScanner;
use crate::matcher::{Matcher, PartialMatch};
use crate::response_head;
use crate::timestamps::{Timestamp, TimestampScanner};
use crate::worker_protocol::WorkerPlan;

/// Followers per local address: the kernel has some 28,000 ports for each. Further followers use the next
/// loopback address.
const FOLLOWERS_PER_ADDRESS: usize = 20_000;

#[derive(Default)]
pub(crate) struct BenchFollower {
    state: FollowerState,
    pub(crate) delivered: u64,
    partial_mark: PartialMatch,
    /// Boxed, since most followers have none.
    extras: Option<Box<Extras>>,
}

/// Scanners that only some followers have.
#[derive(Default)]
struct Extras {
    timestamps: Option<TimestampScanner>,
    event_ids: Option<EventIdScanner>,
}

#[derive(Default)]
enum FollowerState {
    #[default]
    Disconnected,
    /// With the time of the attempt.
    Connecting(TcpStream, Instant),
    /// The request has been sent, and this part of the response's head has arrived.
    Requested(TcpStream, Vec<u8>),
    Open(TcpStream, BodyDecoder),
}

/// The outcome of one readiness event.
#[derive(Default)]
pub(crate) struct ReadResult {
    /// Time until the connection was established, if this event established it.
    pub(crate) connected_after: Option<Duration>,
    /// The response's head is complete: the stream is open.
    pub(crate) opened: bool,
    pub(crate) deliveries: u64,
    /// The server ended the stream.
    pub(crate) ended: bool,
}

/// State that all followers of a worker share for reading.
pub(crate) struct ReadContext {
    pub(crate) mark: Matcher,
    pub(crate) timestamp_prefix: Matcher,
    pub(crate) buffer: Vec<u8>,
    /// Timestamps received by followers that measure latency.
    pub(crate) timestamps: Vec<Timestamp>,
}

impl BenchFollower {
    pub(crate) fn new(index: usize, plan: &WorkerPlan) -> Self {
        let samples = (plan.first + index).is_multiple_of(plan.sample_every);
        let timestamps = samples.then(TimestampScanner::default);
        let event_ids = plan.reconnects.then(EventIdScanner::default);
        let has_extras = timestamps.is_some() || event_ids.is_some();
        let extras = has_extras.then(|| Box::new(Extras { timestamps, event_ids }));
        Self { extras, ..Self::default() }
    }

    /// Starts to connect. The caller registers the socket for reading and writing.
    pub(crate) fn connect(&mut self, index: usize, plan: &WorkerPlan) -> Result<&mut TcpStream> {
        self.disconnect();
        let start = Instant::now();
        let socket = connecting_socket(plan.address, plan.first + index)?;
        self.state = FollowerState::Connecting(socket, start);
        let FollowerState::Connecting(socket, _) = &mut self.state else {
            unreachable!("the state was just set")
        };
        Ok(socket)
    }

    /// Closes the connection and keeps the last event's id.
    pub(crate) fn disconnect(&mut self) {
        self.state = FollowerState::Disconnected;
        self.delivered = 0;
        self.partial_mark = PartialMatch::default();
        if let Some(extras) = &mut self.extras {
            if let Some(timestamps) = &mut extras.timestamps {
                *timestamps = TimestampScanner::default();
            }
            if let Some(event_ids) = &mut extras.event_ids {
                event_ids.discard_partial_event();
            }
        }
    }

    /// Resets the connection (RST) instead of closing it.
    pub(crate) fn reset(&mut self) -> Result<()> {
        if let FollowerState::Connecting(socket, _)
        | FollowerState::Requested(socket, _)
        | FollowerState::Open(socket, _) = &self.state
        {
            SockRef::from(socket).set_linger(Some(Duration::ZERO))?;
        }
        self.disconnect();
        Ok(())
    }

    /// Makes the next request one without `Last-Event-ID`.
    pub(crate) fn forget_event_id(&mut self) {
        if let Some(Extras { event_ids: Some(event_ids), .. }) = self.extras.as_deref_mut() {
            *event_ids = EventIdScanner::default();
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, FollowerState::Open(..))
    }

    pub(crate) fn is_connecting(&self) -> bool {
        matches!(self.state, FollowerState::Connecting(..) | FollowerState::Requested(..))
    }

    /// Makes progress as far as the socket allows. `closed` means that the peer sends nothing more.
    pub(crate) fn handle_ready(
        &mut self,
        index: usize,
        closed: bool,
        plan: &WorkerPlan,
        context: &mut ReadContext,
    ) -> Result<ReadResult> {
        let connected_after = self.send_request(index, plan)?;
        let mut buffer = std::mem::take(&mut context.buffer);
        let result = self.read(&mut buffer, closed, context);
        context.buffer = buffer;
        Ok(ReadResult { connected_after, ..result? })
    }

    /// Sends the request once the connection is established. Returns the time that took.
    fn send_request(&mut self, index: usize, plan: &WorkerPlan) -> Result<Option<Duration>> {
        let FollowerState::Connecting(socket, start) = &mut self.state else { return Ok(None) };
        if let Some(error) = socket.take_error()? {
            return Err(error.into());
        }
        match socket.peer_addr() {
            Err(error) if error.kind() == ErrorKind::NotConnected => return Ok(None),
            connected => connected?,
        };
        let elapsed = start.elapsed();
        let event_ids = self.extras.as_ref().and_then(|extras| extras.event_ids.as_ref());
        let last_event_id = event_ids.map(EventIdScanner::last).unwrap_or_default();
        let request = stream_request(&plan.paths[plan.stream(index)], &plan.host, last_event_id);
        // An empty socket buffer takes a request of this size at once.
        ensure!(socket.write(&request)? == request.len(), "a request was written only in part");
        if let FollowerState::Connecting(socket, _) = std::mem::take(&mut self.state) {
            self.state = FollowerState::Requested(socket, Vec::new());
        }
        Ok(Some(elapsed))
    }

    /// Reads until the socket has no more. A read that does not fill the buffer has emptied the socket, and
    /// mio reports the next bytes: not reading again saves one call per delivery.
    fn read(
        &mut self,
        buffer: &mut [u8],
        closed: bool,
        context: &mut ReadContext,
    ) -> Result<ReadResult> {
        let mut result = ReadResult::default();
        while let FollowerState::Requested(socket, _) | FollowerState::Open(socket, _) =
            &mut self.state
        {
            let length = match socket.read(buffer) {
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                // A reset ends the stream as a close does.
                Err(_) => 0,
            };
            let bytes = &buffer[..length];
            if self.is_open() {
                result.deliveries += self.scan(bytes, context)?;
            } else {
                result.opened = self.receive_head(bytes, context, &mut result.deliveries)?;
            }
            let body_ended = matches!(&self.state, FollowerState::Open(_, body) if body.is_ended());
            if length == 0 || body_ended {
                self.state = FollowerState::Disconnected;
                result.ended = true;
            }
            if length < buffer.len() && !closed {
                break;
            }
        }
        Ok(result)
    }

    /// Adds bytes to the response's head. Once it is complete, scans the bytes after it and returns true.
    fn receive_head(
        &mut self,
        bytes: &[u8],
        context: &mut ReadContext,
        deliveries: &mut u64,
    ) -> Result<bool> {
        let FollowerState::Requested(_, received) = &mut self.state else { return Ok(false) };
        received.extend_from_slice(bytes);
        let Some((head, length)) = response_head::parse(received)? else { return Ok(false) };
        if head.status != 200 || !head.is_event_stream {
            bail!("a follower received status {} instead of an event stream", head.status);
        }
        if let FollowerState::Requested(socket, received) = std::mem::take(&mut self.state) {
            self.state = FollowerState::Open(socket, head.body);
            *deliveries += self.scan(&received[length..], context)?;
        }
        Ok(true)
    }

    /// Scans received bytes and returns the number of deliveries that end in them.
    fn scan(&mut self, mut bytes: &[u8], context: &mut ReadContext) -> Result<u64> {
        let FollowerState::Open(_, body) = &mut self.state else { return Ok(0) };
        let mut deliveries = 0;
        while let Some(piece) = body.next(&mut bytes)? {
            deliveries += context.mark.count(&mut self.partial_mark, piece);
            let Some(extras) = &mut self.extras else { continue };
            if let Some(scanner) = &mut extras.timestamps {
                scanner.scan(&context.timestamp_prefix, piece, &mut context.timestamps);
            }
            if let Some(event_ids) = &mut extras.event_ids {
                event_ids.scan(piece);
            }
        }
        self.delivered += deliveries;
        Ok(deliveries)
    }
}

fn stream_request(path: &str, host: &str, last_event_id: &[u8]) -> Vec<u8> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\n");
    let mut request = request.into_bytes();
    if !last_event_id.is_empty() {
        request.extend([b"Last-Event-ID: ", last_event_id, b"\r\n"].concat());
    }
    request.extend(b"\r\n");
    request
}

/// A socket that has started to connect, from a local address with free ports.
fn connecting_socket(to: SocketAddr, index: usize) -> Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)
        .context("cannot create a socket: raise the hard limit of open files (ulimit -Hn)")?;
    socket.set_nonblocking(true)?;
    if let (IpAddr::V4(ip), offset @ 1..) = (to.ip(), index / FOLLOWERS_PER_ADDRESS)
        && ip.is_loopback()
    {
        let from = Ipv4Addr::LOCALHOST.to_bits() + u32::try_from(offset)?;
        let from = SocketAddr::from((Ipv4Addr::from_bits(from), 0));
        socket.bind(&from.into()).with_context(|| format!("no free port on {from}"))?;
    }
    match socket.connect(&to.into()) {
        // The socket becomes writable once it is connected.
        Err(error) if is_in_progress(&error) => {}
        connected => connected.with_context(|| format!("cannot connect to {to}"))?,
    }
    Ok(TcpStream::from_std(socket.into()))
}

fn is_in_progress(error: &std::io::Error) -> bool {
    error.kind() == ErrorKind::WouldBlock
        || error.raw_os_error() == Some(rustix::io::Errno::INPROGRESS.raw_os_error())
}
