//! The rows of one board.
//!
//! Rows live in persistent maps: a clone shares them, so a snapshot is taken in constant time, and a
//! change afterwards copies one path of the tree.

/// The effect of updates.
mod apply;

/// The conditions of updates.
mod conditions;

/// The size of the rows.
mod room;

use jiff::{Timestamp, ToSpan};
use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};
use serde::{Deserialize, Serialize, Serializer};

use crate::board::BoardSettings;
use crate::board_feed::{BoardFeed, SourceLease};
use crate::encoded_size::row_bytes;
use crate::outcome::Rejection;
use crate::removed_rows::RemovedRows;
use crate::row::FlightKey;
use crate::source::BoardSource;
use crate::timetable_row::TimetableRow;

/// Most rows of a board: some ten days of the busiest airport.
pub const MAX_FLIGHTS: usize = 20_000;

/// Most keys that a rejection lists, of a number that flies on many days.
pub const MAX_CANDIDATES: usize = 20;

/// Days from its date on which a flight may still be under way: the longest flights land on the day after, and a delay
/// may take another.
const FLIGHT_DAYS: i64 = 3;

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
    #[serde(rename = "lastUpdate", skip_serializing_if = "Option::is_none")]
    last_update: Option<Timestamp>,
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
    #[serde(rename = "lastUpdate")]
    last_update: Option<Timestamp>,
}

impl Timetable {
    pub(crate) fn open(seq: u64, time: Timestamp, settings: BoardSettings) -> Self {
        Self {
            settings,
            opened_seq: seq,
            head: seq,
            close_reason: None,
            rows: RedBlackTreeMapSync::new_sync(),
            feed: BoardFeed::default(),
            removed_rows: RemovedRows::default(),
            last_update: Some(time),
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

    /// The time of the last update of a publisher that was not refused, also if it changed nothing. `None` if a version
    /// that did not keep it wrote the last checkpoint.
    pub fn last_update(&self) -> Option<Timestamp> {
        self.last_update
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

    /// The row with exactly this key.
    pub fn get(&self, key: &FlightKey) -> Option<&TimetableRow> {
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
        let mut rows = self.matching(key);
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

    /// The rows that have the given parts of this key, in the order in which they were first added.
    pub fn rows_of(&self, key: &FlightKey) -> Vec<&TimetableRow> {
        let mut rows: Vec<_> = self.matching(key).map(|(_, row)| row).collect();
        rows.sort_unstable_by_key(|row| row.added_seq);
        rows
    }

    /// Returns whether a flight is gone for good: it has no row, the days of its date are over by `now`, and the board
    /// removes its finished rows by itself. A board that keeps any of them may show rows of any day, such as a recorded
    /// one.
    pub fn is_gone(&self, key: &FlightKey, now: Timestamp) -> bool {
        let over_at = || {
            let next_day = key.date()?.checked_add(FLIGHT_DAYS.days()).ok()?;
            let end = next_day.to_zoned(self.settings.zone()).ok()?.timestamp();
            end.checked_add(self.settings.remove_after.longest()?).ok()
        };
        self.matching(key).next().is_none() && over_at().is_some_and(|over_at| over_at <= now)
    }

    fn matching(&self, key: &FlightKey) -> impl Iterator<Item = (&FlightKey, &TimetableRow)> {
        // A missing part sorts before all others.
        let following = self.rows.range(key.first_candidate()..);
        let same_number = following.take_while(|(other, _)| other.flight() == key.flight());
        same_number.filter(|(other, _)| key.matches(other))
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
}

impl From<TimetableCheckpoint> for Timetable {
    fn from(checkpoint: TimetableCheckpoint) -> Self {
        let TimetableCheckpoint {
            settings,
            opened,
            head,
            closed,
            mut rows,
            feed,
            removed,
            last_update,
        } = checkpoint;
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
            last_update,
            by_expiry,
            row_bytes,
        }
    }
}

fn serialize_values<S: Serializer>(
    rows: &RedBlackTreeMapSync<FlightKey, TimetableRow>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(rows.values())
}
