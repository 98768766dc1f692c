//! A stream that plays the past of a board, faster than it happened, until it meets the present and goes on live.
//!
//! It reads the index of the past in pages, each when the one before is sent. Events that happen meanwhile come in a later
//! page, and at the end from the window of the board. So none is lost or sent twice.

/// Decides whether a request gets a playback.
pub(super) mod admission;

/// The time that is played.
mod clock;

/// The parameters of a playback.
pub(super) mod query;

use std::collections::VecDeque;
use std::time::Duration;

use engine::{BoardStatus, frames};
use fanout::{Follower, Frame, PullResult, ResumePoint};
use flight::BoardName;
use futures_util::FutureExt;
use history::{HistoryError, HistoryScope, PastEvent, PastMoment};
use jiff::{SignedDuration, Timestamp};
use journal::{RecordId, Seq};
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep, sleep_until};

use super::heartbeat::heartbeat;
use super::params::PlaybackId;
use super::right::StreamRevocation;
use crate::app::App;
use crate::http::page;
use clock::PlaybackClock;

/// A playback goes on live when it is this close to the present.
const LIVE_MARGIN: SignedDuration = SignedDuration::from_secs(1);

/// The event that ends the streams of a board.
const CLOSED: &str = "closedConnection";

/// Pause before the next attempt if the past cannot be read for now.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// The past of a board, played from a time on.
pub(super) struct Playback {
    app: App,
    board: BoardName,
    scope: HistoryScope,
    clock: PlaybackClock,
    phase: PlaybackPhase,
    /// The last event sent.
    seq: Seq,
    /// The last id sent, or an empty text.
    id: String,
    /// Frames that are due.
    ready: Vec<Frame>,
    /// Room for the rows among them, until they are taken.
    room: Option<OwnedSemaphorePermit>,
    /// Events that are not due yet: the rest of a page.
    page: VecDeque<PastEvent>,
    /// After those of the page, the index has no event before this time.
    known_until: Timestamp,
    is_resumed: bool,
    revocation: StreamRevocation,
    /// A place among all playbacks, until it goes on live.
    place: Option<OwnedSemaphorePermit>,
}

enum PlaybackPhase {
    Past,
    Live(Follower),
    Ended,
}

/// The continuation after a page.
enum PageEnd {
    /// Perhaps more events of the past.
    Full,
    /// Only events that happened after it was read.
    Newest,
    /// Nothing: the board is private now, or forgotten.
    NoRight,
}

impl Playback {
    fn new(
        app: App,
        board: BoardName,
        scope: HistoryScope,
        revocation: StreamRevocation,
        place: OwnedSemaphorePermit,
        speed: u32,
    ) -> Self {
        Self {
            app,
            board,
            scope,
            clock: PlaybackClock::start(Instant::now(), Timestamp::MIN, speed),
            phase: PlaybackPhase::Past,
            seq: Seq::ZERO,
            id: String::new(),
            ready: Vec::new(),
            room: None,
            page: VecDeque::new(),
            known_until: Timestamp::MIN,
            is_resumed: false,
            revocation,
            place: Some(place),
        }
    }

    /// Begins with the rows as of a moment.
    async fn begin(&mut self, moment: PastMoment, reason: &str) -> Result<(), HistoryError> {
        let newest = self.newest().ok_or(HistoryError::Behind)?;
        let history = &self.app.state.history;
        let rows = history.rows(&self.board, newest, self.scope, moment).await?;
        let data = rows.timetable(reason);
        self.room = Some(history.room_for(data.len())?);
        // The boards may lack an event that the index has already.
        let boards = self.app.state.engine.boards();
        boards.event_id(rows.seq.0).ok_or(HistoryError::Behind)?;
        let from = match moment {
            PastMoment::Time(time) => time,
            PastMoment::Event(_) => rows.time,
        };
        self.clock = PlaybackClock::start(Instant::now(), from, self.clock.speed());
        self.known_until = from;
        self.page.clear();
        self.send(rows.seq, from, "timetable", &data);
        Ok(())
    }

    /// Begins with the rows as of a time, or as of the oldest time that can be had.
    async fn begin_again(&mut self, time: Timestamp, reason: &str) -> Result<(), HistoryError> {
        match self.begin(PastMoment::Time(time), reason).await {
            Err(HistoryError::TooOld { oldest }) => {
                self.begin(PastMoment::Time(oldest), reason).await
            }
            begun => begun,
        }
    }

    /// Goes on after the last event of an earlier stream.
    async fn resume(&mut self, last: PlaybackId) -> Result<(), HistoryError> {
        if !self.app.state.engine.boards().honours(last.record) {
            return self.begin_again(last.time, "unknown").await;
        }
        self.seq = last.record.seq;
        self.id = last.to_string();
        self.clock = PlaybackClock::start(Instant::now(), last.time, self.clock.speed());
        match self.load().await {
            Err(HistoryError::TooOld { oldest }) => {
                self.begin_again(oldest.max(last.time), "expired").await
            }
            Ok(PageEnd::NoRight) => Err(HistoryError::Behind),
            loaded => {
                self.is_resumed = loaded.is_ok();
                loaded.map(drop)
            }
        }
    }

    /// True if it goes on after the last event of an earlier stream.
    pub(super) fn is_resumed(&self) -> bool {
        self.is_resumed
    }

    /// Its end if a right to the board is lost.
    pub(super) fn revocation(&self) -> &StreamRevocation {
        &self.revocation
    }

    /// Returns the frames that are due.
    pub(super) fn pull(&mut self) -> PullResult {
        // The caller pulls again when it has sent all before.
        self.room = None;
        if self.revocation.happened().now_or_never().is_some() {
            return PullResult::Closed;
        }
        self.take_due(self.clock.time_at(Instant::now()));
        // A board that is opened again has another channel, so the revocation does not tell of its privacy.
        if !self.ready.is_empty() && self.newest().is_none() {
            return PullResult::Closed;
        }
        if !self.ready.is_empty() {
            return PullResult::Frames(std::mem::take(&mut self.ready));
        }
        match &mut self.phase {
            PlaybackPhase::Past => PullResult::Empty,
            PlaybackPhase::Live(follower) => follower.pull(),
            PlaybackPhase::Ended => PullResult::Closed,
        }
    }

    /// Waits until there may be something to pull. Dropping the future loses nothing.
    pub(super) async fn wait(&mut self) {
        if let PlaybackPhase::Live(follower) = &mut self.phase {
            return follower.wait().await;
        }
        let next = self.page.front().map_or(self.known_until, |event| event.time);
        let is_over = tokio::select! {
            () = sleep_until(self.clock.instant_of(next)) => false,
            () = self.revocation.happened() => true,
        };
        if self.page.is_empty() && !is_over {
            self.go_on().await;
        }
    }

    /// The heartbeat, which names the last event taken: while it plays with the time that is played and the speed.
    pub(super) fn heartbeat(&self) -> Option<Frame> {
        if let PlaybackPhase::Live(follower) = &self.phase {
            return heartbeat(&self.app.state, follower.channel(), follower.position()?);
        }
        // Before the next page is read, it may have got ahead of the present.
        let played = self.clock.time_at(Instant::now()).min(Timestamp::now());
        let data = json!({
            "at": format!("{played:.0}"),
            "head": self.id,
            "speed": self.clock.speed(),
            "build": page::build(),
        });
        (!self.id.is_empty()).then(|| frames::encode(None, "heartbeat", &data.to_string()))
    }

    /// Reads the next page, and goes on live where the present is met.
    async fn go_on(&mut self) {
        let played = self.clock.time_at(Instant::now());
        let is_met = Timestamp::now().duration_since(played) <= LIVE_MARGIN;
        match self.load().await {
            Ok(PageEnd::Newest) if is_met => self.go_live(),
            Ok(PageEnd::Newest | PageEnd::Full) => {}
            Ok(PageEnd::NoRight) => self.phase = PlaybackPhase::Ended,
            // The next events were removed while the follower did not read.
            Err(HistoryError::TooOld { oldest }) => {
                if self.begin_again(oldest.max(played), "expired").await.is_err() {
                    self.phase = PlaybackPhase::Ended;
                }
            }
            Err(_) => sleep(RETRY_INTERVAL).await,
        }
    }

    /// Reads the page after the last event.
    async fn load(&mut self) -> Result<PageEnd, HistoryError> {
        let history = &self.app.state.history;
        let now = Timestamp::now();
        let Some(newest) = self.newest() else { return Ok(PageEnd::NoRight) };
        let page = history.events_after(&self.board, newest, self.scope, self.seq).await?;
        let mut events = VecDeque::with_capacity(page.events.len());
        for mut event in page.events {
            // The board was opened again: its followers of then had to leave, but those of now stay.
            if event.name == CLOSED && event.seq < newest.seq {
                let moment = PastMoment::Event(event.seq);
                let rows = history.rows(&self.board, newest, self.scope, moment).await?;
                (event.name, event.data) = ("timetable".to_owned(), rows.timetable("start"));
            }
            events.push_back(event);
        }
        self.known_until = events.back().filter(|_| page.is_full).map_or(now, |last| last.time);
        self.page = events;
        Ok(if page.is_full { PageEnd::Full } else { PageEnd::Newest })
    }

    /// The newest event of the board, as long as the stream may have it.
    fn newest(&self) -> Option<RecordId> {
        let newest = self.app.state.engine.boards().newest_id(&self.board);
        let is_public = self.scope == HistoryScope::SincePublic;
        newest.filter(|(_, is_private)| !(is_public && *is_private)).map(|(id, _)| id)
    }

    /// Sends the events of the page up to a time.
    fn take_due(&mut self, until: Timestamp) {
        while let Some(event) = self.page.pop_front_if(|event| event.time <= until) {
            if event.name == CLOSED {
                // The board may have been opened again since the page was read: then another page has its rows.
                if self.newest().is_some_and(|newest| newest.seq > event.seq) {
                    self.known_until = event.time;
                    return self.page.clear();
                }
                self.phase = PlaybackPhase::Ended;
            }
            self.send(event.seq, event.time, &event.name, &event.data);
        }
    }

    fn send(&mut self, seq: Seq, time: Timestamp, name: &str, data: &str) {
        let record = self.app.state.engine.boards().event_id(seq.0);
        let id = record.map(|record| PlaybackId { record, time }.to_string());
        self.ready.push(frames::encode(id.as_deref(), name, data));
        self.seq = seq;
        self.id = id.unwrap_or_default();
    }

    /// Sends the rest of the page, which is of the last second, and follows the board from there on.
    fn go_live(&mut self) {
        self.take_due(Timestamp::MAX);
        let state = &self.app.state;
        let boards = state.engine.boards();
        // The next page has the end of a board that was closed meanwhile.
        let BoardStatus::Open { channel, .. } = boards.status(&self.board) else { return };
        let data = json!({ "at": format!("{:.0}", Timestamp::now()) }).to_string();
        // By this id a live stream resumes.
        let id = boards.event_id(self.seq.0).map(|id| id.to_string());
        self.ready.push(frames::encode(id.as_deref(), "live", &data));
        // A follower learns at once of a server that may be behind.
        if state.engine.health().reportable_staleness().is_some() {
            self.ready.extend(heartbeat(state, &channel, self.seq.0));
        }
        self.phase = PlaybackPhase::Live(channel.follow(ResumePoint::After(self.seq.0)));
        self.place = None;
    }
}
