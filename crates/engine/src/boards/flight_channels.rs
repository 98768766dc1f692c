//! The channels of single flights. Each is made for its first follower and goes with the last one.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use fanout::{Channel, Frame, Snapshot, SnapshotReason, Topic, WindowBudget};
use flight::{BoardEvent, BoardName, FlightKey};
use jiff::Timestamp;
use journal::Seq;
use serde_json::{Map, Value};

use super::{BoardStatus, LiveBoards};
use crate::board_snapshot::flight_timetable;
use crate::frames::{self, to_json};

/// Bytes of recent events that are kept for a flight with followers.
const FLIGHT_WINDOW_BYTES: usize = 64 * 1024;

/// Bytes of recent events of all such flights, above which each keeps an equal share.
const MAX_FLIGHT_WINDOW_BYTES: usize = 16 * 1024 * 1024;

/// Fewest channels made between two removals of those without followers.
const MIN_SWEEP_INTERVAL: usize = 64;

/// The channels of the flights of one board that have followers.
#[derive(Debug, Default)]
pub(super) struct FlightChannels {
    /// By flight number.
    channels: HashMap<String, Vec<FlightChannel>>,
    /// Channels to make until those without followers are removed.
    until_sweep: usize,
}

#[derive(Debug)]
struct FlightChannel {
    /// Its rows have these parts of a key.
    key: FlightKey,
    channel: Weak<Channel>,
}

/// The memory of the windows of all flights.
pub(super) fn window_budget() -> Arc<WindowBudget> {
    WindowBudget::new(FLIGHT_WINDOW_BYTES, MAX_FLIGHT_WINDOW_BYTES)
}

/// The topic of an event: the number of its flight. An event of the board itself is on all.
pub(super) fn topic(event: &BoardEvent) -> Topic {
    event.flight().map_or(Topic::ALL, |key| Topic::new(key.flight()))
}

impl FlightChannels {
    /// The channel of the flight, from `open` if it has no followers.
    fn channel(&mut self, key: &FlightKey, open: impl FnOnce() -> Arc<Channel>) -> Arc<Channel> {
        let of_number = self.channels.get(key.flight());
        let known = of_number.and_then(|all| all.iter().find(|it| it.key == *key));
        if let Some(channel) = known.and_then(|it| it.channel.upgrade()) {
            return channel;
        }
        if self.until_sweep == 0 {
            self.sweep();
        }
        self.until_sweep -= 1;
        let channel = open();
        let of_number = self.channels.entry(key.flight().to_owned()).or_default();
        of_number.retain(FlightChannel::has_followers);
        of_number.push(FlightChannel { key: key.clone(), channel: Arc::downgrade(&channel) });
        channel
    }

    /// Publishes an event of the board to the flights that it concerns. Other flights cost nothing.
    pub(super) fn publish(&self, seq: u64, event: &BoardEvent, frame: &Frame) {
        if let BoardEvent::ClosedConnection(_) = event {
            self.channels().for_each(|(_, channel)| channel.close(seq, frame.clone()));
            return;
        }
        let Some(key) = event.flight() else {
            for (key, channel) in self.channels() {
                if let Some(frame) = flight_frame(key, frame) {
                    channel.publish(seq, frame);
                }
            }
            return;
        };
        let concerned = self.channels.get(key.flight()).into_iter().flatten();
        for it in concerned.filter(|it| it.key.matches(key)) {
            if let Some(channel) = it.channel.upgrade() {
                channel.publish(seq, frame.clone());
            }
        }
    }

    /// Ends all streams of flights.
    pub(super) fn revoke(&self) {
        self.channels().for_each(|(_, channel)| channel.revoke());
    }

    fn channels(&self) -> impl Iterator<Item = (&FlightKey, Arc<Channel>)> {
        let all = self.channels.values().flatten();
        all.filter_map(|it| Some((&it.key, it.channel.upgrade()?)))
    }

    fn sweep(&mut self) {
        for of_number in self.channels.values_mut() {
            of_number.retain(FlightChannel::has_followers);
        }
        self.channels.retain(|_, of_number| !of_number.is_empty());
        self.until_sweep = self.channels.len().max(MIN_SWEEP_INTERVAL);
    }
}

impl FlightChannel {
    fn has_followers(&self) -> bool {
        self.channel.strong_count() > 0
    }
}

impl LiveBoards {
    /// Returns the status of the stream of one flight, with the channel of all rows that have the given parts of `key`. A
    /// flight that is gone for good by `now` is closed.
    pub fn flight_status(&self, board: &BoardName, key: &FlightKey, now: Timestamp) -> BoardStatus {
        let state = &mut *self.state.lock();
        let Some(timetable) = state.boards.board(board) else { return BoardStatus::Unknown };
        let is_private = timetable.settings().is_private;
        let open = state.open.get_mut(board).filter(|_| !timetable.is_gone(key, now));
        let Some(open) = open else { return BoardStatus::Closed { is_private } };
        let (boards, name, whole) = (Weak::clone(&self.this), board.clone(), &open.channel);
        let channel = open.flights.channel(key, || {
            let key = key.clone();
            whole.part(timetable.head(), &self.flight_windows, move |reason| {
                let boards = boards.upgrade();
                let snapshot =
                    boards.and_then(|boards| boards.flight_snapshot(&name, &key, reason));
                snapshot.unwrap_or_else(frames::no_snapshot)
            })
        });
        BoardStatus::Open { channel, is_private }
    }

    /// The rows with which a follower of a flight begins.
    fn flight_snapshot(
        &self,
        board: &BoardName,
        key: &FlightKey,
        reason: SnapshotReason,
    ) -> Option<Snapshot> {
        let state = self.state.lock();
        // Takes constant time: the clone shares its rows.
        let timetable = state.boards.board(board)?.clone();
        let id = state.epochs.record_id(Seq(timetable.head()))?;
        let is_open = state.open.contains_key(board);
        drop(state);
        self.metrics.count_snapshot(reason);
        // The closing event of a closed board has yet to be sent, so start before it.
        let seq = if is_open { id.seq } else { id.seq.prev() };
        let frame = flight_timetable(id, &timetable, key, reason);
        Some(Snapshot { seq: seq.0, frames: frame.into() })
    }
}

/// Lets the followers of a flight resume after the event of its board at `seq`, if the window of the board has all later
/// ones. `channel` is that of the flight.
pub fn reach_back(channel: &Channel, key: &FlightKey, seq: Seq) {
    channel.reach_back(seq.0, Topic::new(key.flight()), |frame| flight_frame(key, frame));
}

/// The frame of an event of the board for the followers of a flight; `None` if it is of another flight.
fn flight_frame(key: &FlightKey, frame: &Frame) -> Option<Frame> {
    let payload = frame.payload();
    let mut decoder = sse::Decoder::new();
    let event = decoder.feed(&payload).next()?.ok()?;
    let is_patched = event.event == "boardUpdate" && event.data.contains("\"flights\":[");
    if !is_patched && !event.event.starts_with("flight") {
        return Some(frame.clone());
    }
    let mut data: Map<String, Value> = serde_json::from_str(&event.data).ok()?;
    if !is_patched {
        return is_of(key, &data).then(|| frame.clone());
    }
    let Some(Value::Array(patches)) = data.get_mut("flights") else { return Some(frame.clone()) };
    patches.retain(|patch| patch.as_object().is_some_and(|patch| is_of(key, patch)));
    if patches.is_empty() {
        data.remove("flights");
    }
    Some(frames::encode(Some(&event.last_event_id), &event.event, &to_json(&data)))
}

/// Returns whether the data of an event is of a row that has the parts of `key`.
fn is_of(key: &FlightKey, data: &Map<String, Value>) -> bool {
    let text = |name: &str| data.get(name).and_then(Value::as_str);
    let row = FlightKey::parse(text("flight").unwrap_or_default(), text("date"));
    row.and_then(|row| row.with_leg(text("leg"))).is_ok_and(|row| key.matches(&row))
}
