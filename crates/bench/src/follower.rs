//! One follower among thousands: a socket that does not block, where it is in its answer, and how much
//! it got. What it reads is looked at where it lies, and nothing of it is kept.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use mio::net::TcpStream;
use socket2::{Domain, SockRef, Socket, Type};

use crate::body::Body;
use crate::head;
use crate::ids::Ids;
use crate::marks::{Begun, Mark};
use crate::orders::Plan;
use crate::stamps::{Stamp, Stamps};

/// Followers from one address of this machine: the system has only so many ports for each. Further
/// ones come from the next address of the loopback.
const FOLLOWERS_OF_ADDRESS: usize = 20_000;

#[derive(Default)]
pub(crate) struct Follower {
    state: State,
    /// How many deliveries it got.
    pub(crate) got: u64,
    begun: Begun,
    more: Option<Box<More>>,
}

/// What only some followers have.
#[derive(Default)]
struct More {
    stamps: Option<Stamps>,
    ids: Option<Ids>,
}

#[derive(Default)]
enum State {
    #[default]
    Away,
    /// Since when.
    Connecting(TcpStream, Instant),
    /// The request is sent, and so much of the answer's head has come.
    Asked(TcpStream, Vec<u8>),
    Open(TcpStream, Body),
}

/// What readiness of a socket came to.
#[derive(Default)]
pub(crate) struct Came {
    /// The connection is there, and took so long.
    pub(crate) connected: Option<Duration>,
    /// The answer's head came: the stream is open from here on.
    pub(crate) opened: bool,
    pub(crate) deliveries: u64,
    /// The server ended the stream.
    pub(crate) ended: bool,
}

/// What all followers of a process read with.
pub(crate) struct Reader {
    pub(crate) mark: Mark,
    pub(crate) stamp: Mark,
    pub(crate) buffer: Vec<u8>,
    /// Stamps of messages that came, of those who measure.
    pub(crate) stamps: Vec<Stamp>,
}

impl Follower {
    pub(crate) fn new(at: usize, plan: &Plan) -> Self {
        let stamps = (plan.first + at).is_multiple_of(plan.sample_every).then(Stamps::default);
        let ids = plan.returns.then(Ids::default);
        let more = (stamps.is_some() || ids.is_some()).then(|| Box::new(More { stamps, ids }));
        Self { more, ..Self::default() }
    }

    /// Begins to connect. The socket is to be registered for reading and writing.
    pub(crate) fn connect(&mut self, at: usize, plan: &Plan) -> Result<&mut TcpStream> {
        self.leave();
        let begun = Instant::now();
        self.state = State::Connecting(socket(plan.address, plan.first + at)?, begun);
        let State::Connecting(socket, _) = &mut self.state else { unreachable!("it was just set") };
        Ok(socket)
    }

    /// Lets go, and keeps the last event's id.
    pub(crate) fn leave(&mut self) {
        self.state = State::Away;
        (self.got, self.begun) = (0, Begun::default());
        if let Some(more) = &mut self.more {
            more.stamps = more.stamps.take().map(|_| Stamps::default());
            more.ids.iter_mut().for_each(Ids::lost);
        }
    }

    /// Lets go at once, by a reset instead of an orderly end.
    pub(crate) fn reset(&mut self) -> Result<()> {
        if let State::Connecting(socket, _) | State::Asked(socket, _) | State::Open(socket, _) =
            &self.state
        {
            SockRef::from(socket).set_linger(Some(Duration::ZERO))?;
        }
        self.leave();
        Ok(())
    }

    /// Comes back as one that has never been there.
    pub(crate) fn forget(&mut self) {
        if let Some(more) = &mut self.more {
            more.ids = more.ids.take().map(|_| Ids::default());
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, State::Open(..))
    }

    pub(crate) fn is_connecting(&self) -> bool {
        matches!(self.state, State::Connecting(..) | State::Asked(..))
    }

    /// Goes on as far as its socket lets it. With `closing` the peer has nothing more to send.
    pub(crate) fn ready(
        &mut self,
        at: usize,
        closing: bool,
        plan: &Plan,
        reader: &mut Reader,
    ) -> Result<Came> {
        let connected = self.ask(at, plan)?;
        let mut buffer = std::mem::take(&mut reader.buffer);
        let came = self.read(&mut buffer, closing, reader);
        reader.buffer = buffer;
        Ok(Came { connected, ..came? })
    }

    /// Sends the request once the connection is there, and answers with how long that took.
    fn ask(&mut self, at: usize, plan: &Plan) -> Result<Option<Duration>> {
        let State::Connecting(socket, begun) = &mut self.state else { return Ok(None) };
        if let Some(error) = socket.take_error()? {
            return Err(error.into());
        }
        match socket.peer_addr() {
            Err(error) if error.kind() == ErrorKind::NotConnected => return Ok(None),
            connected => connected?,
        };
        let took = begun.elapsed();
        let ids = self.more.as_ref().and_then(|more| more.ids.as_ref());
        let request = request(
            &plan.paths[plan.stream(at)],
            &plan.host,
            ids.map(Ids::last).unwrap_or_default(),
        );
        ensure!(socket.write(&request)? == request.len(), "a request was not taken whole");
        if let State::Connecting(socket, _) = std::mem::take(&mut self.state) {
            self.state = State::Asked(socket, Vec::new());
        }
        Ok(Some(took))
    }

    /// A read that does not fill the buffer has taken all that there is; when more comes, the system
    /// says so. That spares each delivery a call.
    fn read(&mut self, buffer: &mut [u8], closing: bool, reader: &mut Reader) -> Result<Came> {
        let mut came = Came::default();
        while let State::Asked(socket, _) | State::Open(socket, _) = &mut self.state {
            let length = match socket.read(buffer) {
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                // A reset is an end like others.
                Err(_) => 0,
            };
            if matches!(self.state, State::Asked(..)) {
                came.opened = self.take_head(&buffer[..length], reader, &mut came.deliveries)?;
            } else {
                came.deliveries += self.take(&buffer[..length], reader)?;
            }
            let at_end = matches!(&self.state, State::Open(_, body) if body.is_ended());
            if length == 0 || at_end {
                self.state = State::Away;
                came.ended = true;
            }
            if length < buffer.len() && !closing {
                break;
            }
        }
        Ok(came)
    }

    /// Whether the head is whole with these bytes. What comes after it is taken.
    fn take_head(&mut self, bytes: &[u8], reader: &mut Reader, count: &mut u64) -> Result<bool> {
        let State::Asked(_, begun) = &mut self.state else { return Ok(false) };
        begun.extend_from_slice(bytes);
        let Some((head, length)) = head::read(begun)? else { return Ok(false) };
        if head.status != 200 || !head.is_event_stream {
            bail!("a follower was answered {}, and no event stream", head.status);
        }
        if let State::Asked(socket, begun) = std::mem::take(&mut self.state) {
            self.state = State::Open(socket, head.body);
            *count += self.take(&begun[length..], reader)?;
        }
        Ok(true)
    }

    fn take(&mut self, mut bytes: &[u8], reader: &mut Reader) -> Result<u64> {
        let State::Open(_, body) = &mut self.state else { return Ok(0) };
        let mut count = 0;
        while let Some(piece) = body.next(&mut bytes)? {
            count += reader.mark.count(&mut self.begun, piece);
            let Some(more) = &mut self.more else { continue };
            if let Some(stamps) = &mut more.stamps {
                stamps.read(&reader.stamp, piece, |stamp| reader.stamps.push(stamp));
            }
            if let Some(ids) = &mut more.ids {
                ids.read(piece);
            }
        }
        self.got += count;
        Ok(count)
    }
}

fn request(path: &str, host: &str, last_event_id: &[u8]) -> Vec<u8> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\n");
    let mut request = request.into_bytes();
    if !last_event_id.is_empty() {
        request.extend([b"Last-Event-ID: ", last_event_id, b"\r\n"].concat());
    }
    request.extend(b"\r\n");
    request
}

/// A socket that begins to connect, from an address that has ports left.
fn socket(to: SocketAddr, at: usize) -> Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)
        .context("no socket can be had: raise the hard limit of open files (ulimit -Hn)")?;
    socket.set_nonblocking(true)?;
    if let (IpAddr::V4(ip), address @ 1..) = (to.ip(), at / FOLLOWERS_OF_ADDRESS)
        && ip.is_loopback()
    {
        let from = Ipv4Addr::LOCALHOST.to_bits() + u32::try_from(address)?;
        let from = SocketAddr::from((Ipv4Addr::from_bits(from), 0));
        socket.bind(&from.into()).with_context(|| format!("{from} has no port left"))?;
    }
    match socket.connect(&to.into()) {
        // It goes on by itself; the socket becomes writable when it is done.
        Err(error) if is_in_progress(&error) => {}
        connected => connected.with_context(|| format!("{to} takes no connection"))?,
    }
    Ok(TcpStream::from_std(socket.into()))
}

fn is_in_progress(error: &std::io::Error) -> bool {
    error.kind() == ErrorKind::WouldBlock
        || error.raw_os_error() == Some(rustix::io::Errno::INPROGRESS.raw_os_error())
}
