//! Values that go back and forth.

use std::collections::{BTreeMap, HashMap};

use flight::{FieldValue, FlightField, FlightKey};
use jiff::{SignedDuration, Timestamp};

use super::pairing::BoardIndex;
use super::{is_same_value, is_within};

/// A value that returns within this time must stay for this time before it is announced.
pub(super) const FLAP_WINDOW: SignedDuration = SignedDuration::from_mins(1);

/// Most changes of one row that are remembered: more than a poll a second gives.
const MAX_RECENT_CHANGES: usize = 64;

/// The changes of the last minute, and the values that returned since. Both are about rows on the board,
/// so the board bounds their number.
#[derive(Debug, Default)]
pub(super) struct RecentChanges {
    changes: HashMap<FlightKey, Vec<RecentChange>>,
    waiting: HashMap<FlightKey, BTreeMap<FlightField, WaitingValue>>,
}

#[derive(Debug)]
struct RecentChange {
    field: FlightField,
    earlier: Option<FieldValue>,
    at: Timestamp,
}

/// A value that returned and is not announced yet.
#[derive(Debug)]
struct WaitingValue {
    value: Option<FieldValue>,
    since: Timestamp,
}

impl RecentChanges {
    /// Forgets changes that are too old to matter, and rows that are not on the board.
    pub(super) fn forget_older(&mut self, board: &BoardIndex<'_>, now: Timestamp) {
        self.waiting.retain(|key, waiting| !waiting.is_empty() && board.get(key).is_some());
        self.changes.retain(|key, changes| {
            changes.retain(|change| is_within(FLAP_WINDOW, change.at, now));
            !changes.is_empty() && board.get(key).is_some()
        });
    }

    /// The answer has the value that the board shows. One that waits did not stay; it may return.
    pub(super) fn keep(&mut self, key: &FlightKey, field: FlightField, now: Timestamp) {
        let waiting = self.waiting.get_mut(key).and_then(|waiting| waiting.remove(&field));
        if let Some(WaitingValue { value, .. }) = waiting {
            self.remember(key, RecentChange { field, earlier: value, at: now });
        }
    }

    /// The answer has another value than the board. Returns whether it is to be announced now.
    pub(super) fn admit(
        &mut self,
        key: &FlightKey,
        field: FlightField,
        current: Option<&FieldValue>,
        wanted: Option<&FieldValue>,
        now: Timestamp,
    ) -> bool {
        let waiting = self.waiting.get(key).and_then(|waiting| waiting.get(&field));
        let waiting =
            waiting.filter(|waiting| is_same_value(field, waiting.value.as_ref(), wanted));
        let must_wait = match waiting {
            Some(waiting) => is_within(FLAP_WINDOW, waiting.since, now),
            None => self.is_return(key, field, wanted),
        };
        if !must_wait {
            if field == FlightField::State {
                self.forget_other_fields(key);
            }
            self.keep(key, field, now);
            self.remember(key, RecentChange { field, earlier: current.cloned(), at: now });
        } else if waiting.is_none() {
            let value = WaitingValue { value: wanted.cloned(), since: now };
            self.waiting.entry(key.clone()).or_default().insert(field, value);
        }
        !must_wait
    }

    /// A flight in a new state has moved on: an estimate that it no longer has did not go back and forth.
    fn forget_other_fields(&mut self, key: &FlightKey) {
        if let Some(changes) = self.changes.get_mut(key) {
            changes.retain(|change| change.field == FlightField::State);
        }
        if let Some(waiting) = self.waiting.get_mut(key) {
            waiting.retain(|field, _| *field == FlightField::State);
        }
    }

    /// Takes the values that have stayed long enough.
    pub(super) fn take_settled(
        &mut self,
        now: Timestamp,
    ) -> Vec<(FlightKey, BTreeMap<FlightField, Option<FieldValue>>)> {
        let mut settled = Vec::new();
        for (key, waiting) in &mut self.waiting {
            let is_due = |_: &FlightField, waiting: &mut WaitingValue| {
                !is_within(FLAP_WINDOW, waiting.since, now)
            };
            let due = waiting.extract_if(.., is_due);
            let values: BTreeMap<_, _> =
                due.map(|(field, waiting)| (field, waiting.value)).collect();
            if !values.is_empty() {
                settled.push((key.clone(), values));
            }
        }
        settled
    }

    fn remember(&mut self, key: &FlightKey, change: RecentChange) {
        let changes = self.changes.entry(key.clone()).or_default();
        if changes.len() == MAX_RECENT_CHANGES {
            changes.remove(0);
        }
        changes.push(change);
    }

    fn is_return(&self, key: &FlightKey, field: FlightField, wanted: Option<&FieldValue>) -> bool {
        let changes = self.changes.get(key).into_iter().flatten();
        let mut earlier = changes.filter(|change| change.field == field);
        earlier.any(|change| is_same_value(field, change.earlier.as_ref(), wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_of_a_row_are_bounded() {
        let key = FlightKey::parse("QX1", None).unwrap();
        let mut recent = RecentChanges::default();
        for gate in 0..MAX_RECENT_CHANGES * 2 {
            let gate = FieldValue::Text(gate.to_string());
            let now = Timestamp::UNIX_EPOCH;
            assert!(recent.admit(&key, FlightField::Gate, None, Some(&gate), now), "{gate:?}");
        }
        assert_eq!(recent.changes[&key].len(), MAX_RECENT_CHANGES);
    }
}
