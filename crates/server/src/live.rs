//! The timetables as they are now, and the channels of those who follow them.
//!
//! One short lock joins the fold and the snapshots: a snapshot is of one position, and the frames
//! after it go on from there. Nothing here waits while holding it.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use fanout::{Channel, Frame, Snapshot, SnapshotReason};
use flight::{
    ApplyOutcome, BoardEvent, BoardName, Boards, Change, Flight, Rejection, Timetable, Update,
};
use jiff::Timestamp;
use journal::{Epochs, RecordId, Seq};
use parking_lot::Mutex;

use crate::entry::Entry;
use crate::frames::{self, BoardSummary, Rows};
use crate::metrics::Metrics;

pub(crate) struct Live {
    state: Mutex<State>,
    window_bytes: usize,
    metrics: Arc<Metrics>,
    this: Weak<Self>,
}

struct State {
    boards: Boards,
    epochs: Epochs,
    sides: BTreeMap<BoardName, Side>,
}

/// What an open board has besides its timetable.
struct Side {
    channel: Arc<Channel>,
    /// The newest rows that anyone asked for.
    rows: Option<Arc<Rows>>,
}

/// An entry of the journal, with where and when it was written.
pub(crate) struct Placed {
    pub(crate) seq: Seq,
    pub(crate) time: Timestamp,
    pub(crate) entry: Entry,
}

/// What became of a published record.
pub type Outcome = Result<Done, Rejection>;

/// A record that was carried out, now or before.
#[derive(Debug, Clone)]
pub struct Done {
    /// The event that made it so. `None` where that was so long ago that its id is forgotten.
    pub id: Option<RecordId>,
    /// Whether what was put was not there before.
    pub created: bool,
    /// The row as it was right after, where one was put or patched.
    pub row: Option<Flight>,
}

/// A board as a stream request finds it.
pub(crate) enum Found {
    Open(Arc<Channel>),
    Closed,
    Unknown,
}

impl Live {
    pub(crate) fn new(
        boards: Boards,
        epochs: Epochs,
        window_bytes: usize,
        metrics: Arc<Metrics>,
    ) -> Arc<Self> {
        Arc::new_cyclic(|this| {
            let state = State { boards, epochs, sides: BTreeMap::new() };
            let live =
                Self { state: Mutex::new(state), window_bytes, metrics, this: Weak::clone(this) };
            live.open_channels();
            live
        })
    }

    /// Applies entries in order and hands their frames to the channels. Answers with the ticket
    /// and outcome of each.
    pub(crate) fn apply(&self, epochs: Epochs, batch: Vec<Placed>) -> Vec<(u64, Outcome)> {
        let mut state = self.state.lock();
        state.epochs = epochs;
        let apply = |placed: Placed| {
            let ticket = placed.entry.ticket;
            (ticket, self.apply_one(&mut state, &placed))
        };
        batch.into_iter().map(apply).collect()
    }

    pub(crate) fn find(&self, board: &BoardName) -> Found {
        let state = self.state.lock();
        match (state.sides.get(board), state.boards.board(board)) {
            (Some(side), _) => Found::Open(Arc::clone(&side.channel)),
            (None, Some(_)) => Found::Closed,
            (None, None) => Found::Unknown,
        }
    }

    /// All rows of a board, made once for each change.
    pub(crate) fn rows(&self, board: &BoardName) -> Option<Arc<Rows>> {
        let state = &mut *self.state.lock();
        let timetable = state.boards.board(board)?;
        let id = state.epochs.record_id(Seq(timetable.head()))?;
        let Some(side) = state.sides.get_mut(board) else {
            return Some(Arc::new(Rows::new(id, timetable)));
        };
        let current = side.rows.take().filter(|rows| rows.id == id);
        let rows = current.unwrap_or_else(|| Arc::new(Rows::new(id, timetable)));
        side.rows = Some(Arc::clone(&rows));
        Some(rows)
    }

    /// Looks at the boards under the lock: `look` must be short.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Boards, &Epochs) -> T) -> T {
        let state = self.state.lock();
        look(&state.boards, &state.epochs)
    }

    /// Shows each board to `see`, with how many follow it.
    pub(crate) fn summaries(&self, mut see: impl FnMut(&BoardName, BoardSummary<'_>)) {
        let state = self.state.lock();
        for (name, timetable) in state.boards.iter() {
            see(name, state.summary(name, timetable));
        }
    }

    pub(crate) fn summary<T>(
        &self,
        board: &BoardName,
        see: impl FnOnce(BoardSummary<'_>) -> T,
    ) -> Option<T> {
        let state = self.state.lock();
        let timetable = state.boards.board(board)?;
        Some(see(state.summary(board, timetable)))
    }

    /// The id of the event at a position that a channel gave.
    pub(crate) fn id(&self, seq: u64) -> Option<RecordId> {
        self.state.lock().epochs.record_id(Seq(seq))
    }

    pub(crate) fn honours(&self, id: RecordId) -> bool {
        self.state.lock().epochs.honours(id)
    }

    /// The oldest position that a window begins at.
    pub(crate) fn oldest_floor(&self) -> Option<Seq> {
        let state = self.state.lock();
        state.sides.values().map(|side| Seq(side.channel.floor())).min()
    }

    fn open_channels(&self) {
        let state = &mut *self.state.lock();
        for (name, timetable) in
            state.boards.iter().filter(|(_, board)| board.close_reason().is_none())
        {
            let channel = self.new_channel(name, timetable.head());
            state.sides.insert(name.clone(), Side { channel, rows: None });
        }
    }

    fn apply_one(&self, state: &mut State, placed: &Placed) -> Outcome {
        let Placed { seq, time, entry } = placed;
        let applied = state.boards.apply(seq.0, *time, &entry.record);
        self.metrics.applied(&applied);
        let version = match applied {
            ApplyOutcome::Changed(event) => {
                self.send(state, entry.record.board(), *seq, &event);
                *seq
            }
            ApplyOutcome::Unchanged { version } | ApplyOutcome::Repeated { version } => {
                Seq(version)
            }
            ApplyOutcome::Rejected(rejection) => return Err(rejection),
        };
        Ok(state.done(&entry.record, *seq, version))
    }

    fn send(&self, state: &mut State, board: &BoardName, seq: Seq, event: &BoardEvent) {
        let Some(side) = state.sides.get(board) else {
            // It is opened with this event, and nobody can come back from before.
            let channel = self.new_channel(board, seq.0);
            state.sides.insert(board.clone(), Side { channel, rows: None });
            return;
        };
        let frame = frames::event(state.epochs.record_id(seq), event.name(), &event.data());
        if let BoardEvent::ClosedConnection(_) = event {
            side.channel.close(seq.0, frame);
            state.sides.remove(board);
        } else {
            side.channel.publish(seq.0, frame);
        }
    }

    fn new_channel(&self, board: &BoardName, seq: u64) -> Arc<Channel> {
        let (live, name) = (Weak::clone(&self.this), board.clone());
        let snapshot = move |reason| {
            let snapshot = live.upgrade().and_then(|live| live.snapshot(&name, reason));
            // The program is ending, or the board was closed and forgotten: nothing will follow.
            snapshot.unwrap_or(Snapshot { seq: u64::MAX, frame: Frame::default() })
        };
        Channel::new(seq, self.window_bytes, snapshot)
    }

    fn snapshot(&self, board: &BoardName, reason: SnapshotReason) -> Option<Snapshot> {
        let rows = self.rows(board)?;
        self.metrics.snapshot(reason);
        // Of a closed board the last event is its closing, which is still to be told.
        let seq = if rows.closed { rows.id.seq.prev() } else { rows.id.seq };
        Some(Snapshot { seq: seq.0, frame: rows.frame(reason) })
    }
}

impl State {
    fn done(&self, record: &Update, seq: Seq, version: Seq) -> Done {
        let timetable = self.boards.board(record.board());
        let key = match record.change() {
            Change::PutFlight(flight) => Some(flight.key()),
            Change::PatchFlight(patch) => Some(patch.key()),
            Change::RemoveFlight(_) | Change::ExpireFlight(_) => None,
            Change::PutBoard(_) | Change::CloseBoard { .. } => None,
        };
        let row = timetable.zip(key).and_then(|(timetable, key)| timetable.find(key).ok());
        let created = match record.change() {
            Change::PutFlight(_) => row.is_some_and(|row| row.added_seq() == seq.0),
            Change::PutBoard(_) => timetable.is_some_and(|board| board.opened_seq() == seq.0),
            _ => false,
        };
        let row = row.map(|row| row.flight().clone());
        Done { id: self.epochs.record_id(version), created, row }
    }

    fn summary<'a>(&self, name: &BoardName, timetable: &'a Timetable) -> BoardSummary<'a> {
        BoardSummary {
            settings: timetable.settings(),
            id: self
                .epochs
                .record_id(Seq(timetable.head()))
                .map_or_else(String::new, |id| id.to_string()),
            closed: timetable.close_reason().is_some(),
            flights: timetable.len(),
            followers: self.sides.get(name).map_or(0, |side| side.channel.followers()),
            behind: None,
        }
    }
}
