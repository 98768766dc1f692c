//! All boards, and the fold over records.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::board::{BoardName, BoardSettings};
use crate::event::BoardEvent;
use crate::idempotency::{IdempotencyKeys, KeyEntry};
use crate::outcome::{ApplyOutcome, Rejection};
use crate::timetable::Timetable;
use crate::update::{Change, Update};

/// Most boards, closed ones included; the longest closed one makes room for a new one.
pub const MAX_BOARDS: usize = 1_000;

/// All boards: what applying all records in order gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boards {
    boards: BTreeMap<BoardName, Timetable>,
    #[serde(rename = "repeats")]
    idempotency_keys: IdempotencyKeys,
}

/// A checkpoint that is none, or one of a newer version of the program.
#[derive(Debug, thiserror::Error)]
#[error("the checkpoint is not one that this version of the program wrote")]
pub struct CheckpointError(#[from] serde_json::Error);

impl Boards {
    /// Applies the record at position `seq`, written at `time`.
    pub fn apply(&mut self, seq: u64, time: Timestamp, update: &Update) -> ApplyOutcome {
        let Some((key, fingerprint)) = update.fingerprints() else {
            return self.apply_new(seq, time, update);
        };
        if let Some(entry) = self.idempotency_keys.get(time, key) {
            return if entry.fingerprint == fingerprint {
                ApplyOutcome::Repeated { version: entry.version }
            } else {
                ApplyOutcome::Rejected(Rejection::KeyReused)
            };
        }
        let outcome = self.apply_new(seq, time, update);
        let version = match outcome {
            ApplyOutcome::Changed(_) => seq,
            ApplyOutcome::Unchanged { version } | ApplyOutcome::Repeated { version } => version,
            // A rejected update did nothing, so the publisher may retry it under the same key.
            ApplyOutcome::Rejected(_) => return outcome,
        };
        self.idempotency_keys.insert(time, key, KeyEntry { fingerprint, version });
        outcome
    }

    /// The board of that name, open or closed.
    pub fn board(&self, name: &BoardName) -> Option<&Timetable> {
        self.boards.get(name)
    }

    /// All boards, open or closed, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&BoardName, &Timetable)> {
        self.boards.iter()
    }

    /// The updates that remove the rows whose stay in a final state is over at `now`.
    pub fn due_expiries(&self, now: Timestamp) -> Vec<Update> {
        let boards = self.boards.iter();
        let due = boards.flat_map(|(name, timetable)| {
            timetable
                .expired_keys(now)
                .map(|key| Update::new(name.clone(), Change::ExpireFlight(key.clone())))
        });
        due.collect()
    }

    /// The whole state as bytes, for [`Boards::restore`].
    pub fn checkpoint(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("maps with text keys always have a JSON form")
    }

    /// The state that [`Boards::checkpoint`] wrote.
    ///
    /// # Errors
    /// Bytes that it did not write.
    pub fn restore(checkpoint: &[u8]) -> Result<Self, CheckpointError> {
        Ok(serde_json::from_slice(checkpoint)?)
    }

    fn apply_new(&mut self, seq: u64, time: Timestamp, update: &Update) -> ApplyOutcome {
        let name = update.board();
        if let Some(timetable) = self.boards.get_mut(name) {
            return timetable.apply(seq, time, update.change(), update.precondition());
        }
        let Change::PutBoard(settings) = update.change() else {
            return ApplyOutcome::Rejected(Rejection::UnknownBoard);
        };
        if self.boards.len() >= MAX_BOARDS && !self.drop_longest_closed() {
            return ApplyOutcome::Rejected(Rejection::TooManyBoards);
        }
        self.boards.insert(name.clone(), Timetable::open(seq, BoardSettings::clone(settings)));
        ApplyOutcome::Changed(BoardEvent::BoardUpdate(settings.clone()))
    }

    fn drop_longest_closed(&mut self) -> bool {
        let closed = self.boards.iter().filter(|(_, board)| board.close_reason().is_some());
        let longest = closed.min_by_key(|(_, board)| board.head()).map(|(name, _)| name.clone());
        longest.and_then(|name| self.boards.remove(&name)).is_some()
    }
}
