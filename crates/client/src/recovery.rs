//! The rules of recovery, without sockets and clocks: [`BoardFollower`](crate::BoardFollower) reports what happens and
//! when, and does the next step. They are those of `connection.ts` of the client for browsers.
//!
//! "Live" is a claim about the rows, not about the socket: an open stream may still owe missed events. The rows are live
//! after a whole timetable, or when the server confirms that its newest event is the last one received.

use std::collections::VecDeque;
use std::time::{Duration, Instant, SystemTime};

use sse::DecodedEvent;

use crate::backoff::{backoff, spread};
use crate::board::{Board, StepEffect};
use crate::board_reply::BoardReply;
use crate::completeness::{Completeness, EventPlace, LateEvent, RowsEvidence};
use crate::follower::FollowUpdate;
use crate::options::FollowOptions;
use crate::row::RowChange;
use crate::status::FollowStatus;
use crate::stream_event::{BoardHeartbeat, BoardStep, StreamEvent};

/// Longest silence of a stream before it is confirmed, and longest time from a cut to the next opening: longer than any
/// `retry:` of an overloaded server, and long enough for a large timetable on a slow line.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(130);

/// A stream that was open reconnects by itself, with the server's `retry:`, until as many cuts have followed each other.
pub(crate) const OWN_RETRIES: u32 = 3;

/// Longest time between two questions whether a closed board is open again, or a denied one accessible.
pub(crate) const REOPEN_POLL: Duration = Duration::from_secs(30);

/// A moment, by both clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// It goes on while the computer sleeps, and may be set.
    pub(crate) wall: SystemTime,
    /// It is never set, and stops while the computer sleeps.
    pub(crate) ticks: Instant,
}

/// The step that the follower takes, once for each value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NextStep {
    /// Open a new stream after the last id.
    Connect { wait: Duration },
    /// Request the board.
    Ask { wait: Duration },
}

pub(crate) struct Recovery {
    board: Board,
    status: FollowStatus,
    completeness: Completeness,
    options: FollowOptions,
    /// From 0 (inclusive) to 1 (exclusive).
    random: Box<dyn FnMut() -> f64 + Send>,
    /// When the rows were last confirmed.
    confirmed_at: Option<SystemTime>,
    /// Since when the server itself may be behind, if it says so.
    behind_since: Option<SystemTime>,
    /// Attempts since the rows were last confirmed.
    attempts: u32,
    own_retries: u32,
    stream: StreamPhase,
    /// When something arrived, or an attempt began.
    heard_at: Moment,
    updates: VecDeque<FollowUpdate>,
    next: Option<NextStep>,
    wants_replica: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StreamPhase {
    None,
    /// A new stream, without an answer yet.
    Requested,
    Open,
    /// It reconnects by itself.
    Retrying,
}

impl Moment {
    pub(crate) fn now() -> Self {
        Self { wall: SystemTime::now(), ticks: Instant::now() }
    }

    /// The longer time of both clocks: either alone could mistake an hour for a moment.
    fn since(self, earlier: Self) -> Duration {
        let wall = self.wall.duration_since(earlier.wall).unwrap_or_default();
        wall.max(self.ticks.saturating_duration_since(earlier.ticks))
    }
}

impl Recovery {
    /// The first step is to connect at once.
    pub(crate) fn new(
        options: FollowOptions,
        random: impl FnMut() -> f64 + Send + 'static,
        now: Moment,
    ) -> Self {
        Self {
            board: Board::default(),
            status: FollowStatus::Connecting,
            completeness: Completeness::default(),
            options,
            random: Box::new(random),
            confirmed_at: None,
            behind_since: None,
            attempts: 0,
            own_retries: 0,
            stream: StreamPhase::None,
            heard_at: now,
            updates: VecDeque::from([FollowUpdate::Status(FollowStatus::Connecting)]),
            next: Some(NextStep::Connect { wait: Duration::ZERO }),
            wants_replica: false,
        }
    }

    pub(crate) fn board(&self) -> &Board {
        &self.board
    }

    pub(crate) fn status(&self) -> &FollowStatus {
        &self.status
    }

    pub(crate) fn last_id(&self) -> &str {
        self.completeness.last_id()
    }

    /// The next news for the caller.
    pub(crate) fn take_update(&mut self) -> Option<FollowUpdate> {
        self.updates.pop_front()
    }

    /// A step that ends the present stream and all waits.
    pub(crate) fn take_step(&mut self) -> Option<NextStep> {
        self.next.take()
    }

    /// Tells the follower to ask if another replica is up to date.
    pub(crate) fn take_replica_question(&mut self) -> bool {
        std::mem::take(&mut self.wants_replica)
    }

    /// When [`handle_gap`](Self::handle_gap) is due.
    pub(crate) fn gap_deadline(&self) -> Option<Instant> {
        self.completeness.deadline()
    }

    /// A new stream is requested.
    pub(crate) fn handle_request(&mut self, now: Moment) {
        self.own_retries = 0;
        self.stream = StreamPhase::Requested;
        self.heard_at = now;
    }

    /// The head of a stream has arrived. It may be of another server, which says if it is behind before any rows.
    pub(crate) fn handle_open(&mut self, now: Moment) {
        self.own_retries = OWN_RETRIES;
        self.stream = StreamPhase::Open;
        self.heard_at = now;
        self.behind_since = None;
    }

    pub(crate) fn handle_event(&mut self, event: &DecodedEvent, now: Moment) {
        match StreamEvent::parse(&event.event, &event.data) {
            Ok(StreamEvent::Step(step)) if !self.exceeds_rows(&step) => {
                self.heard_at = now;
                self.receive(step, &event.last_event_id, now);
            }
            Ok(StreamEvent::Heartbeat(heartbeat)) => {
                self.heard_at = now;
                self.receive_heartbeat(heartbeat, &event.last_event_id, now);
            }
            Ok(StreamEvent::Ignored) => {}
            Ok(StreamEvent::Step(_)) | Err(_) => self.handle_unreadable(now),
        }
    }

    /// An event is lost. These rows cannot be trusted, so the next stream begins with all rows.
    pub(crate) fn handle_unreadable(&mut self, now: Moment) {
        self.completeness.forget_rows();
        self.replace(now);
    }

    /// The connection is cut. The stream opens it again by itself, unless there is a next step.
    pub(crate) fn handle_cut(&mut self, now: Moment) {
        self.completeness.stop_expecting();
        self.mark_reconnecting(now);
        if self.own_retries == 0 {
            return self.reconnect_later();
        }
        self.own_retries -= 1;
        self.stream = StreamPhase::Retrying;
        self.heard_at = now;
    }

    /// The answer is no stream. Only the request for the board tells whether it is closed, absent or denied.
    pub(crate) fn handle_refusal(&mut self, now: Moment) {
        self.completeness.stop_expecting();
        self.mark_reconnecting(now);
        // A follower of a board that does not exist learns it at once.
        let is_new = self.confirmed_at.is_none() && self.attempts == 0;
        let wait = self.next_wait();
        self.ask_later(if is_new { Duration::ZERO } else { wait });
    }

    /// To be called every second, since timers stop while the computer sleeps.
    pub(crate) fn check_silence(&mut self, now: Moment) {
        if self.stream == StreamPhase::None || now.since(self.heard_at) < self.silence_limit() {
            return;
        }
        self.mark_stale(now);
        self.mark_reconnecting(now);
        // All followers may have lost the server in the same second, so the new stream waits.
        self.reconnect_later();
    }

    pub(crate) fn handle_gap(&mut self, now: Moment) {
        match self.completeness.handle_deadline(now.ticks) {
            Some(LateEvent::Slow) => self.mark_stale(now),
            Some(LateEvent::Lost) => self.replace(now),
            None => {}
        }
    }

    /// The answer to [`take_replica_question`](Self::take_replica_question). Another replica that is up to date may get
    /// the stream as well.
    pub(crate) fn handle_replica(&mut self, reply: &BoardReply, now: Moment) {
        if *reply == (BoardReply::Open { is_current: true }) && self.stream == StreamPhase::Open {
            self.replace(now);
        }
    }

    /// The answer to [`NextStep::Ask`].
    pub(crate) fn handle_reply(&mut self, reply: BoardReply) {
        let is_closed = matches!(self.status, FollowStatus::Closed { .. });
        let is_denied = matches!(self.status, FollowStatus::Denied { .. });
        let is_absent = matches!(self.status, FollowStatus::Absent { .. });
        match reply {
            BoardReply::Denied { detail } => self.deny(detail),
            BoardReply::Open { .. } if is_closed => {
                // Nothing of the former rows is on the board.
                self.completeness.forget_rows();
                self.start_over();
            }
            _ if is_closed => self.ask_now_and_then(),
            BoardReply::Unknown if is_denied => self.ask_now_and_then(),
            BoardReply::Closed { reason } => self.close(reason),
            BoardReply::Absent => {
                self.set_status(FollowStatus::Absent { since: self.confirmed_at });
                let wait = self.next_wait();
                self.ask_later(wait);
            }
            _ if is_absent || is_denied => self.start_over(),
            _ => self.next_step(NextStep::Connect { wait: Duration::ZERO }),
        }
    }

    fn receive(&mut self, step: BoardStep, id: &str, now: Moment) {
        let is_timetable = matches!(step, BoardStep::Timetable { .. });
        if !is_timetable {
            match self.completeness.classify(id) {
                EventPlace::Next => {}
                EventPlace::Duplicate => return,
                EventPlace::Foreign => return self.handle_unreadable(now),
            }
        }
        let Ok(effect) = self.board.take(step) else { return self.handle_unreadable(now) };
        match effect {
            StepEffect::FirstRows => {
                self.updates.extend([FollowUpdate::Board, FollowUpdate::Rows]);
            }
            StepEffect::Changes(changes) => self.tell_changes(changes),
            StepEffect::Details(changes) => {
                self.updates.push_back(FollowUpdate::Board);
                self.tell_changes(changes);
            }
            StepEffect::Closed(reason) => return self.close(Some(reason)),
        }
        if is_timetable {
            self.completeness.begin(id);
            return self.confirm(now);
        }
        match self.completeness.advance(id) {
            RowsEvidence::Head => self.confirm_head(now),
            RowsEvidence::InOrder if self.status.is_live() => self.confirmed_at = Some(now.wall),
            _ => {}
        }
    }

    fn receive_heartbeat(&mut self, heartbeat: BoardHeartbeat, id: &str, now: Moment) {
        let BoardHeartbeat { head, behind, .. } = heartbeat.clone();
        self.updates.push_back(FollowUpdate::Heartbeat(heartbeat));
        if !self.completeness.follow_id(id) {
            return self.handle_unreadable(now);
        }
        let Some(behind) = behind else {
            self.behind_since = None;
            if self.completeness.compare_head(&head, now.ticks) == RowsEvidence::Head {
                self.confirm_head(now);
            }
            return;
        };
        // The head of a server that is behind proves nothing.
        let since = now.wall.checked_sub(behind).unwrap_or(SystemTime::UNIX_EPOCH);
        self.behind_since.get_or_insert(since);
        self.completeness.stop_expecting();
        if !self.completeness.last_id().is_empty() {
            self.confirm(now);
            self.wants_replica = true;
        }
    }

    fn confirm_head(&mut self, now: Moment) {
        self.attempts = 0;
        self.confirm(now);
    }

    /// The rows are those of the server, which itself may be behind.
    fn confirm(&mut self, now: Moment) {
        match self.behind_since {
            None => {
                self.confirmed_at = Some(now.wall);
                self.set_status(FollowStatus::Live);
            }
            Some(since) if !matches!(self.status, FollowStatus::Stale { .. }) => {
                self.confirmed_at = Some(since);
                self.mark_as(now, |since| FollowStatus::Stale { since });
            }
            Some(_) => {}
        }
    }

    fn mark_stale(&mut self, now: Moment) {
        if self.status.is_live() {
            self.mark_as(now, |since| FollowStatus::Stale { since });
        }
    }

    fn mark_reconnecting(&mut self, now: Moment) {
        let is_marked =
            matches!(self.status, FollowStatus::Stale { .. } | FollowStatus::Reconnecting { .. });
        if !is_marked {
            self.mark_as(now, |since| FollowStatus::Reconnecting { since });
        }
    }

    fn mark_as(&mut self, now: Moment, doubt: impl FnOnce(SystemTime) -> FollowStatus) {
        self.set_status(doubt(self.confirmed_at.unwrap_or(now.wall)));
    }

    fn set_status(&mut self, status: FollowStatus) {
        if self.status != status {
            self.status = status.clone();
            self.updates.push_back(FollowUpdate::Status(status));
        }
    }

    fn tell_changes(&mut self, changes: Vec<RowChange>) {
        if !changes.is_empty() {
            self.updates.push_back(FollowUpdate::Changes(changes));
        }
    }

    fn replace(&mut self, now: Moment) {
        self.mark_reconnecting(now);
        self.reconnect_later();
    }

    fn reconnect_later(&mut self) {
        let wait = self.next_wait();
        self.next_step(NextStep::Connect { wait });
    }

    fn start_over(&mut self) {
        self.set_status(FollowStatus::Connecting);
        self.next_step(NextStep::Connect { wait: Duration::ZERO });
    }

    fn ask_later(&mut self, wait: Duration) {
        self.next_step(NextStep::Ask { wait });
    }

    /// Other followers ask at other moments.
    fn ask_now_and_then(&mut self) {
        let wait = spread(REOPEN_POLL, 0.5, (self.random)());
        self.ask_later(wait);
    }

    fn next_step(&mut self, step: NextStep) {
        self.stream = StreamPhase::None;
        self.completeness.stop_expecting();
        self.next = Some(step);
    }

    fn close(&mut self, reason: Option<String>) {
        self.set_status(FollowStatus::Closed { reason });
        self.ask_now_and_then();
    }

    /// Forgets the rows: the token gives no right to them any more. It may get the right again.
    fn deny(&mut self, detail: Option<String>) {
        let had_rows = match self.status {
            FollowStatus::Denied { had_rows, .. } => had_rows,
            _ => !self.completeness.last_id().is_empty(),
        };
        self.completeness.forget_rows();
        self.board = Board::default();
        self.confirmed_at = None;
        self.attempts = 0;
        self.set_status(FollowStatus::Denied { had_rows, detail });
        self.ask_now_and_then();
    }

    fn exceeds_rows(&self, step: &BoardStep) -> bool {
        match step {
            BoardStep::Timetable { rows, .. } => rows.len() > self.options.max_rows,
            BoardStep::Addition(row) => {
                self.board.rows().len() >= self.options.max_rows
                    && self.board.row(row.key()).is_none()
            }
            _ => false,
        }
    }

    fn silence_limit(&self) -> Duration {
        let silence = self.options.silence_timeout;
        match self.stream {
            StreamPhase::Retrying => CONNECT_TIMEOUT,
            // Held back, an open stream has longer with each attempt, for a large timetable on a slow line.
            StreamPhase::Open if !self.status.is_live() => {
                silence.saturating_mul(2_u32.saturating_pow(self.attempts)).min(CONNECT_TIMEOUT)
            }
            _ => silence,
        }
    }

    fn next_wait(&mut self) -> Duration {
        let attempts = self.attempts;
        self.attempts = attempts.saturating_add(1);
        backoff(self.options.first_wait, self.options.max_wait, attempts, (self.random)())
    }
}

#[cfg(test)]
mod tests;
