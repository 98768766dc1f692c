//! A few threads that write to the sockets of many followers.
//!
//! One task per follower costs more than the bytes it sends: each is woken, reads, writes and sleeps
//! on its own. Here a worker thread owns thousands of followers, each a small struct of socket and
//! cursor. Frames published since the last pass are joined into one buffer and written with one
//! syscall per up-to-date follower. A socket that takes no more bytes waits for the kernel to report
//! it writable, with only its cursor.
//!
//! The bytes that are not frames (preamble, heartbeat, end of a stream) come from the caller: see
//! [`StreamBytes`].

/// Number of workers, intervals, and the way to write.
mod config;

/// Callbacks that supply bytes and observe failures.
mod callbacks;

/// New connections waiting for a worker.
mod inbox;

/// One follower: its socket, its cursor and its unsent bytes.
mod connection;

/// Writes as many bytes as a socket takes.
mod socket_write;

/// The followers of one channel on one worker.
mod subscription;

/// Delays a pass briefly, so that events published together are written together.
mod coalesce;

/// One thread: its event loop, and its restart after a panic.
mod worker;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

pub use callbacks::{FollowerPermit, ReactorEvents, StreamBytes};
pub use config::{ReactorConfig, WriteMode};
pub use connection::MAX_INPUT_BYTES;
use inbox::ConnectionInbox;
pub use inbox::{MAX_INBOX, NewConnection};
pub use socket_write::MAX_WRITE_BYTES;
use worker::{ReactorWorker, WorkerContext};

/// Worker threads that serve followers. Dropping it cuts the followers that are still connected.
///
/// `P` is a [`FollowerPermit`].
pub struct Reactor<P> {
    inboxes: Vec<Arc<ConnectionInbox<P>>>,
    threads: Vec<JoinHandle<()>>,
    /// Index of the inbox that is asked first for the next connection, before wrapping.
    next: AtomicUsize,
}

impl<P: FollowerPermit> Reactor<P> {
    /// Starts the workers.
    ///
    /// # Errors
    /// The kernel refuses a thread or an epoll instance.
    pub fn start(
        config: ReactorConfig,
        bytes: impl StreamBytes,
        events: impl ReactorEvents,
    ) -> io::Result<Self> {
        let bytes: Arc<dyn StreamBytes> = Arc::new(bytes);
        let events: Arc<dyn ReactorEvents> = Arc::new(events);
        let mut reactor =
            Self { inboxes: Vec::new(), threads: Vec::new(), next: AtomicUsize::new(0) };
        for number in 0..config.workers.max(1) {
            let inbox = Arc::new(ConnectionInbox::new(MAX_INBOX));
            let worker = ReactorWorker::open(WorkerContext {
                config,
                inbox: Arc::clone(&inbox),
                bytes: Arc::clone(&bytes),
                events: Arc::clone(&events),
            })?;
            reactor.inboxes.push(inbox);
            let builder = std::thread::Builder::new().name(format!("followers-{number}"));
            reactor.threads.push(builder.spawn(|| worker.run_supervised())?);
        }
        Ok(reactor)
    }

    /// Returns true if a worker accepts connections. None does for a moment after all have panicked.
    pub fn has_capacity(&self) -> bool {
        self.inboxes.iter().any(|inbox| inbox.has_capacity())
    }

    /// Hands a connection to a worker, in rotation.
    ///
    /// # Errors
    /// Gives the connection back if no worker accepts it.
    pub fn add(&self, mut connection: NewConnection<P>) -> Result<(), NewConnection<P>> {
        let next = self.next.fetch_add(1, Ordering::Relaxed) % self.inboxes.len();
        let (wrapped, first) = self.inboxes.split_at(next);
        for inbox in first.iter().chain(wrapped) {
            match inbox.push(connection) {
                Ok(()) => return Ok(()),
                Err(rejected) => connection = rejected,
            }
        }
        Err(connection)
    }

    /// Closes all streams, including those added later. `delay` is called once per stream, by the
    /// workers; when the delay is over, the stream gets its remaining frames, then
    /// [`StreamBytes::goodbye`]. Only the first call has an effect.
    pub fn close_all(&self, delay: impl Fn() -> Duration + Send + Sync + 'static) {
        let delay: Arc<dyn Fn() -> Duration + Send + Sync> = Arc::new(delay);
        self.inboxes.iter().for_each(|inbox| inbox.close_streams(Arc::clone(&delay)));
    }
}

impl<P> Drop for Reactor<P> {
    fn drop(&mut self) {
        self.inboxes.iter().for_each(|inbox| inbox.shut_down());
        for thread in self.threads.drain(..) {
            // It may be parked before a restart.
            thread.thread().unpark();
            // A panic has been reported through `ReactorEvents` already.
            let _ = thread.join();
        }
    }
}

impl<P> fmt::Debug for Reactor<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reactor").field("threads", &self.threads.len()).finish_non_exhaustive()
    }
}
