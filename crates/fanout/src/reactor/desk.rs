//! Where newcomers wait for a thread.
//!
//! A desk outlives the thread that is at it. While there is none, since the last one panicked and the
//! next has not come yet, nobody is taken here.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use parking_lot::Mutex;

use super::Newcomer;
use super::bell::Alarm;

/// Most followers that wait for one thread to take them. It takes them each time that it looks, which
/// is after each pass over those that it has.
pub const INBOX_NEWCOMERS: usize = 16 * 1024;

pub(super) struct Desk<S> {
    shift: Mutex<Option<Shift<S>>>,
    most_waiting: usize,
    ends_all: AtomicBool,
    is_closed: AtomicBool,
}

/// A thread that is there.
struct Shift<S> {
    alarm: Arc<Alarm>,
    /// Those who were not taken yet.
    inbox: Vec<Newcomer<S>>,
}

impl<S> Desk<S> {
    pub(super) fn new(most_waiting: usize) -> Self {
        let (shift, ends_all, is_closed) = Default::default();
        Self { shift, most_waiting, ends_all, is_closed }
    }

    /// A thread is there from now on, and is woken by `alarm`.
    pub(super) fn begin(&self, alarm: Arc<Alarm>) {
        *self.shift.lock() = Some(Shift { alarm, inbox: Vec::new() });
    }

    /// It is there no more. Those who wait are let go.
    pub(super) fn leave(&self) {
        let gone = self.shift.lock().take();
        // Without the lock: much goes with them.
        drop(gone);
    }

    pub(super) fn has_room(&self) -> bool {
        self.shift.lock().as_ref().is_some_and(|shift| shift.inbox.len() < self.most_waiting)
    }

    /// Lets a newcomer wait here, or gives it back.
    pub(super) fn take(&self, newcomer: Newcomer<S>) -> Result<(), Newcomer<S>> {
        match &mut *self.shift.lock() {
            Some(shift) if shift.inbox.len() < self.most_waiting => {
                shift.inbox.push(newcomer);
                shift.alarm.wake();
                Ok(())
            }
            _ => Err(newcomer),
        }
    }

    /// Those who wait, for the thread that is here.
    pub(super) fn newcomers(&self) -> Vec<Newcomer<S>> {
        let mut shift = self.shift.lock();
        shift.as_mut().map(|shift| std::mem::take(&mut shift.inbox)).unwrap_or_default()
    }

    pub(super) fn end_all(&self) {
        self.ends_all.store(true, SeqCst);
        self.wake();
    }

    pub(super) fn ends_all(&self) -> bool {
        self.ends_all.load(SeqCst)
    }

    pub(super) fn close(&self) {
        self.is_closed.store(true, SeqCst);
        self.wake();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(SeqCst)
    }

    fn wake(&self) {
        if let Some(shift) = &*self.shift.lock() {
            shift.alarm.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::time::Instant;

    use bytes::Bytes;
    use mio::{Poll, Token, Waker};

    use super::*;
    use crate::{Channel, Frame, Snapshot, Start};

    fn newcomer() -> Newcomer<()> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let channel = Channel::new(1, 0, |_| Snapshot { seq: 1, frame: Frame::default() });
        let (follower, turn) = (channel.follow(Start::Fresh), Instant::now());
        Newcomer { socket, follower, opening: Bytes::new(), turn, seat: () }
    }

    #[test]
    fn a_desk_takes_as_many_as_may_wait_and_none_without_a_thread() {
        let poll = Poll::new().unwrap();
        let alarm = Arc::new(Alarm::new(Waker::new(poll.registry(), Token(0)).unwrap()));
        let desk = Desk::new(2);
        assert!(!desk.has_room() && desk.take(newcomer()).is_err(), "no thread is there");
        desk.begin(Arc::clone(&alarm));
        assert!(desk.take(newcomer()).is_ok() && desk.has_room());
        assert!(desk.take(newcomer()).is_ok() && !desk.has_room());
        assert!(desk.take(newcomer()).is_err(), "so many do not wait");
        assert_eq!(desk.newcomers().len(), 2);
        assert!(desk.has_room() && desk.take(newcomer()).is_ok());
        desk.leave();
        assert!(!desk.has_room() && desk.take(newcomer()).is_err(), "no thread is there any more");
        desk.begin(alarm);
        assert_eq!(desk.newcomers().len(), 0, "those who waited for the last one are gone");
    }
}
