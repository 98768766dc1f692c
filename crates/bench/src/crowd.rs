//! All followers of one process, on one thread: whoever's socket is ready reads, and the rest costs
//! nothing.

/// Followers that come and go.
mod turnover;

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use mio::event::Event;
use mio::{Events, Interest, Poll, Token, Waker};

use crate::delays::Delays;
use crate::follower::{Follower, Reader};
use crate::marks::Mark;
use crate::orders::{Plan, Progress, Tally};
use crate::stamps;
use turnover::Turnover;

pub(crate) use turnover::AWAY;

/// Most followers that connect at once: the server's queue of new connections is bounded, and whoever
/// finds it full waits for a second or more.
const CONNECTING_AT_ONCE: usize = 100;

/// What one read takes at most.
const READ_BYTES: usize = 256 * 1024;

/// Most sockets that are told to be ready at once.
const READY_AT_ONCE: usize = 1_024;

const WAKING: Token = Token(usize::MAX);

/// What a follower was before something happened to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Was {
    Connecting,
    Open,
}

pub(crate) struct Crowd {
    plan: Plan,
    poll: Poll,
    followers: Vec<Follower>,
    reader: Reader,
    /// The first follower that is still to connect.
    next: usize,
    connecting: usize,
    pub(crate) progress: Progress,
    /// How many messages are counted: each should get those of its stream.
    due: u64,
    /// When they began to come back, if that is what is measured.
    returning: Option<Instant>,
    delays: Delays,
    /// If they come and go.
    turnover: Option<Turnover>,
    /// The first failure, until it is told.
    pub(crate) trouble: Option<String>,
}

impl Crowd {
    pub(crate) fn new(plan: Plan) -> Result<Self> {
        let followers = (0..plan.followers).map(|at| Follower::new(at, &plan)).collect();
        let reader = Reader {
            mark: Mark::new(plan.mark.as_bytes()),
            stamp: stamps::beginning(),
            buffer: vec![0; READ_BYTES],
            stamps: Vec::new(),
        };
        Ok(Self {
            poll: Poll::new().context("the system tells no readiness of sockets")?,
            followers,
            reader,
            next: plan.followers,
            connecting: 0,
            progress: Progress::default(),
            due: 0,
            returning: None,
            delays: Delays::default(),
            turnover: Turnover::new(&plan),
            trouble: None,
            plan,
        })
    }

    /// What ends [`Crowd::turn`] early.
    pub(crate) fn waker(&self) -> Result<Arc<Waker>> {
        Ok(Arc::new(Waker::new(self.poll.registry(), WAKING)?))
    }

    pub(crate) fn connect(&mut self) {
        (self.next, self.connecting) = (0, 0);
        self.progress = Progress::default();
    }

    /// From now on so many messages come.
    pub(crate) fn count(&mut self, messages: u64) {
        self.due = messages;
        self.returning = None;
        self.forget();
    }

    pub(crate) fn leave(&mut self) {
        self.followers.iter_mut().for_each(Follower::leave);
        self.next = self.followers.len();
        self.progress.open = 0;
    }

    /// All come back, to get what they missed of so many messages.
    pub(crate) fn come_back(&mut self, messages: u64) {
        self.count(messages);
        self.returning = Some(Instant::now());
        self.connect();
    }

    pub(crate) fn tally(&self) -> Tally {
        let is_complete =
            |(at, follower): &(usize, &Follower)| follower.got == self.plan.due(*at, self.due);
        let complete = self.followers.iter().enumerate().filter(is_complete).count();
        Tally { progress: self.progress, complete, delays: self.delays.clone() }
    }

    /// How many messages have come to all, if all streams have as many followers.
    pub(crate) fn messages(&self) -> u64 {
        self.progress.delivered * self.plan.paths.len() as u64 / self.progress.open.max(1) as u64
    }

    /// Whether each has its answer, or none to wait for.
    pub(crate) fn is_connected(&self) -> bool {
        self.connecting == 0 && self.next == self.followers.len()
    }

    /// Lets those read who can, or waits until somebody can.
    pub(crate) fn turn(&mut self, events: &mut Events, patience: Duration) -> Result<()> {
        while self.next < self.followers.len() && self.connecting < CONNECTING_AT_ONCE {
            self.begin(self.next);
            self.next += 1;
        }
        self.come_and_go()?;
        match self.poll.poll(events, Some(patience)) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error.into()),
            _ => {}
        }
        for event in events.iter().filter(|event| event.token() != WAKING) {
            self.ready(event);
        }
        Ok(())
    }

    fn begin(&mut self, at: usize) {
        let (poll, plan) = (&self.poll, &self.plan);
        let connected = self.followers[at].connect(at, plan).and_then(|socket| {
            let interest = Interest::READABLE | Interest::WRITABLE;
            Ok(poll.registry().register(socket, Token(at), interest)?)
        });
        self.connecting += 1;
        if let Err(error) = connected {
            self.fail(at, Was::Connecting, &error);
        }
    }

    fn ready(&mut self, event: &Event) {
        let Token(at) = event.token();
        let follower = &mut self.followers[at];
        let was = if follower.is_connecting() { Was::Connecting } else { Was::Open };
        let before = follower.got;
        let came = match follower.ready(at, event.is_read_closed(), &self.plan, &mut self.reader) {
            Ok(came) if came.ended && !came.opened && was == Was::Connecting => {
                return self.fail(at, was, &anyhow!("the server ended a connection unanswered"));
            }
            Ok(came) => came,
            Err(error) => return self.fail(at, was, &error),
        };
        if let Some(took) = came.connected {
            self.progress.connected(took);
        }
        self.progress.delivered += came.deliveries;
        self.progress.heard += u64::from(event.is_readable());
        if came.opened {
            self.progress.open += 1;
            self.connecting -= 1;
            self.opened(at);
        }
        if came.ended {
            self.progress.open -= 1;
            self.progress.ended += 1;
        }
        self.measure(at, before, before + came.deliveries);
    }

    /// A follower had so much and now has so much.
    fn measure(&mut self, at: usize, before: u64, after: u64) {
        if let Some(since) = self.returning {
            let due = self.plan.due(at, self.due);
            if before < due && after >= due {
                let nanos = since.elapsed().as_nanos();
                self.delays.add(u64::try_from(nanos).unwrap_or(u64::MAX));
            }
        } else if !self.reader.stamps.is_empty() {
            let now = stamps::now_nanos();
            let mut stamps = std::mem::take(&mut self.reader.stamps);
            for stamp in stamps.drain(..) {
                if self.see(at, stamp) {
                    self.delays.add(now.saturating_sub(stamp.nanos));
                }
            }
            self.reader.stamps = stamps;
        }
        self.reader.stamps.clear();
    }

    fn fail(&mut self, at: usize, was: Was, error: &anyhow::Error) {
        self.followers[at].leave();
        match was {
            Was::Connecting => {
                self.connecting -= 1;
                self.progress.failed += 1;
            }
            Was::Open => {
                self.progress.open -= 1;
                self.progress.ended += 1;
            }
        }
        self.trouble.get_or_insert_with(|| format!("{error:#}"));
    }

    fn forget(&mut self) {
        self.followers.iter_mut().for_each(|follower| follower.got = 0);
        self.progress.delivered = 0;
        self.delays = Delays::default();
    }
}

/// Room for what one turn brings.
pub(crate) fn events() -> Events {
    Events::with_capacity(READY_AT_ONCE)
}
