//! The effect of updates on the rows of a board.

use jiff::Timestamp;
use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};

use super::room::check_room;
use super::{MAX_FLIGHTS, Timetable};
use crate::board::BoardSettings;
use crate::board_feed::{BoardFeed, FeedClaim};
use crate::encoded_size::{REMOVED_ROW_BYTES, row_bytes};
use crate::event::BoardEvent;
use crate::local_days::LocalDays;
use crate::outcome::{ApplyOutcome, Rejection};
use crate::removed_rows::RemovedRows;
use crate::row::{Flight, FlightKey, FlightPatch};
use crate::source::BoardSource;
use crate::timetable_row::TimetableRow;
use crate::update::{Change, Update};

impl Timetable {
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
            return self.apply_to_closed(seq, time, change);
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
        if change.is_news() && !matches!(outcome, ApplyOutcome::Rejected(_)) {
            self.last_update = Some(time);
        }
        if let ApplyOutcome::Changed(_) = outcome {
            self.head = seq;
        }
        outcome
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

    fn apply_to_closed(&mut self, seq: u64, time: Timestamp, change: &Change) -> ApplyOutcome {
        match change {
            Change::PutBoard(settings) => {
                *self = Self::open(seq, time, BoardSettings::clone(settings));
                ApplyOutcome::Changed(BoardEvent::new_settings(settings, Vec::new()))
            }
            Change::CloseBoard { .. } => ApplyOutcome::Unchanged { version: self.head },
            _ => ApplyOutcome::Rejected(Rejection::BoardClosed),
        }
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
