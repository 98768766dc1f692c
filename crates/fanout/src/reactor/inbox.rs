//! New connections waiting for a worker.
//!
//! An inbox outlives its worker. Between a panic of the worker and its restart the inbox accepts no
//! connections.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;

use crate::follower::Follower;
use crate::notify::WorkerNotifier;

/// Maximum number of connections waiting for one worker, which takes them before each pass.
pub const MAX_INBOX: usize = 16 * 1024;

/// A connection that becomes a follower of the reactor.
#[derive(Debug)]
pub struct NewConnection<P> {
    /// The socket, in non-blocking mode.
    pub socket: std::net::TcpStream,
    /// The channel and the resume point.
    pub follower: Follower,
    /// The first bytes to send, such as the response head.
    pub preamble: Bytes,
    /// Time to send the first frames, which spreads the work of many reconnects. The preamble is sent
    /// at once; if `start_at` has passed, the first frames leave with it.
    pub start_at: Instant,
    /// Dropped when the connection is.
    pub permit: P,
}

/// Returns the delay before one stream is closed.
pub(super) type CloseDelay = Arc<dyn Fn() -> Duration + Send + Sync>;

pub(super) struct ConnectionInbox<P> {
    /// `None` while there is no worker.
    open: Mutex<Option<OpenInbox<P>>>,
    capacity: usize,
    close_delay: OnceLock<CloseDelay>,
    is_shut_down: AtomicBool,
}

struct OpenInbox<P> {
    notifier: Arc<WorkerNotifier>,
    connections: Vec<NewConnection<P>>,
}

impl<P> ConnectionInbox<P> {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            open: Mutex::new(None),
            capacity,
            close_delay: OnceLock::new(),
            is_shut_down: AtomicBool::new(false),
        }
    }

    /// Accepts connections from now on, for the worker that `notifier` wakes.
    pub(super) fn open(&self, notifier: Arc<WorkerNotifier>) {
        *self.open.lock() = Some(OpenInbox { notifier, connections: Vec::new() });
    }

    /// Accepts no more connections and drops those that wait.
    pub(super) fn close(&self) {
        let closed = self.open.lock().take();
        // Outside the lock: this closes sockets and runs the callers' destructors.
        drop(closed);
    }

    pub(super) fn has_capacity(&self) -> bool {
        self.open.lock().as_ref().is_some_and(|open| open.connections.len() < self.capacity)
    }

    /// Adds a connection and wakes the worker, or gives the connection back.
    pub(super) fn push(&self, connection: NewConnection<P>) -> Result<(), NewConnection<P>> {
        match &mut *self.open.lock() {
            Some(open) if open.connections.len() < self.capacity => {
                open.connections.push(connection);
                open.notifier.wake();
                Ok(())
            }
            _ => Err(connection),
        }
    }

    /// Takes the waiting connections.
    pub(super) fn drain(&self) -> Vec<NewConnection<P>> {
        let mut open = self.open.lock();
        open.as_mut().map(|open| std::mem::take(&mut open.connections)).unwrap_or_default()
    }

    /// Asks the worker to close all streams, each after the delay that `delay` returns.
    pub(super) fn close_streams(&self, delay: CloseDelay) {
        // A second call has no effect: the streams are closing already.
        let _ = self.close_delay.set(delay);
        self.wake();
    }

    /// Returns the close delay once all streams are to be closed.
    pub(super) fn close_delay(&self) -> Option<&CloseDelay> {
        self.close_delay.get()
    }

    /// Asks the worker to end at once.
    pub(super) fn shut_down(&self) {
        self.is_shut_down.store(true, SeqCst);
        self.wake();
    }

    pub(super) fn is_shut_down(&self) -> bool {
        self.is_shut_down.load(SeqCst)
    }

    fn wake(&self) {
        if let Some(open) = &*self.open.lock() {
            open.notifier.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use mio::{Poll, Token, Waker};

    use super::*;
    use crate::{Channel, Frame, ResumePoint, Snapshot, WindowBudget};

    fn connection() -> NewConnection<()> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let channel = Channel::new(1, &WindowBudget::new(0, 0), |_| Snapshot {
            seq: 1,
            frames: Frame::default().into(),
        });
        NewConnection {
            socket: TcpStream::connect(listener.local_addr().unwrap()).unwrap(),
            follower: channel.follow(ResumePoint::Fresh),
            preamble: Bytes::new(),
            start_at: Instant::now(),
            permit: (),
        }
    }

    #[test]
    fn inbox_is_bounded_and_needs_worker() {
        let poll = Poll::new().unwrap();
        let waker = Waker::new(poll.registry(), Token(0)).unwrap();
        let notifier = Arc::new(WorkerNotifier::new(waker));
        let inbox = ConnectionInbox::new(2);
        assert!(!inbox.has_capacity() && inbox.push(connection()).is_err(), "no worker yet");
        inbox.open(Arc::clone(&notifier));
        assert!(inbox.push(connection()).is_ok() && inbox.has_capacity());
        assert!(inbox.push(connection()).is_ok() && !inbox.has_capacity());
        assert!(inbox.push(connection()).is_err(), "the inbox is full");
        assert_eq!(inbox.drain().len(), 2);
        assert!(inbox.has_capacity() && inbox.push(connection()).is_ok());
        inbox.close();
        assert!(!inbox.has_capacity() && inbox.push(connection()).is_err(), "the worker is gone");
        inbox.open(notifier);
        assert_eq!(inbox.drain().len(), 0, "closing drops the waiting connections");
    }
}
