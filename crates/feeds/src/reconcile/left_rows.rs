//! Rows that left the board in a final state.

use std::collections::{HashMap, VecDeque};

use flight::{FinalState, FlightField, FlightKey};
use jiff::Timestamp;

use super::flapping::FLAP_WINDOW;
use super::is_within;
use super::pairing::{AnswerRow, BoardIndex, LastingIdentity};

/// Most rows remembered: three days of the busiest airport. The ones that left first are forgotten
/// first; by then they are of an earlier day.
const MAX_LEFT_ROWS: usize = 10_000;

/// Keeps rows that have left from being added again while the source still lists them.
#[derive(Debug, Default)]
pub(super) struct LeftRows {
    /// The rows in a final state that the board had last time.
    on_board: HashMap<FlightKey, FinalRow>,
    /// The rows that were announced in a final state since then, with the times of their expiry.
    announced: Vec<(FlightKey, FinalRow, Timestamp)>,
    left: HashMap<FlightKey, LeftRow>,
    by_identity: HashMap<LastingIdentity, FlightKey>,
    /// The keys in the order in which they left.
    order: VecDeque<FlightKey>,
}

#[derive(Debug)]
struct FinalRow {
    state: String,
    identity: Option<LastingIdentity>,
}

#[derive(Debug)]
struct LeftRow {
    row: FinalRow,
    /// Time since which the source says that the flight is not over.
    reopened_at: Option<Timestamp>,
}

impl LeftRows {
    /// Compares the board with that of the last time.
    pub(super) fn observe(&mut self, board: &BoardIndex<'_>, now: Timestamp) {
        let is_gone = |key: &FlightKey| board.get(key).is_none();
        let mut gone: Vec<_> = self.on_board.extract_if(|key, _| is_gone(key)).collect();
        // A row that is missing before its expiry may never have reached the board.
        let announced = self.announced.drain(..).filter(|(_, _, expiry)| *expiry <= now);
        gone.extend(announced.filter(|(key, ..)| is_gone(key)).map(|(key, row, _)| (key, row)));
        for (key, row) in gone {
            self.remember(key, row);
        }
        for row in board.rows() {
            let key = row.key();
            let state = row.text(FlightField::State).unwrap_or_default();
            if FinalState::parse(state).is_none() {
                self.on_board.remove(key);
            } else if self.on_board.get(key).is_none_or(|known| known.state != state) {
                let identity = board.lasting_identity(row);
                self.on_board.insert(key.clone(), FinalRow { state: state.to_owned(), identity });
            }
        }
    }

    /// The row, which has this key on the board, is announced and expires at this time, if ever.
    pub(super) fn announce(
        &mut self,
        key: &FlightKey,
        row: &AnswerRow<'_>,
        expiry: Option<Timestamp>,
    ) {
        if let Some(expiry) = expiry {
            self.announced.push((key.clone(), FinalRow::of_answer(row), expiry));
        }
    }

    /// These rows are removed because the source did not list them. If it does again, they are back.
    pub(super) fn forget_removed(&mut self, keys: &[FlightKey]) {
        for key in keys {
            self.on_board.remove(key);
        }
    }

    /// Counts a row of an answer as one that has left.
    pub(super) fn insert(&mut self, row: &AnswerRow<'_>) {
        self.remember(row.key.clone(), FinalRow::of_answer(row));
    }

    /// Returns whether a row that is not on the board may be added, with regard to rows that left: in
    /// another final state, or if the source says for a minute that it is not over.
    pub(super) fn may_return(&mut self, row: &AnswerRow<'_>, now: Timestamp) -> bool {
        let same = || self.by_identity.get(&row.lasting_identity()?);
        let key = if self.left.contains_key(row.key) { Some(row.key) } else { same() };
        let Some(left) = key.and_then(|key| self.left.get_mut(key)) else { return true };
        if row.state().is_none_or(|state| state == left.row.state) {
            left.reopened_at = None;
            return false;
        }
        if row.final_state().is_some() {
            return true;
        }
        let since = *left.reopened_at.get_or_insert(now);
        since != now && !is_within(FLAP_WINDOW, since, now)
    }

    fn remember(&mut self, key: FlightKey, row: FinalRow) {
        if self.left.contains_key(&key) {
            self.forget(&key);
        } else {
            self.order.push_back(key.clone());
        }
        if let Some(identity) = row.identity.clone() {
            self.by_identity.insert(identity, key.clone());
        }
        self.left.insert(key, LeftRow { row, reopened_at: None });
        while self.left.len() > MAX_LEFT_ROWS
            && let Some(first) = self.order.pop_front()
        {
            self.forget(&first);
        }
    }

    fn forget(&mut self, key: &FlightKey) {
        let identity = self.left.remove(key).and_then(|left| left.row.identity);
        if let Some(identity) = identity {
            self.by_identity.remove(&identity);
        }
    }
}

impl FinalRow {
    fn of_answer(row: &AnswerRow<'_>) -> Self {
        let state = row.state().unwrap_or_default().to_owned();
        Self { state, identity: row.lasting_identity() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_left_rows_is_bounded() {
        let mut rows = LeftRows::default();
        for at in 0..=MAX_LEFT_ROWS {
            let key = FlightKey::parse(&format!("QX{at}"), None).unwrap();
            let scheduled = Timestamp::from_second(at as i64).ok();
            let identity = LastingIdentity::new(&key, scheduled);
            for state in ["landed", "at gate"] {
                let identity = identity.clone();
                rows.remember(key.clone(), FinalRow { state: state.to_owned(), identity });
            }
        }
        assert_eq!((rows.left.len(), rows.order.len()), (MAX_LEFT_ROWS, MAX_LEFT_ROWS));
        assert_eq!(rows.by_identity.len(), MAX_LEFT_ROWS);
        assert!(!rows.left.contains_key(&FlightKey::parse("QX0", None).unwrap()));
    }
}
