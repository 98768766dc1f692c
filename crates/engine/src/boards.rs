//! The current timetables and the channels of their followers.
//!
//! One lock covers both: a snapshot is taken at one position, and the frames after it continue from
//! there. Nothing waits while holding it.

/// The channels of single flights.
mod flight_channels;

/// Outcomes of published updates.
mod outcomes;

/// Snapshots of boards.
mod snapshots;

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Instant;

use fanout::{Channel, WindowBudget};
use flight::{
    ApplyOutcome, BoardEvent, BoardName, BoardSource, Boards, Forecast, ForecastScope, Forecaster,
    StateLimits, Timetable, Update,
};
use jiff::Timestamp;
use journal::{Epochs, RecordId, Seq};
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Semaphore;

use crate::board_snapshot::BoardSnapshot;
use crate::envelope::CommittedUpdate;
use crate::frames::{self, BoardSummary};
use crate::metrics::{BoardCounts, Metrics};
use crate::row_pieces::PieceCache;
use crate::snapshot_pool::SnapshotPool;
use flight_channels::FlightChannels;

pub use flight_channels::reach_back;
pub use outcomes::{AppliedUpdate, PublishOutcome, UpdateEffect};
pub use snapshots::BoardRows;

/// Records applied before others that wait for the lock get it: about a millisecond's work.
const MAX_APPLIED_UNDER_LOCK: usize = 32;

/// All boards, and a channel for each open one.
pub struct LiveBoards {
    state: Mutex<BoardsState>,
    windows: Arc<WindowBudget>,
    /// The memory of the windows of single flights, which take nothing from those of the boards.
    flight_windows: Arc<WindowBudget>,
    snapshots: Arc<SnapshotPool>,
    /// The right to encode rows for readers that are no followers: one at a time, so that the others keep the cores.
    encoding: Semaphore,
    metrics: Arc<Metrics>,
    /// For the channels, which ask for snapshots.
    this: Weak<Self>,
}

struct BoardsState {
    boards: Boards,
    epochs: Epochs,
    /// The time of the newest applied record.
    newest_time: Timestamp,
    open: BTreeMap<BoardName, OpenBoard>,
}

struct OpenBoard {
    channel: Arc<Channel>,
    /// Parts of the channel.
    flights: FlightChannels,
    /// As in the board's settings. When it changes, so do the channels.
    is_private: bool,
    /// The newest snapshot taken so far.
    snapshot: Option<Arc<BoardSnapshot>>,
    /// The rows of the snapshot that was encoded last.
    pieces: Arc<PieceCache>,
}

/// A board, or a flight of it, as a stream request finds it.
pub enum BoardStatus {
    /// The board is open; followers subscribe to its channel.
    Open {
        /// Revoked as soon as the board's privacy changes.
        channel: Arc<Channel>,
        /// True if only readers with a right may follow it.
        is_private: bool,
    },
    /// The board is closed, or the flight is gone for good.
    Closed {
        /// True if only readers with a right may know of it.
        is_private: bool,
    },
    /// There is no such board.
    Unknown,
}

impl OpenBoard {
    fn new(channel: Arc<Channel>, is_private: bool) -> Self {
        let flights = FlightChannels::default();
        Self { channel, flights, is_private, snapshot: None, pieces: Arc::default() }
    }
}

impl LiveBoards {
    pub(crate) fn new(
        boards: Boards,
        epochs: Epochs,
        windows: Arc<WindowBudget>,
        snapshots: Arc<SnapshotPool>,
        metrics: Arc<Metrics>,
    ) -> Arc<Self> {
        Arc::new_cyclic(|this| {
            let newest_time = Timestamp::UNIX_EPOCH;
            let state =
                Mutex::new(BoardsState { boards, epochs, newest_time, open: BTreeMap::new() });
            let encoding = Semaphore::new(1);
            let this = Weak::clone(this);
            let flight_windows = flight_channels::window_budget();
            let boards =
                Self { state, windows, flight_windows, snapshots, encoding, metrics, this };
            boards.open_channels();
            boards
        })
    }

    /// Applies updates in order and publishes their frames. Returns the request id and outcome of
    /// each.
    pub(crate) fn apply(
        &self,
        epochs: Epochs,
        updates: Vec<CommittedUpdate>,
    ) -> Vec<(u64, PublishOutcome)> {
        let mut state = self.state.lock();
        let start = Instant::now();
        state.epochs = epochs;
        if let Some(newest) = updates.last() {
            state.newest_time = newest.time;
        }
        let mut outcomes = Vec::with_capacity(updates.len());
        for (index, update) in updates.iter().enumerate() {
            let outcome = self.apply_one(&mut state, update);
            outcomes.push((update.envelope.request_id, outcome));
            // A batch may take long, and others need the lock for a moment.
            if index % MAX_APPLIED_UNDER_LOCK == MAX_APPLIED_UNDER_LOCK - 1 {
                MutexGuard::bump(&mut state);
            }
        }
        self.metrics.phases.observe_fold(start.elapsed());
        outcomes
    }

    /// The outcomes of updates that need not be written: of those that will be refused, and of repetitions. `None` for
    /// the others.
    pub(crate) fn forecast(
        &self,
        updates: &[Update],
        limits: StateLimits,
        scope: ForecastScope,
    ) -> Vec<Option<PublishOutcome>> {
        let state = self.state.lock();
        let now = Timestamp::now().max(state.newest_time);
        let mut forecaster = Forecaster::new(&state.boards, now, limits, scope);
        let outcomes = updates.iter().map(|update| match forecaster.next(update) {
            Forecast::Open => None,
            Forecast::Refused(rejection) => {
                self.metrics.count_unwritten("refused");
                Some(Err(rejection))
            }
            Forecast::Repeated { version } => {
                self.metrics.count_unwritten("repeated");
                let effect = UpdateEffect::Repeated;
                Some(Ok(state.applied_update(update, Seq::ZERO, effect, Seq(version))))
            }
        });
        outcomes.collect()
    }

    /// The index of the first update whose outcome the fold decides from the state that these boards have.
    pub(crate) fn first_decided(&self, updates: &[Update], limits: StateLimits) -> Option<usize> {
        let state = self.state.lock();
        let now = Timestamp::now().max(state.newest_time);
        let [mut all, mut limits_only] = [ForecastScope::All, ForecastScope::LimitsOnly]
            .map(|scope| Forecaster::new(&state.boards, now, limits, scope));
        updates.iter().position(|update| {
            let is_known = all.next(update) != Forecast::Open;
            let is_within_limits = limits_only.next(update) == Forecast::Open;
            is_known && is_within_limits
        })
    }

    /// Returns the board's status, with its channel if it is open.
    pub fn status(&self, board: &BoardName) -> BoardStatus {
        let state = self.state.lock();
        match (state.open.get(board), state.boards.board(board)) {
            (Some(OpenBoard { channel, is_private, .. }), _) => {
                BoardStatus::Open { channel: Arc::clone(channel), is_private: *is_private }
            }
            (None, Some(board)) => BoardStatus::Closed { is_private: board.settings().is_private },
            (None, None) => BoardStatus::Unknown,
        }
    }

    /// The id of a board's newest event, and whether reading the board needs a right.
    pub fn newest_id(&self, board: &BoardName) -> Option<(RecordId, bool)> {
        let state = self.state.lock();
        let timetable = state.boards.board(board)?;
        let id = state.epochs.record_id(Seq(timetable.head()))?;
        Some((id, timetable.settings().is_private))
    }

    /// Calls `read` under the lock, so it must be short.
    pub fn read<T>(&self, read: impl FnOnce(&Boards, &Epochs) -> T) -> T {
        let state = self.state.lock();
        read(&state.boards, &state.epochs)
    }

    /// The time of the newest record applied since the start.
    pub(crate) fn newest_time(&self) -> Timestamp {
        self.state.lock().newest_time
    }

    /// Calls `visit` for each board.
    pub fn visit_summaries(&self, mut visit: impl FnMut(BoardSummary<'_>)) {
        let names: Vec<BoardName> =
            self.read(|boards, _| boards.iter().map(|(name, _)| name.clone()).collect());
        // A thousand boards take long, so each is visited under a lock of its own.
        for name in names {
            self.visit_summary(&name, &mut visit);
        }
    }

    /// Calls `visit` for one board, under the lock.
    pub fn visit_summary<T>(
        &self,
        board: &BoardName,
        visit: impl FnOnce(BoardSummary<'_>) -> T,
    ) -> Option<T> {
        let state = self.state.lock();
        let timetable = state.boards.board(board)?;
        Some(visit(state.summary(board, timetable)))
    }

    /// The id of the event at a position that a channel returned.
    pub fn event_id(&self, seq: u64) -> Option<RecordId> {
        self.state.lock().epochs.record_id(Seq(seq))
    }

    /// Returns whether a follower can resume from this event id.
    pub fn honours(&self, id: RecordId) -> bool {
        self.state.lock().epochs.honours(id)
    }

    pub(crate) fn counts(&self) -> Vec<BoardCounts> {
        let state = self.state.lock();
        let counts = state.boards.iter().map(|(name, timetable)| BoardCounts {
            board: name.clone(),
            followers: state.followers(name),
            flights: timetable.len(),
            row_bytes: timetable.bytes(),
        });
        counts.collect()
    }

    /// The sources of the boards that have one.
    pub(crate) fn sources(&self) -> Vec<(BoardName, BoardSource)> {
        let state = self.state.lock();
        let boards = state.boards.iter();
        boards.filter_map(|(name, board)| Some((name.clone(), board.source()?.clone()))).collect()
    }

    /// The oldest position at which a window begins.
    pub(crate) fn oldest_floor(&self) -> Option<Seq> {
        let state = self.state.lock();
        state.open.values().map(|open| Seq(open.channel.floor())).min()
    }

    fn open_channels(&self) {
        let state = &mut *self.state.lock();
        for (name, timetable) in state.boards.iter() {
            if timetable.close_reason().is_none() {
                let channel = self.new_channel(name, timetable.head());
                let is_private = timetable.settings().is_private;
                let open = OpenBoard::new(channel, is_private);
                state.open.insert(name.clone(), open);
            }
        }
        let names: Vec<BoardName> = state.open.keys().cloned().collect();
        names.iter().for_each(|name| state.show_last_update(name));
    }

    fn apply_one(&self, state: &mut BoardsState, committed: &CommittedUpdate) -> PublishOutcome {
        let CommittedUpdate { seq, time, envelope } = committed;
        self.metrics.phases.apply(envelope.request_id, seq.0);
        let outcome = state.boards.apply(seq.0, *time, &envelope.update);
        self.metrics.count_outcome(&outcome);
        let (effect, version) = match outcome {
            ApplyOutcome::Changed(event) => {
                self.publish_event(state, envelope.update.board(), *seq, &event);
                (UpdateEffect::Changed, *seq)
            }
            ApplyOutcome::Unchanged { version } => (UpdateEffect::Unchanged, Seq(version)),
            ApplyOutcome::Repeated { version } => (UpdateEffect::Repeated, Seq(version)),
            ApplyOutcome::Rejected(rejection) => return Err(rejection),
        };
        state.show_last_update(envelope.update.board());
        Ok(state.applied_update(&envelope.update, *seq, effect, version))
    }

    fn publish_event(
        &self,
        state: &mut BoardsState,
        board: &BoardName,
        seq: Seq,
        event: &BoardEvent,
    ) {
        let is_private = state.boards.board(board).is_some_and(|it| it.settings().is_private);
        let open = match state.open.get(board) {
            Some(open) if open.is_private == is_private => open,
            // This event opens the board, or changes its privacy: then its followers may have no right
            // to the new settings, and later ones none to the events from before. No follower can resume
            // from before it, so it needs no frame.
            former => {
                if let Some(former) = former {
                    former.channel.revoke();
                    former.flights.revoke();
                }
                let channel = self.new_channel(board, seq.0);
                let open = OpenBoard::new(channel, is_private);
                state.open.insert(board.clone(), open);
                // One more board makes the shares of the others smaller.
                state.open.values().for_each(|open| open.channel.trim());
                return;
            }
        };
        let frame = frames::event(state.epochs.record_id(seq), event.name(), &event.data());
        open.flights.publish(seq.0, event, &frame);
        if let BoardEvent::ClosedConnection(_) = event {
            open.channel.close(seq.0, frame);
            state.open.remove(board);
        } else {
            open.channel.publish_on(flight_channels::topic(event), seq.0, frame);
        }
    }

    fn new_channel(&self, board: &BoardName, seq: u64) -> Arc<Channel> {
        let boards = Weak::clone(&self.this);
        let name = board.clone();
        Channel::new(seq, &self.windows, move |reason| {
            let snapshot =
                boards.upgrade().and_then(|boards| boards.channel_snapshot(&name, reason));
            snapshot.unwrap_or_else(frames::no_snapshot)
        })
    }
}

impl BoardsState {
    fn summary<'a>(&self, name: &BoardName, timetable: &'a Timetable) -> BoardSummary<'a> {
        let id = self.epochs.record_id(Seq(timetable.head()));
        BoardSummary {
            settings: timetable.settings(),
            source: timetable.source(),
            id: id.map_or_else(String::new, |id| id.to_string()),
            last_update: timetable.last_update().map(|time| format!("{time:.0}")),
            is_closed: timetable.close_reason().is_some(),
            close_reason: timetable.close_reason(),
            flights: timetable.len(),
            followers: self.followers(name),
            stale_secs: None,
        }
    }

    /// Tells the board's channel the time of the last update, for heartbeats.
    fn show_last_update(&self, board: &BoardName) {
        let last_update = self.boards.board(board).and_then(Timetable::last_update);
        if let (Some(open), Some(time)) = (self.open.get(board), last_update) {
            open.channel.set_last_update(time.as_second());
        }
    }

    fn followers(&self, board: &BoardName) -> usize {
        self.open.get(board).map_or(0, |open| open.channel.followers())
    }
}
