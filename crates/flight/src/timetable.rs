//! The rows of one board.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};
use serde::{Deserialize, Serialize, Serializer};

use crate::board::{BoardSettings, Kind};
use crate::boards::{Applied, Why};
use crate::event::Event;
use crate::field::{Field, Moment};
use crate::removal::FinalState;
use crate::row::{Flight, Key, Patch};
use crate::update::{Condition, Update};

/// Most rows of a board: some ten days of the busiest airport.
pub const MAX_FLIGHTS: usize = 20_000;

/// The rows of one board: what applying all its records in order gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct Timetable {
    settings: BoardSettings,
    opened: u64,
    head: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed: Option<String>,
    #[serde(serialize_with = "write_rows")]
    rows: BTreeMap<Key, Row>,
    /// Rows in final states by the time at which they leave.
    #[serde(skip)]
    leaving: BTreeSet<(Timestamp, Key)>,
}

/// A row, with what the fold has to know of its past.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    flight: Flight,
    version: u64,
    added: u64,
    entered: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    leaves: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Stored {
    settings: BoardSettings,
    opened: u64,
    head: u64,
    closed: Option<String>,
    rows: Vec<Row>,
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
    pub fn opened(&self) -> u64 {
        self.opened
    }

    /// Position of the newest record that changed anything.
    pub fn head(&self) -> u64 {
        self.head
    }

    /// Why the board is closed, if it is.
    pub fn closed(&self) -> Option<&str> {
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
    pub fn rows(&self) -> Vec<&Row> {
        let mut rows: Vec<_> = self.rows.values().collect();
        rows.sort_unstable_by_key(|row| row.added);
        rows
    }

    /// The row that a key means: the row of that very key, or without a date the only row of that
    /// number.
    ///
    /// # Errors
    /// [`Why::UnknownFlight`], or [`Why::AmbiguousFlight`] with the dates to choose from.
    pub fn find(&self, key: &Key) -> Result<&Row, Why> {
        if let Some(row) = self.rows.get(key) {
            return Ok(row);
        }
        let same_number = self.rows.range(key..);
        let mut rows = same_number.take_while(|(other, _)| other.flight() == key.flight());
        match (key.date(), rows.next(), rows.next()) {
            (Some(_), ..) | (None, None, _) => Err(Why::UnknownFlight),
            (None, Some((_, row)), None) => Ok(row),
            (None, Some((first, _)), Some((second, _))) => {
                let keys = [first, second].into_iter().chain(rows.map(|(key, _)| key));
                Err(Why::AmbiguousFlight { dates: keys.filter_map(Key::date).collect() })
            }
        }
    }

    /// Keys of the rows whose stay in a final state is over at `now`.
    pub fn due(&self, now: Timestamp) -> impl Iterator<Item = &Key> {
        self.leaving.iter().take_while(move |(leaves, _)| *leaves <= now).map(|(_, key)| key)
    }

    /// Carries out `update` at position `seq` and `time`.
    pub(crate) fn apply(
        &mut self,
        seq: u64,
        time: Timestamp,
        update: &Update,
        condition: Option<&Condition>,
    ) -> Applied {
        if self.closed.is_some() {
            return self.apply_closed(seq, update);
        }
        if let Err(why) = self.check(update, condition) {
            return Applied::Unchanged(why);
        }
        let applied = match update {
            Update::PutBoard(settings) => self.put_settings(settings),
            Update::CloseBoard { reason } => self.close(reason),
            Update::Put(flight) => self.put(seq, time, flight),
            Update::Patch(patch) => self.patch(seq, time, patch),
            Update::Remove(key) => self.remove(key),
            Update::Expire(key) => self.expire(time, key),
        };
        if let Applied::Changed(_) = applied {
            self.head = seq;
        }
        applied
    }

    fn apply_closed(&mut self, seq: u64, update: &Update) -> Applied {
        match update {
            Update::PutBoard(settings) => {
                *self = Self::open(seq, BoardSettings::clone(settings));
                Applied::Changed(Event::BoardUpdate(settings.clone()))
            }
            Update::CloseBoard { .. } => Applied::Unchanged(Why::Same { version: self.head }),
            _ => Applied::Unchanged(Why::ClosedBoard),
        }
    }

    fn check(&self, update: &Update, condition: Option<&Condition>) -> Result<(), Why> {
        let Some(condition) = condition else { return Ok(()) };
        let row = match update {
            Update::Put(flight) => self.rows.get(flight.key()),
            Update::Patch(patch) => Some(self.find(patch.key())?),
            Update::Remove(key) | Update::Expire(key) => Some(self.find(key)?),
            Update::PutBoard(_) | Update::CloseBoard { .. } => return Ok(()),
        };
        let met = match condition {
            Condition::Version(versions) => row.is_some_and(|row| versions.contains(&row.version)),
            Condition::Present => row.is_some(),
            Condition::Absent if row.is_some() => return Err(Why::AlreadyThere),
            Condition::Absent => true,
        };
        if met { Ok(()) } else { Err(Why::OtherVersion) }
    }

    fn put_settings(&mut self, settings: &BoardSettings) -> Applied {
        if self.settings == *settings {
            return Applied::Unchanged(Why::Same { version: self.head });
        }
        self.settings = settings.clone();
        let zone = settings.zone();
        for row in self.rows.values_mut() {
            row.leaves = row.leaving_time(settings, &zone);
        }
        self.leaving = self.rows.values().filter_map(Row::leaving_entry).collect();
        Applied::Changed(Event::BoardUpdate(Box::new(settings.clone())))
    }

    fn close(&mut self, reason: &str) -> Applied {
        self.closed = Some(reason.to_owned());
        self.rows.clear();
        self.leaving.clear();
        Applied::Changed(Event::ClosedConnection(reason.to_owned()))
    }

    fn put(&mut self, seq: u64, time: Timestamp, flight: &Flight) -> Applied {
        let old = self.rows.get(flight.key());
        match old {
            Some(row) if row.flight == *flight => {
                return Applied::Unchanged(Why::Same { version: row.version });
            }
            None if self.rows.len() >= MAX_FLIGHTS => return Applied::Unchanged(Why::BoardFull),
            _ => {}
        }
        let added = old.map_or(seq, |row| row.added);
        self.place(Row {
            flight: flight.clone(),
            version: seq,
            added,
            entered: time,
            leaves: None,
        });
        Applied::Changed(Event::FlightAddition(flight.clone()))
    }

    fn patch(&mut self, seq: u64, time: Timestamp, patch: &Patch) -> Applied {
        let mut row = match self.find(patch.key()) {
            Ok(row) => row.clone(),
            Err(why) => return Applied::Unchanged(why),
        };
        let changes = row.flight.apply(patch);
        if changes.is_empty() {
            return Applied::Unchanged(Why::Same { version: row.version });
        }
        (row.version, row.entered) = (seq, time);
        self.place(row);
        Applied::Changed(Event::FlightStateUpdate(changes))
    }

    fn remove(&mut self, key: &Key) -> Applied {
        let key = match self.find(key) {
            Ok(row) => row.flight.key().clone(),
            Err(why) => return Applied::Unchanged(why),
        };
        self.take(&key);
        Applied::Changed(Event::FlightRemoval(key))
    }

    fn expire(&mut self, time: Timestamp, key: &Key) -> Applied {
        let leaves = self.rows.get(key).and_then(|row| row.leaves);
        if leaves.is_some_and(|leaves| leaves <= time) {
            self.remove(key)
        } else {
            Applied::Unchanged(Why::NotDue)
        }
    }

    /// Puts `row` in the place of the row of its key. A row that was in the same state already has
    /// been in it since then.
    fn place(&mut self, mut row: Row) {
        let key = row.flight.key().clone();
        if let Some(old) = self.take(&key).filter(|old| old.is_in_state_of(&row)) {
            row.entered = old.entered;
        }
        row.leaves = row.leaving_time(&self.settings, &self.settings.zone());
        self.leaving.extend(row.leaving_entry());
        self.rows.insert(key, row);
    }

    fn take(&mut self, key: &Key) -> Option<Row> {
        let row = self.rows.remove(key)?;
        if let Some(entry) = row.leaving_entry() {
            self.leaving.remove(&entry);
        }
        Some(row)
    }
}

impl Row {
    /// The flight.
    pub fn flight(&self) -> &Flight {
        &self.flight
    }

    /// Position of the record that made the row what it is.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Position of the record that first added the row.
    pub fn added(&self) -> u64 {
        self.added
    }

    fn state(&self) -> &str {
        self.flight.text(Field::State).unwrap_or_default()
    }

    fn is_in_state_of(&self, other: &Self) -> bool {
        self.state().eq_ignore_ascii_case(other.state())
    }

    fn leaving_entry(&self) -> Option<(Timestamp, Key)> {
        Some((self.leaves?, self.flight.key().clone()))
    }

    fn leaving_time(&self, board: &BoardSettings, zone: &TimeZone) -> Option<Timestamp> {
        let state = FinalState::of(self.state())?;
        let stay = board.remove_after.stay(state)?;
        let from = match self.scheduled(board.kind, zone) {
            Some(scheduled) if state.stays_past_schedule() => scheduled.max(self.entered),
            _ => self.entered,
        };
        from.checked_add(stay).ok()
    }

    /// The scheduled time; where the row gives no day, the one nearest to its last news.
    fn scheduled(&self, kind: Kind, zone: &TimeZone) -> Option<Timestamp> {
        let field = match kind {
            Kind::Arrivals => Field::Arrival,
            Kind::Departures => Field::Departure,
        };
        let time = match Moment::parse(self.flight.text(field)?)? {
            Moment::At(timestamp) => return Some(timestamp),
            Moment::Local(time) => time,
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

impl From<Stored> for Timetable {
    fn from(stored: Stored) -> Self {
        let Stored { settings, opened, head, closed, rows } = stored;
        let leaving = rows.iter().filter_map(Row::leaving_entry).collect();
        let rows = rows.into_iter().map(|row| (row.flight.key().clone(), row)).collect();
        Self { settings, opened, head, closed, rows, leaving }
    }
}

fn write_rows<S: Serializer>(rows: &BTreeMap<Key, Row>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(rows.values())
}
