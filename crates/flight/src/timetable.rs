//! The rows of one board.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};
use serde::{Deserialize, Serialize, Serializer};

use crate::board::{BoardKind, BoardSettings};
use crate::event::BoardEvent;
use crate::field::{FlightField, RowTime};
use crate::final_state::FinalState;
use crate::outcome::{ApplyOutcome, Rejection};
use crate::row::{Flight, FlightKey, FlightPatch};
use crate::update::{Change, Precondition};

/// Most rows of a board: some ten days of the busiest airport.
pub const MAX_FLIGHTS: usize = 20_000;

/// The rows of one board: what applying all its records in order gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "TimetableCheckpoint")]
pub struct Timetable {
    settings: BoardSettings,
    opened: u64,
    head: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed: Option<String>,
    #[serde(serialize_with = "write_rows")]
    rows: BTreeMap<FlightKey, TimetableRow>,
    /// Rows in final states by the time at which they leave.
    #[serde(skip)]
    leaving: BTreeSet<(Timestamp, FlightKey)>,
}

/// A row, with what the fold has to know of its past.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimetableRow {
    flight: Flight,
    version: u64,
    added: u64,
    entered: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    leaves: Option<Timestamp>,
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
            opened: seq,
            head: seq,
            closed: None,
            rows: BTreeMap::new(),
            leaving: BTreeSet::new(),
        }
    }

    /// The board's settings.
    pub fn settings(&self) -> &BoardSettings {
        &self.settings
    }

    /// Position of the record that opened the board, the last time it was opened.
    pub fn opened_seq(&self) -> u64 {
        self.opened
    }

    /// Position of the newest record that changed anything.
    pub fn head(&self) -> u64 {
        self.head
    }

    /// Why the board is closed, if it is.
    pub fn close_reason(&self) -> Option<&str> {
        self.closed.as_deref()
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// All rows, in the order in which they were first added.
    pub fn rows(&self) -> Vec<&TimetableRow> {
        let mut rows: Vec<_> = self.rows.values().collect();
        rows.sort_unstable_by_key(|row| row.added);
        rows
    }

    /// The row that a key means: the row of that very key, or without a date the only row of that
    /// number.
    ///
    /// # Errors
    /// [`Rejection::UnknownFlight`], or [`Rejection::AmbiguousFlight`] with the dates to choose from.
    pub fn find(&self, key: &FlightKey) -> Result<&TimetableRow, Rejection> {
        if let Some(row) = self.rows.get(key) {
            return Ok(row);
        }
        let same_number = self.rows.range(key..);
        let mut rows = same_number.take_while(|(other, _)| other.flight() == key.flight());
        match (key.date(), rows.next(), rows.next()) {
            (Some(_), ..) | (None, None, _) => Err(Rejection::UnknownFlight),
            (None, Some((_, row)), None) => Ok(row),
            (None, Some((first, _)), Some((second, _))) => {
                let keys = [first, second].into_iter().chain(rows.map(|(key, _)| key));
                Err(Rejection::AmbiguousFlight {
                    dates: keys.filter_map(FlightKey::date).collect(),
                })
            }
        }
    }

    /// Keys of the rows whose stay in a final state is over at `now`.
    pub fn expired_keys(&self, now: Timestamp) -> impl Iterator<Item = &FlightKey> {
        self.leaving.iter().take_while(move |(leaves, _)| *leaves <= now).map(|(_, key)| key)
    }

    /// Carries out `update` at position `seq` and `time`.
    pub(crate) fn apply(
        &mut self,
        seq: u64,
        time: Timestamp,
        change: &Change,
        precondition: Option<&Precondition>,
    ) -> ApplyOutcome {
        if self.closed.is_some() {
            return self.apply_closed(seq, change);
        }
        if let Err(rejection) = self.check(change, precondition) {
            return ApplyOutcome::Rejected(rejection);
        }
        let applied = match change {
            Change::PutBoard(settings) => self.put_settings(settings),
            Change::CloseBoard { reason } => self.close(reason),
            Change::PutFlight(flight) => self.put(seq, time, flight),
            Change::PatchFlight(patch) => self.patch(seq, time, patch),
            Change::RemoveFlight(key) => self.remove(key),
            Change::ExpireFlight(key) => self.expire(time, key),
        };
        if let ApplyOutcome::Changed(_) = applied {
            self.head = seq;
        }
        applied
    }

    fn apply_closed(&mut self, seq: u64, change: &Change) -> ApplyOutcome {
        match change {
            Change::PutBoard(settings) => {
                *self = Self::open(seq, BoardSettings::clone(settings));
                ApplyOutcome::Changed(BoardEvent::BoardUpdate(settings.clone()))
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
        let met = match precondition {
            Precondition::Version(versions) => {
                row.is_some_and(|row| versions.contains(&row.version))
            }
            Precondition::Present => row.is_some(),
            Precondition::Absent if row.is_some() => return Err(Rejection::AlreadyExists),
            Precondition::Absent => true,
        };
        if met { Ok(()) } else { Err(Rejection::VersionMismatch) }
    }

    fn put_settings(&mut self, settings: &BoardSettings) -> ApplyOutcome {
        if self.settings == *settings {
            return ApplyOutcome::Unchanged { version: self.head };
        }
        self.settings = settings.clone();
        let zone = settings.zone();
        for row in self.rows.values_mut() {
            row.leaves = row.leaving_time(settings, &zone);
        }
        self.leaving = self.rows.values().filter_map(TimetableRow::leaving_entry).collect();
        ApplyOutcome::Changed(BoardEvent::BoardUpdate(Box::new(settings.clone())))
    }

    fn close(&mut self, reason: &str) -> ApplyOutcome {
        self.closed = Some(reason.to_owned());
        self.rows.clear();
        self.leaving.clear();
        ApplyOutcome::Changed(BoardEvent::ClosedConnection(reason.to_owned()))
    }

    fn put(&mut self, seq: u64, time: Timestamp, flight: &Flight) -> ApplyOutcome {
        let old = self.rows.get(flight.key());
        match old {
            Some(row) if row.flight == *flight => {
                return ApplyOutcome::Unchanged { version: row.version };
            }
            None if self.rows.len() >= MAX_FLIGHTS => {
                return ApplyOutcome::Rejected(Rejection::BoardFull);
            }
            _ => {}
        }
        let added = old.map_or(seq, |row| row.added);
        self.place(TimetableRow {
            flight: flight.clone(),
            version: seq,
            added,
            entered: time,
            leaves: None,
        });
        ApplyOutcome::Changed(BoardEvent::FlightAddition(flight.clone()))
    }

    fn patch(&mut self, seq: u64, time: Timestamp, patch: &FlightPatch) -> ApplyOutcome {
        let mut row = match self.find(patch.key()) {
            Ok(row) => row.clone(),
            Err(rejection) => return ApplyOutcome::Rejected(rejection),
        };
        let changes = row.flight.apply(patch);
        if changes.is_empty() {
            return ApplyOutcome::Unchanged { version: row.version };
        }
        (row.version, row.entered) = (seq, time);
        self.place(row);
        ApplyOutcome::Changed(BoardEvent::FlightStateUpdate(changes))
    }

    fn remove(&mut self, key: &FlightKey) -> ApplyOutcome {
        let key = match self.find(key) {
            Ok(row) => row.flight.key().clone(),
            Err(rejection) => return ApplyOutcome::Rejected(rejection),
        };
        self.take(&key);
        ApplyOutcome::Changed(BoardEvent::FlightRemoval(key))
    }

    fn expire(&mut self, time: Timestamp, key: &FlightKey) -> ApplyOutcome {
        let leaves = self.rows.get(key).and_then(|row| row.leaves);
        if leaves.is_some_and(|leaves| leaves <= time) {
            self.remove(key)
        } else {
            ApplyOutcome::Rejected(Rejection::NotDue)
        }
    }

    /// Puts `row` in the place of the row of its key. A row that was in the same state already has
    /// been in it since then.
    fn place(&mut self, mut row: TimetableRow) {
        let key = row.flight.key().clone();
        if let Some(old) = self.take(&key).filter(|old| old.is_in_state_of(&row)) {
            row.entered = old.entered;
        }
        row.leaves = row.leaving_time(&self.settings, &self.settings.zone());
        self.leaving.extend(row.leaving_entry());
        self.rows.insert(key, row);
    }

    fn take(&mut self, key: &FlightKey) -> Option<TimetableRow> {
        let row = self.rows.remove(key)?;
        if let Some(entry) = row.leaving_entry() {
            self.leaving.remove(&entry);
        }
        Some(row)
    }
}

impl TimetableRow {
    /// The flight.
    pub fn flight(&self) -> &Flight {
        &self.flight
    }

    /// Position of the record that made the row what it is.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Position of the record that first added the row.
    pub fn added_seq(&self) -> u64 {
        self.added
    }

    fn state(&self) -> &str {
        self.flight.text(FlightField::State).unwrap_or_default()
    }

    fn is_in_state_of(&self, other: &Self) -> bool {
        self.state().eq_ignore_ascii_case(other.state())
    }

    fn leaving_entry(&self) -> Option<(Timestamp, FlightKey)> {
        Some((self.leaves?, self.flight.key().clone()))
    }

    fn leaving_time(&self, board: &BoardSettings, zone: &TimeZone) -> Option<Timestamp> {
        let state = FinalState::parse(self.state())?;
        let stay = board.remove_after.delay(state)?;
        let from = match self.scheduled(board.kind, zone) {
            Some(scheduled) if state.counts_from_schedule() => scheduled.max(self.entered),
            _ => self.entered,
        };
        from.checked_add(stay).ok()
    }

    /// The scheduled time; where the row gives no day, the one nearest to its last news.
    fn scheduled(&self, kind: BoardKind, zone: &TimeZone) -> Option<Timestamp> {
        let field = match kind {
            BoardKind::Arrivals => FlightField::Arrival,
            BoardKind::Departures => FlightField::Departure,
        };
        let time = match RowTime::parse(self.flight.text(field)?)? {
            RowTime::Absolute(timestamp) => return Some(timestamp),
            RowTime::Local(time) => time,
        };
        let at = |date: jiff::civil::Date| date.to_datetime(time).to_zoned(zone.clone()).ok();
        let known = self.flight.key().date().and_then(at);
        let today = self.entered.to_zoned(zone.clone()).date();
        let guesses = (-1..=1).filter_map(|days| at(today.checked_add(days.days()).ok()?));
        let distance =
            |day: &Zoned| -> SignedDuration { day.timestamp().duration_since(self.entered).abs() };
        known.or_else(|| guesses.min_by_key(distance)).map(|zoned| zoned.timestamp())
    }
}

impl From<TimetableCheckpoint> for Timetable {
    fn from(stored: TimetableCheckpoint) -> Self {
        let TimetableCheckpoint { settings, opened, head, closed, rows } = stored;
        let leaving = rows.iter().filter_map(TimetableRow::leaving_entry).collect();
        let rows = rows.into_iter().map(|row| (row.flight.key().clone(), row)).collect();
        Self { settings, opened, head, closed, rows, leaving }
    }
}

fn write_rows<S: Serializer>(
    rows: &BTreeMap<FlightKey, TimetableRow>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(rows.values())
}
