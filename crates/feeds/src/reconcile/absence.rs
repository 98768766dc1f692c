//! Rows that the source no longer lists.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use flight::{Flight, FlightField, FlightKey};
use jiff::{SignedDuration, Timestamp};

use super::is_within;
use super::pairing::{BoardIndex, Pair};
use crate::answer::SourceAnswer;
use crate::row_builder::without_blanks;

/// Fewest full answers that must lack a row before it is removed.
const MIN_ABSENT_ANSWERS: u32 = 3;

/// Shortest time over which those answers must be spread.
const MIN_ABSENCE: SignedDuration = SignedDuration::from_mins(10);

/// Time for which the length of an answer is compared with later ones.
const LENGTH_MEMORY: SignedDuration = SignedDuration::from_hours(1);

/// The board's rows that recent full answers lacked.
#[derive(Debug, Default)]
pub(super) struct Absences {
    rows: HashMap<FlightKey, Absence>,
    /// The last full answer that was not short: its time, and the scheduled times of its rows.
    last_full: Option<(Timestamp, Vec<Timestamp>)>,
}

#[derive(Debug)]
struct Absence {
    since: Timestamp,
    answers: u32,
}

impl Absences {
    /// Returns the rows that have been absent for long enough, or nothing if the answer proves no
    /// absence. `covers` is the span that the answer covers, if it is full.
    pub(super) fn judge(
        &mut self,
        board: &BoardIndex<'_>,
        pairs: &[Pair<'_>],
        answer: &SourceAnswer,
        covers: Option<&Range<Timestamp>>,
        now: Timestamp,
    ) -> Option<Vec<FlightKey>> {
        let refused = answer.refused.iter().map(|refused| without_blanks(&refused.row));
        let listed = ListedRows {
            keys: pairs.iter().filter_map(|pair| Some(pair.on_board?.key())).collect(),
            refused: refused.collect(),
        };
        self.rows.retain(|key, _| board.get(key).is_some_and(|row| !listed.contains(row)));
        let covers = covers?;
        // Some sources list a flight by its newest time: one that is late leaves the span before it flies.
        let is_covered = |row: &&Flight| {
            board.scheduled(row).is_some_and(|at| covers.contains(&at))
                && row.timestamp(FlightField::Estimated).is_none_or(|at| at < covers.end)
        };
        let covered: Vec<_> = board.rows().iter().filter(is_covered).collect();
        let times = pairs.iter().filter_map(|pair| pair.row.scheduled);
        if self.is_short(times.collect(), covered.len(), covers, now) || listed.has_unnamed() {
            return None;
        }
        let absent = covered.into_iter().filter(|row| !listed.contains(row));
        let gone = absent.filter(|row| !row.is_held() && self.count(row.key(), now));
        Some(gone.map(|row| row.key().clone()).collect())
    }

    /// Returns whether the answer has fewer than half of the rows that the board or the last answer
    /// has in the same span.
    fn is_short(
        &mut self,
        times: Vec<Timestamp>,
        covered_rows: usize,
        covers: &Range<Timestamp>,
        now: Timestamp,
    ) -> bool {
        let covered = |times: &[Timestamp]| times.iter().filter(|at| covers.contains(at)).count();
        let last = self.last_full.as_ref().filter(|(at, _)| is_within(LENGTH_MEMORY, *at, now));
        let last_rows = last.map_or(0, |(_, times)| covered(times));
        let is_short = times.is_empty() || covered(&times) * 2 < covered_rows.max(last_rows);
        if !is_short {
            self.last_full = Some((now, times));
        }
        is_short
    }

    /// Counts one more answer that lacks the row. Returns whether those are enough.
    fn count(&mut self, key: &FlightKey, now: Timestamp) -> bool {
        let absence = self.rows.entry(key.clone()).or_insert(Absence { since: now, answers: 0 });
        absence.answers = absence.answers.saturating_add(1);
        // A clock that was set back must not make an absence last longer than it does.
        absence.since = absence.since.min(now);
        let lasts = now.duration_since(absence.since);
        absence.answers >= MIN_ABSENT_ANSWERS && lasts >= MIN_ABSENCE
    }
}

/// The board's rows that an answer lists, read or refused.
struct ListedRows<'a> {
    keys: HashSet<&'a FlightKey>,
    refused: HashSet<String>,
}

impl ListedRows<'_> {
    fn contains(&self, row: &Flight) -> bool {
        self.keys.contains(row.key()) || self.refused.contains(row.key().flight())
    }

    /// Returns whether a row was refused that could be any.
    fn has_unnamed(&self) -> bool {
        self.refused.contains("")
    }
}
