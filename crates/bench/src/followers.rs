//! All followers of one worker process, on one thread: an epoll loop reads the sockets that are ready.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use mio::event::Event;
use mio::{Events, Interest, Poll, Token, Waker};

use crate::churn_state::{ChurnState, DisconnectKind};
use crate::follower::{BenchFollower, ReadContext};
use crate::latencies::Latencies;
use crate::matcher::Matcher;
use crate::timestamps::{self, Timestamp};
use crate::worker_protocol::{WorkerPlan, WorkerProgress, WorkerResults};

/// Maximum number of concurrent connection attempts. The server's accept queue is bounded, and a SYN that
/// finds it full is resent after a second or more.
const MAX_CONNECTING: usize = 100;

const READ_BUFFER_BYTES: usize = 256 * 1024;

/// Maximum number of ready sockets per poll.
const MAX_EVENTS: usize = 1_024;

const WAKER_TOKEN: Token = Token(usize::MAX);

/// The phase of a follower before an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FollowerPhase {
    Connecting,
    Open,
}

pub(crate) struct FollowerPool {
    plan: WorkerPlan,
    poll: Poll,
    followers: Vec<BenchFollower>,
    context: ReadContext,
    /// The next follower to connect.
    next: usize,
    connecting: usize,
    pub(crate) progress: WorkerProgress,
    /// Messages sent to all streams; each follower should receive those of its stream.
    messages: u64,
    /// Start of the reconnect; set while the time to catch up is measured.
    reconnect_start: Option<Instant>,
    latencies: Latencies,
    churn: Option<ChurnState>,
    /// The first failure, until it is reported.
    pub(crate) first_failure: Option<String>,
}

impl FollowerPool {
    pub(crate) fn new(plan: WorkerPlan) -> Result<Self> {
        let followers = (0..plan.followers).map(|index| BenchFollower::new(index, &plan)).collect();
        let context = ReadContext {
            mark: Matcher::new(plan.mark.as_bytes()),
            timestamp_prefix: timestamps::prefix_matcher(),
            buffer: vec![0; READ_BUFFER_BYTES],
            timestamps: Vec::new(),
        };
        Ok(Self {
            poll: Poll::new().context("cannot create an epoll instance")?,
            followers,
            context,
            next: plan.followers,
            connecting: 0,
            progress: WorkerProgress::default(),
            messages: 0,
            reconnect_start: None,
            latencies: Latencies::new(),
            churn: ChurnState::new(&plan),
            first_failure: None,
            plan,
        })
    }

    /// A waker that interrupts [`FollowerPool::poll`].
    pub(crate) fn waker(&self) -> Result<Arc<Waker>> {
        Ok(Arc::new(Waker::new(self.poll.registry(), WAKER_TOKEN)?))
    }

    /// Starts to connect all followers.
    pub(crate) fn connect(&mut self) {
        self.next = 0;
        self.connecting = 0;
        self.progress = WorkerProgress::default();
    }

    /// Counts from zero; `messages` follow.
    pub(crate) fn reset_counters(&mut self, messages: u64) {
        self.messages = messages;
        self.reconnect_start = None;
        self.followers.iter_mut().for_each(|follower| follower.delivered = 0);
        self.progress.delivered = 0;
        self.latencies = Latencies::new();
    }

    /// Disconnects all followers at once.
    pub(crate) fn disconnect(&mut self) {
        self.followers.iter_mut().for_each(BenchFollower::disconnect);
        self.next = self.followers.len();
        self.progress.open = 0;
    }

    /// Starts to reconnect all followers, to receive the part that they missed of `messages`.
    pub(crate) fn reconnect(&mut self, messages: u64) {
        self.reset_counters(messages);
        self.reconnect_start = Some(Instant::now());
        self.connect();
    }

    pub(crate) fn start_churn(&mut self) {
        if let Some(churn) = &mut self.churn {
            churn.start();
        }
    }

    pub(crate) fn stop_churn(&mut self) {
        if let Some(churn) = &mut self.churn {
            churn.stop();
        }
    }

    pub(crate) fn results(&self) -> WorkerResults {
        let followers = self.followers.iter().enumerate();
        let complete = followers.filter(|(index, follower)| {
            follower.delivered == self.plan.expected(*index, self.messages)
        });
        WorkerResults {
            progress: self.progress,
            complete: complete.count(),
            latencies: vec![self.latencies.counts()],
        }
    }

    /// The number of messages that all followers have received, if all streams have equally many.
    pub(crate) fn messages(&self) -> u64 {
        self.progress.delivered * self.plan.paths.len() as u64 / self.progress.open.max(1) as u64
    }

    /// No follower is waiting for a connection or a response.
    pub(crate) fn is_connected(&self) -> bool {
        self.connecting == 0 && self.next == self.followers.len()
    }

    /// Starts the connections that are due, and handles the sockets that are ready or become ready within
    /// `timeout`.
    pub(crate) fn poll(&mut self, events: &mut Events, timeout: Duration) -> Result<()> {
        while self.next < self.followers.len() && self.connecting < MAX_CONNECTING {
            self.start_connect(self.next);
            self.next += 1;
        }
        self.run_churn()?;
        match self.poll.poll(events, Some(timeout)) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error.into()),
            _ => {}
        }
        for event in events.iter().filter(|event| event.token() != WAKER_TOKEN) {
            self.handle_event(event);
        }
        Ok(())
    }

    fn start_connect(&mut self, index: usize) {
        let registry = self.poll.registry();
        let connected = self.followers[index].connect(index, &self.plan).and_then(|socket| {
            let interest = Interest::READABLE | Interest::WRITABLE;
            Ok(registry.register(socket, Token(index), interest)?)
        });
        self.connecting += 1;
        if let Err(error) = connected {
            self.fail(index, FollowerPhase::Connecting, &error);
        }
    }

    /// Disconnects and reconnects the followers whose time has come under churn.
    fn run_churn(&mut self) -> Result<()> {
        for _ in 0..self.churn.as_mut().map_or(0, ChurnState::take_due_disconnects) {
            self.disconnect_one()?;
        }
        while self.connecting < MAX_CONNECTING
            && let Some(index) = self.churn.as_mut().and_then(ChurnState::take_due_reconnect)
        {
            self.start_connect(index);
        }
        Ok(())
    }

    /// Disconnects the first open follower from a random index on.
    fn disconnect_one(&mut self) -> Result<()> {
        let Some(churn) = &mut self.churn else { return Ok(()) };
        let count = self.followers.len();
        let first = rand::random_range(0..count);
        let mut candidates = (first..count).chain(0..first);
        let Some(index) = candidates.find(|index| self.followers[*index].is_open()) else {
            return Ok(());
        };
        let departure = churn.disconnect(index, self.progress.disconnects);
        match departure.disconnect {
            DisconnectKind::Close => self.followers[index].disconnect(),
            DisconnectKind::Reset => self.followers[index].reset()?,
        }
        if !departure.resumes {
            self.followers[index].forget_event_id();
        }
        self.progress.open -= 1;
        self.progress.disconnects += 1;
        Ok(())
    }

    fn handle_event(&mut self, event: &Event) {
        let Token(index) = event.token();
        let follower = &mut self.followers[index];
        let phase = match follower.is_connecting() {
            true => FollowerPhase::Connecting,
            false => FollowerPhase::Open,
        };
        let before = follower.delivered;
        let closed = event.is_read_closed();
        let result = match follower.handle_ready(index, closed, &self.plan, &mut self.context) {
            Ok(result) if result.ended && !result.opened && phase == FollowerPhase::Connecting => {
                let error = anyhow!("the server closed a connection without a response");
                return self.fail(index, phase, &error);
            }
            Ok(result) => result,
            Err(error) => return self.fail(index, phase, &error),
        };
        if let Some(elapsed) = result.connected_after {
            self.progress.record_connect(elapsed);
        }
        self.progress.delivered += result.deliveries;
        self.progress.reads += u64::from(event.is_readable());
        if result.opened {
            self.progress.open += 1;
            self.connecting -= 1;
            if let Some(churn) = &mut self.churn {
                let reconnected = churn.record_open(index, timestamps::monotonic_nanos());
                self.progress.reconnects += u64::from(reconnected);
            }
        }
        if result.ended {
            self.progress.open -= 1;
            self.progress.ended += 1;
        }
        self.record_latencies(index, before, before + result.deliveries);
    }

    /// Records how long the messages took that raised a follower's deliveries from `before` to `after`.
    fn record_latencies(&mut self, index: usize, before: u64, after: u64) {
        // Take the buffer out, since `receive` borrows `self`.
        let mut timestamps = std::mem::take(&mut self.context.timestamps);
        if let Some(start) = self.reconnect_start {
            let expected = self.plan.expected(index, self.messages);
            if before < expected && after >= expected {
                self.latencies
                    .record(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX));
            }
        } else if !timestamps.is_empty() {
            let now = timestamps::monotonic_nanos();
            for timestamp in &timestamps {
                if self.receive(index, *timestamp) {
                    self.latencies.record(now.saturating_sub(timestamp.nanos));
                }
            }
        }
        timestamps.clear();
        self.context.timestamps = timestamps;
    }

    /// Checks the message's number under churn. Returns whether the follower was connected when the message
    /// was sent: otherwise its latency would include the time away.
    fn receive(&mut self, index: usize, timestamp: Timestamp) -> bool {
        match &mut self.churn {
            Some(churn) => churn.receive(index, timestamp, &mut self.progress),
            None => true,
        }
    }

    fn fail(&mut self, index: usize, phase: FollowerPhase, error: &anyhow::Error) {
        self.followers[index].disconnect();
        match phase {
            FollowerPhase::Connecting => {
                self.connecting -= 1;
                self.progress.failed += 1;
            }
            FollowerPhase::Open => {
                self.progress.open -= 1;
                self.progress.ended += 1;
            }
        }
        self.first_failure.get_or_insert_with(|| format!("{error:#}"));
    }
}

/// A buffer for the events of one poll.
pub(crate) fn event_buffer() -> Events {
    Events::with_capacity(MAX_EVENTS)
}
