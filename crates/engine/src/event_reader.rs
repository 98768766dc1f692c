//! Reads the journal a second time and folds it on its own, for an index of past events. Neither the applier nor a
//! publisher waits for it.

use std::pin::Pin;
use std::sync::Arc;

use flight::{
    ApplyOutcome, BoardEvent, BoardName, Boards, FlightKey, PublisherName, Timetable, Update,
};
use jiff::Timestamp;
use journal::{Epochs, Follow, FollowError, Journal, Record, Seq};
use serde_json::{Map, Value};

use crate::applier::{self, ApplyError, RestoreError};
use crate::envelope::CommittedUpdate;

/// Folds the records of a journal and returns the events.
pub struct EventReader {
    follower: Box<dyn FollowRecords>,
    boards: Boards,
    applied: Seq,
    time: Timestamp,
    first_time: Option<Timestamp>,
}

/// An event with its record.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedEvent {
    /// The record that made it.
    pub seq: Seq,
    /// The time of the record, or that of an earlier one if the clock went back since.
    pub time: Timestamp,
    /// The board.
    pub board: BoardName,
    /// The event's type on the stream.
    pub name: &'static str,
    /// The row that it changes, if it does not change the board itself.
    pub flight: Option<FlightKey>,
    /// The event's data.
    pub data: Value,
    /// The values before it: of the fields that it changes, or of the whole row or board that it replaces or removes.
    pub before: Map<String, Value>,
    /// The board before it, if it was open.
    pub board_before: Option<Timetable>,
    /// The name of the publisher's credential, if it had one.
    pub publisher: Option<PublisherName>,
    /// True if the update was a feed's.
    pub is_from_feed: bool,
    /// True if the board became private or public, or is a new one.
    pub changes_privacy: bool,
}

/// [`Journal`] as a trait object, for readers of events.
pub(crate) trait RecordSource: Send + Sync {
    fn follow_records(&self, after: Seq) -> Box<dyn FollowRecords>;
    fn restore(&self) -> RestoreFuture<'_>;
    fn epochs(&self) -> Epochs;
}

type RestoreFuture<'a> =
    Pin<Box<dyn Future<Output = Result<(Boards, Seq), RestoreError>> + Send + 'a>>;

pub(crate) trait FollowRecords: Send {
    fn next_records(&mut self) -> RecordsFuture<'_>;
}

type RecordsFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Vec<Record>, FollowError>> + Send + 'a>>;

impl<J: Journal> RecordSource for J {
    fn follow_records(&self, after: Seq) -> Box<dyn FollowRecords> {
        Box::new(self.follow(after))
    }

    fn restore(&self) -> RestoreFuture<'_> {
        Box::pin(applier::restore(self))
    }

    fn epochs(&self) -> Epochs {
        Journal::epochs(self)
    }
}

impl<F: Follow> FollowRecords for F {
    fn next_records(&mut self) -> RecordsFuture<'_> {
        Box::pin(self.next())
    }
}

impl EventReader {
    /// Starts after the record `applied` at `time`, up to which `boards` was folded.
    pub(crate) fn new(
        journal: &Arc<dyn RecordSource>,
        boards: Boards,
        applied: Seq,
        time: Timestamp,
    ) -> Self {
        let follower = journal.follow_records(applied);
        Self { follower, boards, applied, time, first_time: None }
    }

    /// Starts where an engine would start.
    pub(crate) async fn begin(journal: &Arc<dyn RecordSource>) -> Result<Self, RestoreError> {
        let (boards, applied) = journal.restore().await?;
        Ok(Self::new(journal, boards, applied, Timestamp::UNIX_EPOCH))
    }

    /// Waits for the next records and returns their events, if any.
    ///
    /// # Errors
    /// The journal cannot be read or decoded, or was closed.
    pub async fn next(&mut self) -> Result<Vec<RecordedEvent>, ApplyError> {
        let records = self.follower.next_records().await?;
        let mut events = Vec::new();
        for record in &records {
            events.extend(self.apply(CommittedUpdate::decode(record)?));
        }
        Ok(events)
    }

    /// The boards after the records read so far.
    pub fn boards(&self) -> &Boards {
        &self.boards
    }

    /// The last record read.
    pub fn applied(&self) -> Seq {
        self.applied
    }

    /// The time of that record.
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// The time of the first record read.
    pub fn first_time(&self) -> Option<Timestamp> {
        self.first_time
    }

    fn apply(&mut self, committed: CommittedUpdate) -> Option<RecordedEvent> {
        let CommittedUpdate { seq, time, envelope } = committed;
        let update = envelope.update;
        let board = update.board();
        // Cheap: the clone shares its rows.
        let old = self.boards.board(board).cloned();
        let outcome = self.boards.apply(seq.0, time, &update);
        self.applied = seq;
        self.time = self.time.max(time);
        self.first_time.get_or_insert(time);
        let ApplyOutcome::Changed(event) = outcome else { return None };
        Some(self.recorded(&update, &event, old.as_ref()))
    }

    fn recorded(
        &self,
        update: &Update,
        event: &BoardEvent,
        old: Option<&Timetable>,
    ) -> RecordedEvent {
        let board = update.board();
        let data = serde_json::from_str(&event.data()).unwrap_or_default();
        let flight = event.flight().cloned();
        let open = old.filter(|old| old.close_reason().is_none());
        let is_private = |it: &Timetable| it.settings().is_private;
        RecordedEvent {
            seq: self.applied,
            time: self.time,
            board: board.clone(),
            name: event.name(),
            before: before(event, flight.as_ref(), open),
            flight,
            data,
            board_before: open.cloned(),
            publisher: update.publisher().cloned(),
            is_from_feed: update.is_from_feed(),
            changes_privacy: old.map(is_private) != self.boards.board(board).map(is_private),
        }
    }
}

fn before(
    event: &BoardEvent,
    flight: Option<&FlightKey>,
    old: Option<&Timetable>,
) -> Map<String, Value> {
    let Some(old) = old else { return Map::new() };
    match event {
        BoardEvent::BoardUpdate(_) => object(old.settings()),
        BoardEvent::SourceUpdate(_) => old.source().map(object).unwrap_or_default(),
        BoardEvent::ClosedConnection(_) => Map::new(),
        _ => {
            let row = flight.and_then(|key| old.get(key));
            row.map(|row| object(row.row())).unwrap_or_default()
        }
    }
}

fn object(value: &impl serde::Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}
