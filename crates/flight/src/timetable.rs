//! The rows of one board.
//!
//! Rows live in persistent maps: a clone shares them, so a snapshot is taken in constant time, and a
//! change afterwards copies one path of the tree.

use jiff::Timestamp;
use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};
use serde::{Deserialize, Serialize, Serializer};

use crate::board::BoardSettings;
use crate::event::BoardEvent;
use crate::local_days::LocalDays;
use crate::outcome::{ApplyOutcome, Rejection};
use crate::row::{Flight, FlightKey, FlightPatch};
use crate::timetable_row::TimetableRow;
use crate::update::{Change, Precondition};

/// Most rows of a board: some ten days of the busiest airport.
pub const MAX_FLIGHTS: usize = 20_000;

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
    /// The keys of rows in final states, by expiry.
    #[serde(skip)]
    by_expiry: RedBlackTreeSetSync<(Timestamp, FlightKey)>,
}

#[derive(Deserialize)]
struct TimetableCheckpoint {
    settings: BoardSettings,
    opened: u64,
    head: u64,
    closed: Option<String>,
    rows: Vec<TimetableRow>,
}

impl Timetable {
    pub(crate) fn open(seq: u64, settings: BoardSettings) -> Self {
        Self {
            settings,
            opened_seq: seq,
            head: seq,
            close_reason: None,
            rows: RedBlackTreeMapSync::new_sync(),
            by_expiry: RedBlackTreeSetSync::new_sync(),
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

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.size()
    }

    /// Returns whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// All rows, in the order in which they were first added.
    pub fn rows(&self) -> Vec<&TimetableRow> {
        let mut rows: Vec<_> = self.rows.values().collect();
        rows.sort_unstable_by_key(|row| row.added_seq);
        rows
    }

    /// The row with this key. A key without a date also finds the only row of its flight number.
    ///
    /// # Errors
    /// [`Rejection::UnknownFlight`], or [`Rejection::AmbiguousFlight`] with the dates to choose from.
    pub fn find(&self, key: &FlightKey) -> Result<&TimetableRow, Rejection> {
        if let Some(row) = self.rows.get(key) {
            return Ok(row);
        }
        if key.date().is_some() {
            return Err(Rejection::UnknownFlight);
        }
        // A key without a date sorts before the dated keys of its flight number.
        let following = self.rows.range(key..);
        let mut rows = following.take_while(|(other, _)| other.flight() == key.flight());
        match (rows.next(), rows.next()) {
            (None, _) => Err(Rejection::UnknownFlight),
            (Some((_, row)), None) => Ok(row),
            (Some((first, _)), Some((second, _))) => {
                let keys = [first, second].into_iter().chain(rows.map(|(key, _)| key));
                let dates = keys.filter_map(FlightKey::date).collect();
                Err(Rejection::AmbiguousFlight { dates })
            }
        }
    }

    /// Keys of the rows that have expired by `now`, earliest expiry first.
    pub fn expired_keys(&self, now: Timestamp) -> impl Iterator<Item = &FlightKey> {
        let expired = self.by_expiry.iter().take_while(move |(expires_at, _)| *expires_at <= now);
        expired.map(|(_, key)| key)
    }

    /// Applies the change of the record at `seq`, written at `time`.
    pub(crate) fn apply(
        &mut self,
        seq: u64,
        time: Timestamp,
        change: &Change,
        precondition: Option<&Precondition>,
    ) -> ApplyOutcome {
        if self.close_reason.is_some() {
            return self.apply_to_closed(seq, change);
        }
        if let Err(rejection) = self.check(change, precondition) {
            return ApplyOutcome::Rejected(rejection);
        }
        let outcome = match change {
            Change::PutBoard(settings) => self.put_settings(seq, time, settings),
            Change::CloseBoard { reason } => self.close(reason),
            Change::PutFlight(flight) => self.put(seq, time, flight),
            Change::PatchFlight(patch) => self.patch(seq, time, patch),
            Change::RemoveFlight(key) => self.remove(key),
            Change::ExpireFlight(key) => self.expire(time, key),
        };
        if let ApplyOutcome::Changed(_) = outcome {
            self.head = seq;
        }
        outcome
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

    fn check(&self, change: &Change, precondition: Option<&Precondition>) -> Result<(), Rejection> {
        let Some(precondition) = precondition else { return Ok(()) };
        let row = match change {
            Change::PutFlight(flight) => self.rows.get(flight.key()),
            Change::PatchFlight(patch) => Some(self.find(patch.key())?),
            Change::RemoveFlight(key) | Change::ExpireFlight(key) => Some(self.find(key)?),
            Change::PutBoard(_) | Change::CloseBoard { .. } => return Ok(()),
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
        self.by_expiry = RedBlackTreeSetSync::new_sync();
        ApplyOutcome::Changed(BoardEvent::ClosedConnection(reason.to_owned()))
    }

    fn put(&mut self, seq: u64, time: Timestamp, flight: &Flight) -> ApplyOutcome {
        let zone = self.settings.zone();
        let mut row = TimetableRow {
            row: flight.clone().into(),
            days: LocalDays::new(),
            version: seq,
            added_seq: seq,
            state_since: time,
            expires_at: None,
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
            Some(current) => row.added_seq = current.added_seq,
            None if self.rows.size() >= MAX_FLIGHTS => {
                return ApplyOutcome::Rejected(Rejection::BoardFull);
            }
            None => {}
        }
        let event = BoardEvent::FlightAddition(row.row.clone());
        self.insert(row);
        ApplyOutcome::Changed(event)
    }

    fn patch(&mut self, seq: u64, time: Timestamp, patch: &FlightPatch) -> ApplyOutcome {
        let old = match self.find(patch.key()) {
            Ok(row) => row,
            Err(rejection) => return ApplyOutcome::Rejected(rejection),
        };
        let mut row = old.clone();
        let changes = row.row.flight.apply(patch);
        if changes.is_empty() {
            return ApplyOutcome::Unchanged { version: row.version };
        }
        let zone = self.settings.zone();
        let rule = row.rule(&self.settings, &zone);
        let days = rule.after_patch(time, (old.flight(), &old.days));
        row.set_days(&self.settings, &zone, days, seq);
        row.version = seq;
        row.state_since = time;
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
        let expiry = row.expiry_entry();
        if let Some(entry) = expiry {
            self.by_expiry.remove_mut(&entry);
        }
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

    /// Adds `row`, or replaces the row with its key. If that one was in the same state, `row` has been
    /// in it since then.
    fn insert(&mut self, mut row: TimetableRow) {
        let key = row.flight().key().clone();
        if let Some(old) = self.rows.get(&key) {
            if old.has_same_state(&row) {
                row.state_since = old.state_since;
            }
            if let Some(entry) = old.expiry_entry() {
                self.by_expiry.remove_mut(&entry);
            }
        }
        row.expires_at = row.expiry(&self.settings);
        if let Some(entry) = row.expiry_entry() {
            self.by_expiry.insert_mut(entry);
        }
        self.rows.insert_mut(key, row);
    }
}

impl From<TimetableCheckpoint> for Timetable {
    fn from(checkpoint: TimetableCheckpoint) -> Self {
        let TimetableCheckpoint { settings, opened, head, closed, mut rows } = checkpoint;
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
        let rows = rows.into_iter().map(|row| (row.flight().key().clone(), row)).collect();
        Self { settings, opened_seq: opened, head, close_reason: closed, rows, by_expiry }
    }
}

fn serialize_values<S: Serializer>(
    rows: &RedBlackTreeMapSync<FlightKey, TimetableRow>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(rows.values())
}
