//! The rows of one board.
//!
//! Rows live in persistent maps: a clone shares them, so a snapshot is taken in constant time, and a
//! change afterwards copies one path of the tree.

use jiff::Timestamp;
use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};
use serde::{Deserialize, Serialize, Serializer};

use crate::board::BoardSettings;
use crate::board_feed::{BoardFeed, FeedClaim, SourceLease};
use crate::boards::MAX_TIMETABLE_BYTES;
use crate::encoded_size::{REMOVED_ROW_BYTES, row_bytes};
use crate::event::BoardEvent;
use crate::local_days::LocalDays;
use crate::outcome::{ApplyOutcome, Rejection};
use crate::removed_rows::RemovedRows;
use crate::row::{Flight, FlightKey, FlightPatch};
use crate::source::BoardSource;
use crate::timetable_row::TimetableRow;
use crate::update::{Change, Precondition, Update};

/// Most rows of a board: some ten days of the busiest airport.
pub const MAX_FLIGHTS: usize = 20_000;

/// Most keys that a rejection lists, of a number that flies on many days.
pub const MAX_CANDIDATES: usize = 20;

/// One board: the result of applying all its updates in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "TimetableCheckpoint")]
pub struct Timetable {
    settings: BoardSettings,
    #[serde(rename = "opened")]
    opened_seq: u64,
    head: u64,
    #[serde(rename = "closed", skip_serializing_if = "Option::is_none")]
    close_reason: Option<String>,
    #[serde(serialize_with = "serialize_values")]
    rows: RedBlackTreeMapSync<FlightKey, TimetableRow>,
    #[serde(skip_serializing_if = "BoardFeed::is_empty")]
    feed: BoardFeed,
    #[serde(rename = "removed", skip_serializing_if = "RemovedRows::is_empty")]
    removed_rows: RemovedRows,
    /// The keys of rows in final states, by expiry.
    #[serde(skip)]
    by_expiry: RedBlackTreeSetSync<(Timestamp, FlightKey)>,
    /// The sum of [`row_bytes`].
    #[serde(skip)]
    row_bytes: usize,
}

#[derive(Deserialize)]
struct TimetableCheckpoint {
    settings: BoardSettings,
    opened: u64,
    head: u64,
    closed: Option<String>,
    rows: Vec<TimetableRow>,
    #[serde(default)]
    feed: BoardFeed,
    #[serde(default)]
    removed: RemovedRows,
}

impl Timetable {
    pub(crate) fn open(seq: u64, settings: BoardSettings) -> Self {
        Self {
            settings,
            opened_seq: seq,
            head: seq,
            close_reason: None,
            rows: RedBlackTreeMapSync::new_sync(),
            feed: BoardFeed::default(),
            removed_rows: RemovedRows::default(),
            by_expiry: RedBlackTreeSetSync::new_sync(),
            row_bytes: 0,
        }
    }

    /// The board's settings.
    pub fn settings(&self) -> &BoardSettings {
        &self.settings
    }

    /// Position of the record that last opened the board.
    pub fn opened_seq(&self) -> u64 {
        self.opened_seq
    }

    /// Position of the last record that changed the board.
    pub fn head(&self) -> u64 {
        self.head
    }

    /// Why the board is closed, if it is.
    pub fn close_reason(&self) -> Option<&str> {
        self.close_reason.as_deref()
    }

    /// The source of the rows, if the board has one.
    pub fn source(&self) -> Option<&BoardSource> {
        self.feed.source.as_ref()
    }

    /// Position of the record that put the source.
    pub fn source_version(&self) -> Option<u64> {
        self.feed.source_version
    }

    /// The lease of the board's feed, which may have ended.
    pub fn feed_lease(&self) -> Option<&SourceLease> {
        self.feed.lease.as_ref()
    }

    /// The time as of which a row that has left the board was changed last, if its publisher gave one.
    pub fn removed_as_of(&self, key: &FlightKey) -> Option<Timestamp> {
        self.removed_rows.get(key)
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.size()
    }

    /// Returns whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The most bytes that the rows take in a checkpoint, including those that have left and are remembered.
    pub fn bytes(&self) -> usize {
        self.row_bytes + self.removed_rows.len() * REMOVED_ROW_BYTES
    }

    /// The row with exactly this key.
    pub(crate) fn get(&self, key: &FlightKey) -> Option<&TimetableRow> {
        self.rows.get(key)
    }

    /// All rows, in the order in which they were first added.
    pub fn rows(&self) -> Vec<&TimetableRow> {
        let mut rows: Vec<_> = self.rows.values().collect();
        rows.sort_unstable_by_key(|row| row.added_seq);
        rows
    }

    /// The row with this key. A key without a date or leg also finds the only row that has the parts
    /// given.
    ///
    /// # Errors
    /// [`Rejection::UnknownFlight`], or [`Rejection::AmbiguousFlight`] with keys to choose from.
    pub fn find(&self, key: &FlightKey) -> Result<&TimetableRow, Rejection> {
        if let Some(row) = self.rows.get(key) {
            return Ok(row);
        }
        // A missing part sorts before all others.
        let following = self.rows.range(key.first_candidate()..);
        let same_number = following.take_while(|(other, _)| other.flight() == key.flight());
        let mut rows = same_number.filter(|(other, _)| key.matches(other));
        match (rows.next(), rows.next()) {
            (None, _) => Err(Rejection::UnknownFlight),
            (Some((_, row)), None) => Ok(row),
            (Some((first, _)), Some((second, _))) => {
                let keys = [first, second].into_iter().chain(rows.map(|(key, _)| key));
                let keys = keys.take(MAX_CANDIDATES).cloned().collect();
                Err(Rejection::AmbiguousFlight { keys })
            }
        }
    }

    /// Keys of the rows that have expired by `now`, earliest expiry first.
    pub fn expired_keys(&self, now: Timestamp) -> impl Iterator<Item = &FlightKey> {
        let expired = self.by_expiry.iter().take_while(move |(expires_at, _)| *expires_at <= now);
        expired.map(|(_, key)| key)
    }

    /// Returns whether the source is late by `now`, and not marked as late or failing.
    pub(crate) fn is_source_late(&self, now: Timestamp) -> bool {
        self.feed.is_late(now)
    }

    /// Applies the update of the record at `seq`, written at `time`. The board may become larger by `room` bytes.
    pub(crate) fn apply(
        &mut self,
        seq: u64,
        time: Timestamp,
        update: &Update,
        room: usize,
    ) -> ApplyOutcome {
        let change = update.change();
        if self.close_reason.is_some() {
            return self.apply_to_closed(seq, change);
        }
        if let Err(rejection) = self.check_conditions(update) {
            return ApplyOutcome::Rejected(rejection);
        }
        let outcome = if update.is_from_feed() {
            self.apply_from_feed(seq, time, change, room)
        } else {
            self.apply_change(seq, time, change, room)
        };
        self.record_as_of(update, &outcome, room);
        if let ApplyOutcome::Changed(_) = outcome {
            self.head = seq;
        }
        outcome
    }

    /// Checks the conditions of an update of an open board.
    pub(crate) fn check_conditions(&self, update: &Update) -> Result<(), Rejection> {
        self.check(update.change(), update.precondition())?;
        self.check_as_of(update.change(), update.as_of_time())
    }

    fn apply_from_feed(
        &mut self,
        seq: u64,
        time: Timestamp,
        change: &Change,
        room: usize,
    ) -> ApplyOutcome {
        match self.row_of(change) {
            Some(row) if row.flight().is_held() => ApplyOutcome::Unchanged { version: row.version },
            row => {
                let change = change.without_held(row.map(TimetableRow::flight));
                self.apply_change(seq, time, &change, room)
            }
        }
    }

    fn apply_change(
        &mut self,
        seq: u64,
        time: Timestamp,
        change: &Change,
        room: usize,
    ) -> ApplyOutcome {
        match change {
            Change::PutBoard(settings) => self.put_settings(seq, time, settings),
            Change::CloseBoard { reason } => self.close(reason),
            Change::PutFlight(flight) => self.put(seq, time, flight, room),
            Change::PatchFlight(patch) => self.patch(seq, time, patch, room),
            Change::RemoveFlight(key) => self.remove(key),
            Change::ExpireFlight(key) => self.expire(time, key),
            Change::PutSource(source) => self.put_source(seq, source.as_deref()),
            Change::MarkSourceLate => self.mark_source_late(time),
            Change::ClaimFeed(claim) => self.claim_feed(time, claim),
        }
    }

    fn apply_to_closed(&mut self, seq: u64, change: &Change) -> ApplyOutcome {
        match change {
            Change::PutBoard(settings) => {
                *self = Self::open(seq, BoardSettings::clone(settings));
                ApplyOutcome::Changed(BoardEvent::new_settings(settings, Vec::new()))
            }
            Change::CloseBoard { .. } => ApplyOutcome::Unchanged { version: self.head },
            _ => ApplyOutcome::Rejected(Rejection::BoardClosed),
        }
    }

    /// The row that `change` concerns, if there is exactly one.
    fn row_of(&self, change: &Change) -> Option<&TimetableRow> {
        match change {
            Change::PutFlight(flight) => self.rows.get(flight.key()),
            _ => self.find(change.flight()?).ok(),
        }
    }

    /// Rejects an update that a later one has overtaken. A row that is gone needs a later one to return:
    /// a repetition of the update before its removal must not bring it back.
    fn check_as_of(&self, change: &Change, as_of: Option<Timestamp>) -> Result<(), Rejection> {
        let (Some(as_of), Some(key)) = (as_of, change.flight()) else { return Ok(()) };
        let is_overtaken = match self.row_of(change) {
            Some(row) => row.as_of.is_some_and(|known| known > as_of),
            None => self.removed_rows.get(key).is_some_and(|known| known >= as_of),
        };
        if is_overtaken { Err(Rejection::Overtaken) } else { Ok(()) }
    }

    /// Remembers as of which time the row was changed or removed. A removal counts even if it comes
    /// before the row.
    fn record_as_of(&mut self, update: &Update, outcome: &ApplyOutcome, room: usize) {
        let Some(as_of) = update.as_of_time() else { return };
        match (update.change(), outcome) {
            (Change::RemoveFlight(_), ApplyOutcome::Changed(BoardEvent::FlightRemoval(key))) => {
                self.removed_rows.insert(key.clone(), as_of);
            }
            (Change::RemoveFlight(key), ApplyOutcome::Rejected(Rejection::UnknownFlight))
                if room >= REMOVED_ROW_BYTES =>
            {
                self.removed_rows.insert(key.clone(), as_of);
            }
            (_, ApplyOutcome::Rejected(_)) => {}
            (change, _) => {
                if let Some(row) = self.row_of(change).filter(|row| row.as_of < Some(as_of)) {
                    let row = TimetableRow { as_of: Some(as_of), ..row.clone() };
                    self.rows.insert_mut(row.flight().key().clone(), row);
                }
            }
        }
    }

    fn check(&self, change: &Change, precondition: Option<&Precondition>) -> Result<(), Rejection> {
        let Some(precondition) = precondition else { return Ok(()) };
        let row = match change {
            Change::PutFlight(flight) => self.rows.get(flight.key()),
            Change::PatchFlight(patch) => Some(self.find(patch.key())?),
            Change::RemoveFlight(key) | Change::ExpireFlight(key) => Some(self.find(key)?),
            _ => return Ok(()),
        };
        precondition.check(row.map(TimetableRow::version))
    }

    fn put_settings(
        &mut self,
        seq: u64,
        time: Timestamp,
        settings: &BoardSettings,
    ) -> ApplyOutcome {
        if self.settings == *settings {
            return ApplyOutcome::Unchanged { version: self.head };
        }
        let old = std::mem::replace(&mut self.settings, settings.clone());
        let zone = settings.zone();
        let is_moved = (old.kind, &old.time_zone) != (settings.kind, &settings.time_zone);
        let mut patches = Vec::new();
        // New delays, or a new time zone, move the expiry of rows that are there already.
        let moved = |row: &&TimetableRow| is_moved || row.expiry(settings) != row.expires_at;
        for mut row in self.rows().into_iter().filter(moved).cloned().collect::<Vec<_>>() {
            if is_moved {
                let days = row.rule(settings, &zone).after_move(time, &row.days);
                patches.extend(row.set_days(settings, &zone, days, seq));
            }
            self.insert(row);
        }
        ApplyOutcome::Changed(BoardEvent::new_settings(settings, patches))
    }

    fn close(&mut self, reason: &str) -> ApplyOutcome {
        self.close_reason = Some(reason.to_owned());
        self.rows = RedBlackTreeMapSync::new_sync();
        self.feed = BoardFeed::default();
        self.removed_rows = RemovedRows::default();
        self.by_expiry = RedBlackTreeSetSync::new_sync();
        self.row_bytes = 0;
        ApplyOutcome::Changed(BoardEvent::ClosedConnection(reason.to_owned()))
    }

    fn put(&mut self, seq: u64, time: Timestamp, flight: &Flight, room: usize) -> ApplyOutcome {
        let zone = self.settings.zone();
        let mut row = TimetableRow {
            row: flight.clone().into(),
            days: LocalDays::new(),
            version: seq,
            added_seq: seq,
            state_since: time,
            changed_at: Some(time),
            expires_at: None,
            as_of: self.removed_rows.get(flight.key()),
        };
        let rule = row.rule(&self.settings, &zone);
        let current = self.rows.get(flight.key());
        let old = current.map(|current| (current.flight(), &current.days));
        let days = rule.after_put(time, old);
        row.set_days(&self.settings, &zone, days, seq);
        match current {
            Some(current) if current.row == row.row => {
                return ApplyOutcome::Unchanged { version: current.version };
            }
            Some(current) => {
                row.added_seq = current.added_seq;
                row.as_of = current.as_of;
            }
            None if self.rows.size() >= MAX_FLIGHTS => {
                let max_flights = MAX_FLIGHTS;
                return ApplyOutcome::Rejected(Rejection::BoardFull { max_flights });
            }
            None => {}
        }
        if let Err(rejection) = check_room(current.map(TimetableRow::flight), flight, room) {
            return ApplyOutcome::Rejected(rejection);
        }
        self.removed_rows.remove(flight.key());
        let event = BoardEvent::FlightAddition(row.row.clone());
        self.insert(row);
        ApplyOutcome::Changed(event)
    }

    fn patch(
        &mut self,
        seq: u64,
        time: Timestamp,
        patch: &FlightPatch,
        room: usize,
    ) -> ApplyOutcome {
        let old = match self.find(patch.key()) {
            Ok(row) => row,
            Err(rejection) => return ApplyOutcome::Rejected(rejection),
        };
        let mut row = old.clone();
        let changes = row.row.flight.apply(patch);
        if changes.is_empty() {
            return ApplyOutcome::Unchanged { version: row.version };
        }
        if let Err(rejection) = check_room(Some(old.flight()), row.flight(), room) {
            return ApplyOutcome::Rejected(rejection);
        }
        let zone = self.settings.zone();
        let rule = row.rule(&self.settings, &zone);
        let days = rule.after_patch(time, (old.flight(), &old.days));
        row.set_days(&self.settings, &zone, days, seq);
        row.version = seq;
        row.state_since = time;
        row.changed_at = Some(time);
        let changes = row.row.changes_since(&old.row.instants, changes);
        self.insert(row);
        ApplyOutcome::Changed(BoardEvent::FlightStateUpdate(changes))
    }

    fn remove(&mut self, key: &FlightKey) -> ApplyOutcome {
        let row = match self.find(key) {
            Ok(row) => row,
            Err(rejection) => return ApplyOutcome::Rejected(rejection),
        };
        let key = row.flight().key().clone();
        let (bytes, expiry) = (row_bytes(row.flight()), row.expiry_entry());
        if let Some(as_of) = row.as_of {
            self.removed_rows.insert(key.clone(), as_of);
        }
        if let Some(entry) = expiry {
            self.by_expiry.remove_mut(&entry);
        }
        self.row_bytes -= bytes;
        self.rows.remove_mut(&key);
        ApplyOutcome::Changed(BoardEvent::FlightRemoval(key))
    }

    fn expire(&mut self, time: Timestamp, key: &FlightKey) -> ApplyOutcome {
        let expires_at = self.rows.get(key).and_then(|row| row.expires_at);
        if expires_at.is_some_and(|expires_at| expires_at <= time) {
            self.remove(key)
        } else {
            ApplyOutcome::Rejected(Rejection::NotDue)
        }
    }

    fn put_source(&mut self, seq: u64, source: Option<&BoardSource>) -> ApplyOutcome {
        if self.source() == source {
            return ApplyOutcome::Unchanged { version: self.head };
        }
        self.feed.source = source.cloned();
        self.feed.source_version = source.map(|_| seq);
        ApplyOutcome::Changed(BoardEvent::SourceUpdate(source.cloned().map(Box::new)))
    }

    fn mark_source_late(&mut self, time: Timestamp) -> ApplyOutcome {
        match self.feed.mark_late(time) {
            Some(source) => {
                ApplyOutcome::Changed(BoardEvent::SourceUpdate(Some(source.clone().into())))
            }
            None => ApplyOutcome::Rejected(Rejection::NotDue),
        }
    }

    fn claim_feed(&mut self, time: Timestamp, claim: &FeedClaim) -> ApplyOutcome {
        if self.feed.claim(time, claim) {
            ApplyOutcome::Unchanged { version: self.head }
        } else {
            ApplyOutcome::Rejected(Rejection::LeaseHeld)
        }
    }

    /// Adds `row`, or replaces the row with its key. If that one was in the same state, `row` has been
    /// in it since then.
    fn insert(&mut self, mut row: TimetableRow) {
        let key = row.flight().key().clone();
        if let Some(old) = self.rows.get(&key) {
            if old.has_same_state(&row) {
                row.state_since = old.state_since;
            }
            self.row_bytes -= row_bytes(old.flight());
            if let Some(entry) = old.expiry_entry() {
                self.by_expiry.remove_mut(&entry);
            }
        }
        self.row_bytes += row_bytes(row.flight());
        row.expires_at = row.expiry(&self.settings);
        if let Some(entry) = row.expiry_entry() {
            self.by_expiry.insert_mut(entry);
        }
        self.rows.insert_mut(key, row);
    }
}

impl From<TimetableCheckpoint> for Timetable {
    fn from(checkpoint: TimetableCheckpoint) -> Self {
        let TimetableCheckpoint { settings, opened, head, closed, mut rows, feed, removed } =
            checkpoint;
        let zone = settings.zone();
        for row in &mut rows {
            let rule = row.rule(&settings, &zone);
            let mut days = row.days.clone();
            // An older checkpoint has no days: the time of the state is the best one known.
            if !rule.has_days(&days) {
                days = rule.after_put(row.state_since, None);
            }
            row.row.set_instants(settings.kind, &zone, &days);
            row.days = days;
        }
        let by_expiry = rows.iter().filter_map(TimetableRow::expiry_entry).collect();
        let row_bytes = rows.iter().map(|row| row_bytes(row.flight())).sum();
        let rows = rows.into_iter().map(|row| (row.flight().key().clone(), row)).collect();
        Self {
            settings,
            opened_seq: opened,
            head,
            close_reason: closed,
            rows,
            feed,
            removed_rows: removed,
            by_expiry,
            row_bytes,
        }
    }
}

/// Checks that a row may become as large as `new` is.
fn check_room(old: Option<&Flight>, new: &Flight, room: usize) -> Result<(), Rejection> {
    let growth = row_bytes(new).saturating_sub(old.map_or(0, row_bytes));
    if growth > room {
        return Err(Rejection::StateFull { max_bytes: MAX_TIMETABLE_BYTES });
    }
    Ok(())
}

fn serialize_values<S: Serializer>(
    rows: &RedBlackTreeMapSync<FlightKey, TimetableRow>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(rows.values())
}
