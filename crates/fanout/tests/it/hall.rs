//! A reactor with a door, and peers that read what it writes to real sockets.

use std::io::{self, ErrorKind, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use bytes::Bytes;
use fanout::{Frame, Newcomer, Reactor, Sending, Start, Timing, Wording};
use socket2::{Domain, Socket, Type};

use crate::board::{Board, Screen};

pub(crate) const NEVER: Timing = Timing {
    heartbeat_every: Duration::from_secs(36_000),
    stall_timeout: Duration::from_secs(36_000),
};

/// Where the system has no io_uring, they are the same.
pub(crate) const BOTH: [Sending; 2] = [Sending::OneByOne, Sending::Together];

/// Longer than anything takes that comes at all.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Default)]
pub(crate) struct Words {
    pub(crate) told: Arc<Told>,
    pub(crate) time_to_end: Duration,
}

/// What the reactor told, and what it is to meet.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) stalled: AtomicUsize,
    pub(crate) one_by_one: AtomicUsize,
    pub(crate) panicked: AtomicUsize,
    /// How often it asked what a heartbeat is: for each thread once in a moment.
    pub(crate) beats: AtomicUsize,
    /// The next end of a closed board panics.
    pub(crate) panics: AtomicBool,
}

impl Wording for Words {
    type Seat = Arc<()>;

    fn heartbeat(&self, head: u64) -> Option<Bytes> {
        self.told.beats.fetch_add(1, SeqCst);
        Some(format!("beat {head}\n").into())
    }

    fn goodbye(&self) -> Bytes {
        Bytes::from("goodbye\n")
    }

    fn end(&self) -> Bytes {
        assert!(!self.told.panics.swap(false, SeqCst), "as the test wishes");
        Bytes::from("end\n")
    }

    fn time_to_end(&self) -> Duration {
        self.time_to_end
    }

    fn stalled(&self) {
        self.told.stalled.fetch_add(1, SeqCst);
    }

    fn panicked(&self) {
        self.told.panicked.fetch_add(1, SeqCst);
    }

    fn not_replaced(&self, error: &io::Error) {
        panic!("{error}");
    }

    fn one_by_one(&self, _: &io::Error) {
        self.told.one_by_one.fetch_add(1, SeqCst);
    }
}

/// A reactor and a door to it.
pub(crate) struct Hall {
    pub(crate) reactor: Reactor<Words>,
    pub(crate) listener: TcpListener,
    pub(crate) seats: Arc<()>,
    pub(crate) told: Arc<Told>,
}

impl Hall {
    /// Without heartbeats: who is gone has to be noticed without having been sent something.
    pub(crate) fn new() -> Self {
        Self::with(NEVER, Duration::ZERO)
    }

    pub(crate) fn with(timing: Timing, time_to_end: Duration) -> Self {
        Self::of_threads(2, timing, time_to_end)
    }

    pub(crate) fn of_threads(threads: usize, timing: Timing, time_to_end: Duration) -> Self {
        Self::of(threads, timing, Sending::Together, time_to_end)
    }

    pub(crate) fn sending(sending: Sending) -> Self {
        Self::of(2, NEVER, sending, Duration::ZERO)
    }

    pub(crate) fn of(
        threads: usize,
        timing: Timing,
        sending: Sending,
        time_to_end: Duration,
    ) -> Self {
        let told = Arc::default();
        let words = Words { told: Arc::clone(&told), time_to_end };
        let reactor = Reactor::start(threads, timing, sending, words).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self { reactor, listener, seats: Arc::new(()), told }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    pub(crate) fn follow(&self, board: &Board, start: Start) -> Peer {
        self.let_in(TcpStream::connect(self.address()).unwrap(), board, start, Duration::ZERO)
    }

    /// One whose system takes little that it does not read.
    pub(crate) fn follow_with_little_room(&self, board: &Board) -> Peer {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_recv_buffer_size(8 * 1024).unwrap();
        socket.connect(&self.address().into()).unwrap();
        self.let_in(socket.into(), board, Start::Fresh, Duration::ZERO)
    }

    pub(crate) fn let_in(
        &self,
        peer: TcpStream,
        board: &Board,
        start: Start,
        turn_in: Duration,
    ) -> Peer {
        let (socket, _) = self.listener.accept().unwrap();
        socket.set_nonblocking(true).unwrap();
        socket2::SockRef::from(&socket).set_send_buffer_size(8 * 1024).unwrap();
        peer.set_read_timeout(Some(PATIENCE)).unwrap();
        let taken = self.reactor.take(Newcomer {
            socket,
            follower: board.channel.follow(start),
            opening: Bytes::from("hello\n"),
            turn: Instant::now() + turn_in,
            seat: Arc::clone(&self.seats),
        });
        assert!(taken.is_ok(), "a thread takes it");
        Peer { socket: peer, unread: Vec::new(), screen: Screen::default(), words: Vec::new() }
    }

    /// How many seats are taken.
    pub(crate) fn taken(&self) -> usize {
        Arc::strong_count(&self.seats) - 1
    }

    pub(crate) fn has(&self, seats: usize) {
        self.until(|hall| hall.taken() == seats, &format!("{seats} seats are taken"));
    }

    pub(crate) fn until(&self, is_so: impl Fn(&Self) -> bool, what: &str) {
        let start = Instant::now();
        while !is_so(self) {
            assert!(start.elapsed() < PATIENCE, "{what}, but {}", self.taken());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The thread panics that has this follower of a board.
    pub(crate) fn panic_with(&self, mut peer: Peer, board: &Board) {
        let before = self.told.panicked.load(SeqCst);
        self.told.panics.store(true, SeqCst);
        board.close();
        self.until(|hall| hall.told.panicked.load(SeqCst) == before + 1, "a thread has panicked");
        peer.is_cut();
        assert_eq!(board.channel.followers(), 0);
    }
}

/// The other end of a follower's socket.
pub(crate) struct Peer {
    pub(crate) socket: TcpStream,
    pub(crate) unread: Vec<u8>,
    pub(crate) screen: Screen,
    /// What it was told besides frames.
    pub(crate) words: Vec<String>,
}

impl Peer {
    /// Reads so many bytes at most; whether there was anything.
    pub(crate) fn read(&mut self, bytes: usize) -> bool {
        let mut piece = vec![0; bytes];
        let count = self.socket.read(&mut piece).expect("something comes in time");
        self.unread.extend_from_slice(&piece[..count]);
        while let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
            let line: Vec<_> = self.unread.drain(..=end).collect();
            let line = String::from_utf8(line).unwrap();
            match line.strip_prefix('<').map(|line| line.strip_suffix(">\n").expect("whole frames"))
            {
                Some(payload) => self.screen.take(&Frame::bare(payload.to_owned().into())),
                None if line.starts_with("beat ") => {}
                None => self.words.push(line.trim_end().to_owned()),
            }
        }
        count > 0
    }

    pub(crate) fn read_until(&mut self, is_there: impl Fn(&Self) -> bool) {
        while !is_there(self) {
            assert!(self.read(4096), "it goes on, after {:?} {:?}", self.words, self.screen);
        }
    }

    pub(crate) fn read_up_to(&mut self, seq: u64) {
        self.read_until(|peer| peer.screen.rows.last() == Some(&seq));
    }

    /// Its connection is gone, in any way.
    pub(crate) fn is_cut(&mut self) {
        let mut rest = Vec::new();
        if let Err(error) = self.socket.read_to_end(&mut rest) {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        }
    }

    pub(crate) fn read_to_end(&mut self) {
        while self.read(4096) {}
        assert!(self.unread.is_empty(), "it does not end in the middle of a frame");
    }
}
