//! Compares the rows of an answer with those of the board.
//!
//! The board is the memory: what it shows already is never announced again, also after a restart. A
//! [`Reconciler`] itself remembers only how long rows have been absent, the changes of the last minute,
//! and the rows that left the board in a final state.

/// The pairs of an answer's rows and the board's rows.
mod pairing;

/// Values that go back and forth.
mod flapping;

/// Rows that the source no longer lists.
mod absence;

/// Rows that left the board in a final state.
mod left_rows;

use std::collections::BTreeSet;

use flight::{
    BoardKind, Change, FieldType, FieldValue, Flight, FlightField, FlightKey, FlightPatch,
    RemovalDelays,
};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::answer::{AnswerOutcome, SourceAnswer};

use absence::Absences;
use flapping::RecentChanges;
use left_rows::LeftRows;
pub(crate) use pairing::number_stem;
use pairing::{AnswerRow, BoardIndex, Pair};

/// Turns the answers of one source into changes of one board.
#[derive(Debug)]
pub struct Reconciler {
    kind: BoardKind,
    zone: TimeZone,
    fields: Vec<FlightField>,
    removal: RemovalDelays,
    start: StartPhase,
    absences: Absences,
    recent: RecentChanges,
    left: LeftRows,
}

/// The phases of a start. They differ in the knowledge of finished rows that are not on the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StartPhase {
    /// It has not seen the board.
    New,
    /// The board was fed before, and there was no full answer yet: a row that is not on the board may have left
    /// it before this process started.
    CatchingUp,
    /// It has seen all rows that left.
    Following,
}

impl Reconciler {
    /// A reconciler for a board of this kind and time zone. `fields` are those that the source gives;
    /// `removal` is the board's `removeAfter`.
    pub fn new(
        kind: BoardKind,
        zone: TimeZone,
        fields: Vec<FlightField>,
        removal: RemovalDelays,
    ) -> Self {
        Self {
            kind,
            zone,
            fields,
            removal,
            start: StartPhase::New,
            absences: Absences::default(),
            recent: RecentChanges::default(),
            left: LeftRows::default(),
        }
    }

    /// The board was fed before, perhaps by another process: a row in a final state that it lacks may have
    /// left it. Without this, a board with rows counts as one that was fed. After the first
    /// [`reconcile`](Self::reconcile), this changes nothing.
    pub fn resume(&mut self) {
        if self.start == StartPhase::New {
            self.start = StartPhase::CatchingUp;
        }
    }

    /// Returns the changes that lead from `board_rows` to the answer. `now` is the feed's clock.
    ///
    /// New rows are put, known rows are patched, each under the key that it has on the board.
    pub fn reconcile(
        &mut self,
        board_rows: &[Flight],
        outcome: &AnswerOutcome,
        now: Timestamp,
    ) -> Vec<Change> {
        let board = BoardIndex::new(self.kind, board_rows);
        if self.start == StartPhase::New {
            let is_empty = board_rows.is_empty();
            self.start = if is_empty { StartPhase::Following } else { StartPhase::CatchingUp };
        }
        self.left.observe(&board, now);
        self.recent.forget_older(&board, now);
        let (answer, covers) = match outcome {
            AnswerOutcome::Full { answer, covers } => (answer, Some(covers)),
            AnswerOutcome::Partial { answer, .. } => (answer, None),
            AnswerOutcome::Unchanged => return self.settled_changes(&board, now),
            AnswerOutcome::Failed { .. } => return Vec::new(),
        };
        let rows = self.answer_rows(answer);
        let pairs = board.pair(rows);
        let mut changes = Vec::new();
        for Pair { row, on_board } in &pairs {
            let change = match on_board {
                Some(on_board) => self.patch(on_board, row, now).map(Change::PatchFlight),
                None => self.addition(row, now).map(Change::PutFlight),
            };
            if let Some(change) = change {
                let key = on_board.map_or(row.key, Flight::key);
                self.left.announce(key, row, self.expiry(row, now));
                changes.push(change);
            }
        }
        let removed = self.removed_by_source(answer, &board);
        let absent = self.absences.judge(&board, &pairs, answer, covers, now);
        if absent.is_some() {
            self.start = StartPhase::Following;
        }
        let absent = absent.unwrap_or_default();
        self.left.forget_removed(&absent);
        let removals: BTreeSet<_> = removed.into_iter().chain(absent).collect();
        changes.extend(removals.into_iter().map(Change::RemoveFlight));
        changes
    }

    fn answer_rows<'a>(&self, answer: &'a SourceAnswer) -> Vec<AnswerRow<'a>> {
        let full = answer.full_rows.iter().filter(|row| row.kind == self.kind);
        let full = full.map(|row| AnswerRow::full(self.kind, &row.flight, &self.fields));
        let delta = answer.delta_rows.iter().filter(|row| row.kind == self.kind);
        full.chain(delta.map(|row| AnswerRow::delta(self.kind, &row.patch))).collect()
    }

    /// The fields that differ and are to be announced now.
    fn patch(
        &mut self,
        on_board: &Flight,
        row: &AnswerRow<'_>,
        now: Timestamp,
    ) -> Option<FlightPatch> {
        let key = on_board.key();
        let mut changes = Vec::new();
        // The state comes first: a new one lets the other values follow at once.
        let is_state = |(field, _): &&(FlightField, _)| *field == FlightField::State;
        let others = row.values.iter().filter(|value| !is_state(value));
        for (field, wanted) in row.values.iter().filter(is_state).chain(others) {
            let current = on_board.value(*field);
            if is_same_value(*field, current, *wanted) {
                self.recent.keep(key, *field, now);
            } else if !on_board.holds(field.name())
                && self.recent.admit(key, *field, current, *wanted, now)
            {
                changes.push((*field, wanted.cloned()));
            }
        }
        let is_changed = !changes.is_empty() && !on_board.is_held();
        is_changed.then(|| FlightPatch::new(key.clone(), changes.into_iter().collect()))
    }

    /// The row, if it is to be added.
    fn addition(&mut self, row: &AnswerRow<'_>, now: Timestamp) -> Option<Flight> {
        let flight = row.to_flight();
        let final_state = row.final_state();
        if final_state.is_some() && self.start == StartPhase::CatchingUp {
            let reached = flight.timestamp(FlightField::Actual).or(row.scheduled);
            let expiry = reached.and_then(|reached| self.expiry(row, reached));
            if expiry.is_some_and(|expiry| expiry <= now) {
                self.left.insert(row);
            }
        }
        let is_over = final_state.is_some() && self.is_of_an_earlier_day(&flight, now);
        let returns = self.left.may_return(row, now);
        (returns && !is_over).then_some(flight)
    }

    /// The time at which the board removes a row that reached its final state at `reached`.
    fn expiry(&self, row: &AnswerRow<'_>, reached: Timestamp) -> Option<Timestamp> {
        let state = row.final_state()?;
        let delay = self.removal.delay(state)?;
        let scheduled = row.scheduled.filter(|_| state.counts_from_schedule());
        scheduled.unwrap_or(reached).max(reached).checked_add(delay).ok()
    }

    fn is_of_an_earlier_day(&self, flight: &Flight, now: Timestamp) -> bool {
        let local_date = |at: Timestamp| at.to_zoned(self.zone.clone()).date();
        let times = [self.kind.scheduled_field(), FlightField::Estimated, FlightField::Actual];
        let latest = times.into_iter().filter_map(|field| flight.timestamp(field)).max();
        // A flight of yesterday that departed after midnight is one of today's.
        let date = flight.key().date().max(latest.map(local_date));
        date.is_some_and(|date| date < local_date(now))
    }

    fn removed_by_source(&self, answer: &SourceAnswer, board: &BoardIndex<'_>) -> Vec<FlightKey> {
        let removed = answer.removed.iter().filter(|(kind, _)| *kind == self.kind);
        let on_board = removed.filter_map(|(_, key)| board.get(key));
        on_board.filter(|row| !row.is_held()).map(|row| row.key().clone()).collect()
    }

    /// The values that have stayed long enough while the source had nothing new.
    fn settled_changes(&mut self, board: &BoardIndex<'_>, now: Timestamp) -> Vec<Change> {
        let settled = self.recent.take_settled(now).into_iter();
        let patches = settled.filter_map(|(key, mut values)| {
            let row = board.get(&key).filter(|row| !row.is_held())?;
            values.retain(|field, _| !row.holds(field.name()));
            (!values.is_empty()).then(|| Change::PatchFlight(FlightPatch::new(key, values)))
        });
        patches.collect()
    }
}

/// Compares two values; times count as the same if they are in the same minute.
fn is_same_value(
    field: FlightField,
    left: Option<&FieldValue>,
    right: Option<&FieldValue>,
) -> bool {
    if left == right {
        return true;
    }
    let is_time =
        FlightField::by_name(field.name()).is_some_and(|(_, kind)| kind == FieldType::Time);
    let minute = |value: Option<&FieldValue>| match value {
        Some(FieldValue::Text(text)) => text.parse().ok().map(minute_of),
        _ => None,
    };
    is_time && minute(left).is_some_and(|left| minute(right) == Some(left))
}

fn minute_of(time: Timestamp) -> i64 {
    time.as_second().div_euclid(60)
}

/// Returns whether less than `limit` has passed since `then`. A clock that was set back has passed it.
fn is_within(limit: SignedDuration, then: Timestamp, now: Timestamp) -> bool {
    (SignedDuration::ZERO..limit).contains(&now.duration_since(then))
}
