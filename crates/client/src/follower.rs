//! A follower: the rules of recovery, with a stream and a clock.

use std::future::{Future, pending};
use std::pin::Pin;
use std::time::Duration;

use futures_util::stream::{self, Stream};
use tokio::time::{Instant, sleep_until};

use crate::board::Board;
use crate::board_reply::{BoardReply, fetch_board};
use crate::board_url::BoardUrl;
use crate::http::ClientSetupError;
use crate::http_event_source::{EventRequests, HttpEventSource, SourceSignal};
use crate::options::FollowOptions;
use crate::recovery::{Moment, NextStep, Recovery};
use crate::row::RowChange;
use crate::status::FollowStatus;
use crate::stream_event::BoardHeartbeat;

/// Silence is noticed within this time, also after the computer slept.
const WATCHDOG_INTERVAL: Duration = Duration::from_secs(1);

/// Follows one board until it is dropped. It does its work in [`next`](Self::next) only, on a Tokio runtime: between two
/// calls it reads nothing, and the status is that of the last call.
pub struct BoardFollower {
    url: BoardUrl,
    requests: EventRequests,
    max_event_bytes: usize,
    recovery: Recovery,
    phase: FollowPhase,
    /// When to check for silence, whether or not the caller drops futures in between.
    watchdog_at: Instant,
    replica: Option<ReplyFuture>,
}

/// News of a board.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum FollowUpdate {
    /// The status has changed.
    Status(FollowStatus),
    /// All rows are new: read them from [`BoardFollower::board`].
    Rows,
    /// These rows differ, also after a reconnect. Not empty.
    Changes(Vec<RowChange>),
    /// The settings or the source of the board differ: read them from [`BoardFollower::board`].
    Board,
    /// The server is alive and says its time.
    Heartbeat(BoardHeartbeat),
}

enum FollowPhase {
    /// Wait, and do the step then.
    Waiting(Instant, NextStep),
    Streaming(Box<HttpEventSource>),
    Asking(ReplyFuture),
}

type ReplyFuture = Pin<Box<dyn Future<Output = BoardReply> + Send>>;

impl BoardFollower {
    /// A follower of the board at this URL. Nothing is requested before the first [`next`](Self::next).
    ///
    /// # Errors
    /// The options cannot be used, or TLS is not available.
    pub fn new(url: BoardUrl, options: FollowOptions) -> Result<Self, ClientSetupError> {
        let requests = EventRequests::new(&url, "/events", &options)?;
        let max_event_bytes = options.max_event_bytes;
        let mut recovery = Recovery::new(options, rand::random::<f64>, Moment::now());
        let step = recovery.take_step().expect("a new follower has a first step");
        let phase = FollowPhase::Waiting(Instant::now(), step);
        Ok(Self {
            url,
            requests,
            max_event_bytes,
            recovery,
            phase,
            watchdog_at: Instant::now() + WATCHDOG_INTERVAL,
            replica: None,
        })
    }

    /// The next news. It has no end: a board that is closed is followed again once it is open. Nothing is lost if the
    /// caller drops the future, so that it can be used in `select!`.
    pub async fn next(&mut self) -> FollowUpdate {
        loop {
            if let Some(update) = self.recovery.take_update() {
                return update;
            }
            self.work().await;
            if let Some(step) = self.recovery.take_step() {
                let (NextStep::Connect { wait } | NextStep::Ask { wait }) = step;
                self.phase = FollowPhase::Waiting(Instant::now() + wait, step);
                self.replica = None;
            }
            if self.recovery.take_replica_question() && self.replica.is_none() {
                self.replica = Some(self.ask());
            }
        }
    }

    /// The same as a [`Stream`].
    pub fn into_stream(self) -> impl Stream<Item = FollowUpdate> {
        stream::unfold(self, async |mut follower| {
            let update = follower.next().await;
            Some((update, follower))
        })
    }

    /// The rows and all else that is known of the board, with the effects of all updates that were taken and of those
    /// that the same event caused.
    pub fn board(&self) -> &Board {
        self.recovery.board()
    }

    /// The status of the rows.
    pub fn status(&self) -> &FollowStatus {
        self.recovery.status()
    }

    /// The id of the last event, after which the next stream continues; empty if that begins with all rows.
    pub fn last_event_id(&self) -> &str {
        self.recovery.last_id()
    }

    /// The board's URL.
    pub fn url(&self) -> &BoardUrl {
        &self.url
    }

    /// Works until something has happened. Dropped in between, it goes on with the next call.
    async fn work(&mut self) {
        match &mut self.phase {
            FollowPhase::Waiting(until, step) => {
                sleep_until(*until).await;
                match step {
                    NextStep::Connect { .. } => self.connect(),
                    NextStep::Ask { .. } => self.phase = FollowPhase::Asking(self.ask()),
                }
            }
            FollowPhase::Asking(reply) => {
                let reply = reply.await;
                self.recovery.handle_reply(reply);
            }
            FollowPhase::Streaming(source) => {
                let gap = self.recovery.gap_deadline();
                tokio::select! {
                    // Events in the socket come before any doubt.
                    biased;
                    signal = source.next() => self.handle_signal(signal),
                    () = wait_until(gap) => self.recovery.handle_gap(Moment::now()),
                    reply = ready(&mut self.replica) => {
                        self.replica = None;
                        self.recovery.handle_replica(&reply, Moment::now());
                    }
                    () = sleep_until(self.watchdog_at) => self.check_silence(),
                }
            }
        }
    }

    fn check_silence(&mut self) {
        let delay = self.watchdog_at.elapsed();
        self.watchdog_at = Instant::now() + WATCHDOG_INTERVAL;
        // If the caller was busy for longer, the socket may have events that were not read yet. While the computer
        // sleeps, this clock stops.
        if delay < WATCHDOG_INTERVAL {
            self.recovery.check_silence(Moment::now());
        }
    }

    fn connect(&mut self) {
        let requests = self.requests.clone();
        let source = HttpEventSource::new(requests, self.recovery.last_id(), self.max_event_bytes);
        self.phase = FollowPhase::Streaming(Box::new(source));
        self.recovery.handle_request(Moment::now());
    }

    fn ask(&self) -> ReplyFuture {
        Box::pin(fetch_board(self.url.clone(), self.requests.clone()))
    }

    fn handle_signal(&mut self, signal: Option<SourceSignal>) {
        let now = Moment::now();
        match signal {
            Some(SourceSignal::Open) => self.recovery.handle_open(now),
            Some(SourceSignal::Event(event)) => self.recovery.handle_event(&event, now),
            Some(SourceSignal::Cut(_)) => self.recovery.handle_cut(now),
            Some(SourceSignal::Oversized) => self.recovery.handle_unreadable(now),
            Some(SourceSignal::Refused(_)) | None => self.recovery.handle_refusal(now),
        }
    }
}

/// Never ready without a deadline.
async fn wait_until(deadline: Option<std::time::Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline.into()).await,
        None => pending().await,
    }
}

/// Never ready without a reply that is awaited.
async fn ready(reply: &mut Option<ReplyFuture>) -> BoardReply {
    match reply {
        Some(reply) => reply.await,
        None => pending().await,
    }
}
