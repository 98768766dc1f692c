//! All boards, and the fold over updates.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::board::{BoardName, BoardSettings};
use crate::event::BoardEvent;
use crate::idempotency::{
    IdempotencyKeys, KeyEntry, KeyLog, KeyPublishers, MAX_KEY_LOG_BYTES, PublisherHash,
    decode_publishers,
};
use crate::outcome::{ApplyOutcome, Rejection};
use crate::timetable::Timetable;
use crate::update::{Change, Update};

/// Most boards, including closed ones. A new board replaces the board that was closed first.
pub const MAX_BOARDS: usize = 1_000;

/// Most bytes of all rows in a checkpoint.
pub const MAX_TIMETABLE_BYTES: usize = 48 * 1024 * 1024;

/// Most bytes of a board in a checkpoint, without its rows: settings, source and lease with the longest texts.
const MAX_EMPTY_BOARD_BYTES: usize = 7_400;

/// Most bytes of a checkpoint: rows, boards without them, idempotency keys, and the names of these parts.
pub const MAX_CHECKPOINT_BYTES: usize =
    MAX_TIMETABLE_BYTES + MAX_BOARDS * MAX_EMPTY_BOARD_BYTES + MAX_KEY_LOG_BYTES + 100;

/// All boards: the result of applying all updates in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Boards {
    boards: BTreeMap<BoardName, Timetable>,
    pub(crate) idempotency_keys: IdempotencyKeys,
    /// The sum of the boards' bytes.
    bytes: usize,
}

/// The state of all boards at one position. It shares the rows with the boards, so it is cheap to
/// take and can be encoded later.
#[derive(Debug, Clone, Serialize)]
pub struct BoardsCheckpoint {
    boards: BTreeMap<BoardName, Timetable>,
    #[serde(rename = "repeats")]
    idempotency_keys: KeyLog,
    #[serde(rename = "repeatPublishers", skip_serializing_if = "KeyPublishers::are_absent")]
    key_publishers: KeyPublishers,
}

/// The content of an encoded checkpoint.
#[derive(Deserialize)]
struct DecodedCheckpoint {
    boards: BTreeMap<BoardName, Timetable>,
    #[serde(rename = "repeats")]
    idempotency_keys: KeyLog,
    #[serde(rename = "repeatPublishers", default, deserialize_with = "decode_publishers")]
    key_publishers: Vec<PublisherHash>,
}

/// The bytes are not a checkpoint, or that of a newer version of the program.
#[derive(Debug, thiserror::Error)]
#[error("this version cannot decode the checkpoint")]
pub struct CheckpointError(#[from] serde_json::Error);

impl Boards {
    /// Applies the update that the journal has at position `seq`, written at `time`.
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
        let publisher = PublisherHash::from_name(update.publisher());
        let time_millis = time.as_millisecond();
        let entry = KeyEntry { time_millis, key, fingerprint, version, publisher };
        self.idempotency_keys.insert(entry);
        outcome
    }

    /// The board with this name, open or closed.
    pub fn board(&self, name: &BoardName) -> Option<&Timetable> {
        self.boards.get(name)
    }

    /// All boards, open or closed, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&BoardName, &Timetable)> {
        self.boards.iter()
    }

    /// The most bytes that the rows of all boards take in a checkpoint.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The number of idempotency keys that are remembered.
    pub fn idempotency_keys(&self) -> usize {
        self.idempotency_keys.len()
    }

    /// The updates that remove the rows which have expired by `now`.
    pub fn due_expiries(&self, now: Timestamp) -> impl Iterator<Item = Update> {
        self.boards.iter().flat_map(move |(name, timetable)| {
            let expired = timetable.expired_keys(now);
            expired.map(|key| Update::new(name.clone(), Change::ExpireFlight(key.clone())))
        })
    }

    /// The updates that mark the sources which are late by `now`.
    pub fn due_latenesses(&self, now: Timestamp) -> impl Iterator<Item = Update> {
        let late = self.boards.iter().filter(move |(_, timetable)| timetable.is_source_late(now));
        late.map(|(name, _)| Update::new(name.clone(), Change::MarkSourceLate))
    }

    /// The state at this moment.
    pub fn checkpoint(&self) -> BoardsCheckpoint {
        let idempotency_keys = self.idempotency_keys.log();
        let key_publishers = KeyPublishers::new(&idempotency_keys);
        BoardsCheckpoint { boards: self.boards.clone(), idempotency_keys, key_publishers }
    }

    /// Restores the state that [`BoardsCheckpoint::encode`] wrote.
    ///
    /// # Errors
    /// The bytes are not such a state.
    pub fn restore(checkpoint: &[u8]) -> Result<Self, CheckpointError> {
        let DecodedCheckpoint { boards, idempotency_keys, key_publishers } =
            serde_json::from_slice(checkpoint)?;
        let bytes = boards.values().map(Timetable::bytes).sum();
        let idempotency_keys = IdempotencyKeys::restore(&idempotency_keys, &key_publishers);
        Ok(Self { boards, idempotency_keys, bytes })
    }

    fn apply_new(&mut self, seq: u64, time: Timestamp, update: &Update) -> ApplyOutcome {
        let name = update.board();
        if let Some(precondition) = update.board_precondition() {
            let open = self.boards.get(name).filter(|board| board.close_reason().is_none());
            if let Err(rejection) = precondition.check(open.map(Timetable::head)) {
                return ApplyOutcome::Rejected(rejection);
            }
        }
        if let Some(timetable) = self.boards.get_mut(name) {
            let others = self.bytes - timetable.bytes();
            let room = MAX_TIMETABLE_BYTES.saturating_sub(self.bytes);
            let outcome = timetable.apply(seq, time, update, room);
            self.bytes = others + timetable.bytes();
            return outcome;
        }
        let Change::PutBoard(settings) = update.change() else {
            return ApplyOutcome::Rejected(Rejection::UnknownBoard);
        };
        if self.boards.len() >= MAX_BOARDS && !self.remove_first_closed() {
            return ApplyOutcome::Rejected(Rejection::TooManyBoards);
        }
        self.boards
            .insert(name.clone(), Timetable::open(seq, time, BoardSettings::clone(settings)));
        ApplyOutcome::Changed(BoardEvent::new_settings(settings, Vec::new()))
    }

    /// Removes the board that was closed first. Returns whether there was a closed board.
    fn remove_first_closed(&mut self) -> bool {
        let closed = self.boards.iter().filter(|(_, board)| board.close_reason().is_some());
        let first = closed.min_by_key(|(_, board)| board.head()).map(|(name, _)| name.clone());
        first.and_then(|name| self.boards.remove(&name)).is_some()
    }
}

impl BoardsCheckpoint {
    /// Encodes the state for [`Boards::restore`].
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("maps with text keys always have a JSON form")
    }
}
