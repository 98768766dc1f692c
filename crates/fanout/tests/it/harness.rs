//! A reactor with a listener, and peers that read from real sockets.

use std::io::{self, ErrorKind, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use bytes::Bytes;
use fanout::{
    Channel, FollowerPermit, Frame, NewConnection, Reactor, ReactorConfig, ReactorEvents,
    ResumePoint, StreamBytes, WriteMode,
};
use socket2::{Domain, Socket, Type};

use crate::board::{SeqView, TestBoard};

/// No heartbeats and no stall timeout: the reactor must notice a closed connection without writing to
/// it.
pub(crate) const NO_TIMERS: ReactorConfig = ReactorConfig {
    workers: 2,
    heartbeat_interval: Duration::from_secs(36_000),
    stall_timeout: Duration::from_secs(36_000),
    write_mode: WriteMode::IoUring,
};

/// Both write the same way where the kernel has no io_uring.
pub(crate) const WRITE_MODES: [WriteMode; 2] = [WriteMode::PerSocket, WriteMode::IoUring];

/// Upper bound for anything that a test waits for.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);

/// Counts the reactor's callbacks.
#[derive(Debug, Default)]
pub(crate) struct ObservedEvents {
    pub(crate) stalled: AtomicUsize,
    pub(crate) io_uring_unavailable: AtomicUsize,
    pub(crate) panicked: AtomicUsize,
    /// Heartbeats made, not sent: followers that get theirs in one tick of a worker share one.
    pub(crate) heartbeats: AtomicUsize,
    /// Makes the end of the next closed board panic.
    pub(crate) panic_at_end: AtomicBool,
}

#[derive(Debug, Clone)]
struct TestCallbacks(Arc<ObservedEvents>);

impl StreamBytes for TestCallbacks {
    fn heartbeat(&self, _: &Channel, head: u64) -> Option<Bytes> {
        self.0.heartbeats.fetch_add(1, SeqCst);
        Some(format!("heartbeat {head}\n").into())
    }

    fn end(&self) -> Bytes {
        assert!(!self.0.panic_at_end.swap(false, SeqCst), "a deliberate panic");
        Bytes::from("end\n")
    }

    fn goodbye(&self) -> Bytes {
        Bytes::from("goodbye\n")
    }
}

impl ReactorEvents for TestCallbacks {
    fn stalled(&self) {
        self.0.stalled.fetch_add(1, SeqCst);
    }

    fn worker_panicked(&self) {
        self.0.panicked.fetch_add(1, SeqCst);
    }

    fn worker_not_restarted(&self, error: &io::Error) {
        panic!("{error}");
    }

    fn io_uring_unavailable(&self, _: &io::Error) {
        self.0.io_uring_unavailable.fetch_add(1, SeqCst);
    }
}

/// The permit of one connection.
pub(crate) struct TestPermit {
    _counted: Arc<()>,
    is_revoked: Arc<AtomicBool>,
}

impl FollowerPermit for TestPermit {
    fn is_revoked(&self) -> bool {
        self.is_revoked.load(SeqCst)
    }
}

/// A reactor and a listener for its connections.
pub(crate) struct ReactorHarness {
    pub(crate) reactor: Reactor<TestPermit>,
    listener: TcpListener,
    /// Cloned for each connection, so its reference count is the number of connections plus one.
    pub(crate) permits: Arc<()>,
    pub(crate) observed: Arc<ObservedEvents>,
}

impl ReactorHarness {
    pub(crate) fn new() -> Self {
        Self::start(NO_TIMERS)
    }

    pub(crate) fn start(config: ReactorConfig) -> Self {
        let observed = Arc::default();
        let callbacks = TestCallbacks(Arc::clone(&observed));
        let reactor = Reactor::start(config, callbacks.clone(), callbacks).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self { reactor, listener, permits: Arc::new(()), observed }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    pub(crate) fn follow(&self, board: &TestBoard, start: ResumePoint) -> ReactorPeer {
        let socket = TcpStream::connect(self.address()).unwrap();
        self.add(socket, board, start, Duration::ZERO)
    }

    /// A peer with a small receive buffer, so that the reactor's socket blocks soon.
    pub(crate) fn follow_with_small_buffer(&self, board: &TestBoard) -> ReactorPeer {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_recv_buffer_size(8 * 1024).unwrap();
        socket.connect(&self.address().into()).unwrap();
        self.add(socket.into(), board, ResumePoint::Fresh, Duration::ZERO)
    }

    /// Adds the connection of `peer` to the reactor, to get its first frames after `delay`.
    pub(crate) fn add(
        &self,
        peer: TcpStream,
        board: &TestBoard,
        start: ResumePoint,
        delay: Duration,
    ) -> ReactorPeer {
        let (socket, _) = self.listener.accept().unwrap();
        socket.set_nonblocking(true).unwrap();
        socket2::SockRef::from(&socket).set_send_buffer_size(8 * 1024).unwrap();
        peer.set_read_timeout(Some(TIMEOUT)).unwrap();
        let is_revoked = Arc::default();
        let permit =
            TestPermit { _counted: Arc::clone(&self.permits), is_revoked: Arc::clone(&is_revoked) };
        let added = self.reactor.add(NewConnection {
            socket,
            follower: board.channel.follow(start),
            preamble: Bytes::from("hello\n"),
            start_at: Instant::now() + delay,
            permit,
        });
        assert!(added.is_ok(), "no worker accepts the connection");
        ReactorPeer {
            socket: peer,
            is_revoked,
            unread: Vec::new(),
            view: SeqView::default(),
            heartbeats: Vec::new(),
            messages: Vec::new(),
        }
    }

    pub(crate) fn connections(&self) -> usize {
        Arc::strong_count(&self.permits) - 1
    }

    pub(crate) fn wait_for_connections(&self, count: usize) {
        self.wait_until(|harness| harness.connections() == count, &format!("{count} connections"));
    }

    pub(crate) fn wait_until(&self, condition: impl Fn(&Self) -> bool, expected: &str) {
        let start = Instant::now();
        while !condition(self) {
            let connections = self.connections();
            assert!(
                start.elapsed() < TIMEOUT,
                "expected {expected}, have {connections} connections"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Makes the worker panic that serves `peer`, the only follower of `board`.
    pub(crate) fn panic_worker_of(&self, mut peer: ReactorPeer, board: &TestBoard) {
        let before = self.observed.panicked.load(SeqCst);
        self.observed.panic_at_end.store(true, SeqCst);
        board.close();
        let has_panicked = |harness: &Self| harness.observed.panicked.load(SeqCst) == before + 1;
        self.wait_until(has_panicked, "a worker panic");
        peer.expect_cut();
        assert_eq!(board.channel.followers(), 0);
    }
}

/// The other end of a follower's socket.
pub(crate) struct ReactorPeer {
    pub(crate) socket: TcpStream,
    /// Revokes the permit of its connection.
    pub(crate) is_revoked: Arc<AtomicBool>,
    unread: Vec<u8>,
    pub(crate) view: SeqView,
    /// The heads of the heartbeats received.
    pub(crate) heartbeats: Vec<u64>,
    /// The lines received that are neither frames nor heartbeats.
    pub(crate) messages: Vec<String>,
}

impl ReactorPeer {
    /// Reads at most `max_bytes`. Returns false at the end of the stream.
    pub(crate) fn read(&mut self, max_bytes: usize) -> bool {
        let mut buffer = vec![0; max_bytes];
        let count = loop {
            match self.socket.read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => break result.expect("bytes before the timeout"),
            }
        };
        self.unread.extend_from_slice(&buffer[..count]);
        while let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
            let line: Vec<_> = self.unread.drain(..=end).collect();
            let line = String::from_utf8(line).unwrap();
            match line.strip_prefix('<').map(|line| line.strip_suffix(">\n").expect("whole frames"))
            {
                Some(payload) => self.view.apply(&Frame::bare(payload.to_owned().into())),
                None if line.starts_with("heartbeat ") => {
                    let head = line["heartbeat ".len()..].trim_end().parse().unwrap();
                    assert!(self.view.rows.last().is_none_or(|last| *last == head), "{line}");
                    self.heartbeats.push(head);
                }
                None => self.messages.push(line.trim_end().to_owned()),
            }
        }
        count > 0
    }

    pub(crate) fn read_until(&mut self, condition: impl Fn(&Self) -> bool) {
        while !condition(self) {
            assert!(self.read(4096), "the stream ended after {:?} {:?}", self.messages, self.view);
        }
    }

    pub(crate) fn read_up_to(&mut self, seq: u64) {
        self.read_until(|peer| peer.view.rows.last() == Some(&seq));
    }

    /// Reads until the connection is closed or reset.
    pub(crate) fn expect_cut(&mut self) {
        let mut rest = Vec::new();
        if let Err(error) = self.socket.read_to_end(&mut rest) {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        }
    }

    pub(crate) fn read_to_end(&mut self) {
        while self.read(4096) {}
        assert!(self.unread.is_empty(), "the stream ended in the middle of a frame");
    }
}
