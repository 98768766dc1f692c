//! A few threads that write to the sockets of many followers.
//!
//! A task for each follower costs more than what it sends: it is woken, looks, writes and sleeps,
//! alone. Here a thread has some thousands of followers, each a small struct of socket and cursor.
//! What came since its last look is one run of bytes for all who have seen what was before, and
//! one call for each of them. A socket that takes no more waits with nothing but its cursor until
//! the system says that it does.
//!
//! What is said besides frames, how a stream begins and how it ends, comes from who made the
//! reactor: see [`Wording`].

/// Wakes a thread, and tells it which channels have news.
mod bell;

/// What a channel is to one thread: its followers there, and where they stand.
mod room;

/// One follower: its socket, its cursor, and what it was not able to take.
mod seated;

/// Where newcomers wait for a thread.
mod desk;

/// How a thread waits a moment for more news.
mod rest;

/// One thread: its loop, and another one in its place if it panics.
mod thread;

use std::fmt;
use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::follower::Follower;
pub(crate) use bell::Bell;
use desk::Desk;
pub use desk::INBOX_NEWCOMERS;
pub use seated::{DISCARDED_BYTES, PIECE_BYTES};
use thread::Thread;

/// What followers are told besides frames, as the bytes that go to their sockets, and what the
/// reactor has to tell in turn. All of it is called by the reactor's threads, and must be short.
pub trait Wording: Send + Sync + 'static {
    /// What is held for a follower as long as it is there.
    type Seat: Send;

    /// Says that the stream is alive, to one who has all up to the event at `head`.
    fn heartbeat(&self, head: u64) -> Option<Bytes>;

    /// Ends a stream that goes on elsewhere or later: what comes after the last frame that is due
    /// when the reactor ends all.
    fn goodbye(&self) -> Bytes;

    /// Ends the stream of a channel that was closed: what comes after its last frame.
    fn end(&self) -> Bytes;

    /// How long one of the streams goes on after the reactor was told to end all.
    fn time_to_end(&self) -> Duration;

    /// A follower took nothing for too long and is closed.
    fn stalled(&self);

    /// A thread panicked, by a fault of ours. Its followers are cut, and another thread will take its
    /// place.
    fn panicked(&self);

    /// The system does not give what another thread needs to take its place; it is asked again.
    fn not_replaced(&self, error: &io::Error);

    /// The system does not send to many at once, or does so no more.
    fn one_by_one(&self, error: &io::Error);
}

/// How a thread gives the same bytes to many followers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sending {
    /// With a call of the system for each.
    OneByOne,
    /// With a call for many, where the system has io_uring and allows it.
    Together,
}

/// The times of a reactor.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Time between two heartbeats of a follower. Those of all are spread over it.
    pub heartbeat_every: Duration,
    /// How long a follower may take nothing of what it is sent before it is closed.
    pub stall_timeout: Duration,
}

/// One who comes in.
#[derive(Debug)]
pub struct Newcomer<S> {
    /// Its connection, which does not block.
    pub socket: TcpStream,
    /// What it follows, and from where.
    pub follower: Follower,
    /// What it is sent first.
    pub opening: Bytes,
    /// When its first events are due; nothing is due before.
    pub turn: Instant,
    /// Dropped when it goes.
    pub seat: S,
}

/// Threads that serve followers. Dropped, it cuts those who are still there.
pub struct Reactor<W: Wording> {
    desks: Vec<Arc<Desk<W::Seat>>>,
    threads: Vec<JoinHandle<()>>,
    next: AtomicUsize,
}

impl<W: Wording> Reactor<W> {
    /// Starts so many threads, at least one.
    ///
    /// # Errors
    /// The system gives no thread, or no file to wait with.
    pub fn start(threads: usize, timing: Timing, sending: Sending, wording: W) -> io::Result<Self> {
        let wording = Arc::new(wording);
        let next = AtomicUsize::new(0);
        let mut reactor = Self { desks: Vec::new(), threads: Vec::new(), next };
        for number in 0..threads.max(1) {
            let desk = Arc::new(Desk::new(INBOX_NEWCOMERS));
            let thread =
                Thread::new(Arc::clone(&desk), timing, sending, Arc::clone(&wording))?.begin();
            reactor.desks.push(desk);
            let named = std::thread::Builder::new().name(format!("followers-{number}"));
            reactor.threads.push(named.spawn(|| thread.keep())?);
        }
        Ok(reactor)
    }

    /// Whether there is a thread that takes followers. There is none for a moment after all have
    /// panicked.
    pub fn has_room(&self) -> bool {
        self.desks.iter().any(|desk| desk.has_room())
    }

    /// Takes a follower over.
    ///
    /// # Errors
    /// It is given back if no thread takes it.
    pub fn take(&self, mut newcomer: Newcomer<W::Seat>) -> Result<(), Newcomer<W::Seat>> {
        let next = self.next.fetch_add(1, Ordering::Relaxed) % self.desks.len();
        let (later, first) = self.desks.split_at(next);
        for desk in first.iter().chain(later) {
            match desk.take(newcomer) {
                Ok(()) => return Ok(()),
                Err(back) => newcomer = back,
            }
        }
        Err(newcomer)
    }

    /// Ends all streams, also those that are still to come, each after its [`Wording::time_to_end`]
    /// and when it has been given what it is due.
    pub fn end_all(&self) {
        self.desks.iter().for_each(|desk| desk.end_all());
    }
}

impl<W: Wording> Drop for Reactor<W> {
    fn drop(&mut self) {
        self.desks.iter().for_each(|desk| desk.close());
        for thread in self.threads.drain(..) {
            // It may be waiting to replace one that panicked.
            thread.thread().unpark();
            // What panics in it has been told already.
            let _ = thread.join();
        }
    }
}

impl<W: Wording> fmt::Debug for Reactor<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reactor").field("threads", &self.threads.len()).finish_non_exhaustive()
    }
}
