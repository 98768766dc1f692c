//! All boards, and the fold over records.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::board::{BoardName, BoardSettings};
use crate::event::Event;
use crate::repeats::{Repeats, Seen};
use crate::timetable::Timetable;
use crate::update::{Record, Update};

/// Most boards, closed ones included; the longest closed one makes room for a new one.
pub const MAX_BOARDS: usize = 1_000;

/// All boards: what applying all records in order gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boards {
    boards: BTreeMap<BoardName, Timetable>,
    repeats: Repeats,
}

/// What became of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// The timetable changed; followers are told so.
    Changed(Event),
    /// It did not.
    Unchanged(Why),
}

/// Why a record changed nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Everything was so already, since the record at `version`.
    Same {
        /// Position of the record that made it so.
        version: u64,
    },
    /// The record at `version` had the same idempotency key and asked for the same.
    Repeated {
        /// Position of the record that made it so.
        version: u64,
    },
    /// There is no such board.
    UnknownBoard,
    /// The board is closed.
    ClosedBoard,
    /// There is no such row.
    UnknownFlight,
    /// There are several rows of that number.
    AmbiguousFlight {
        /// Their dates.
        dates: Vec<Date>,
    },
    /// The record is for another version of the row, or the row is not there.
    OtherVersion,
    /// The record is for a row that is not there yet, but it is.
    AlreadyThere,
    /// The idempotency key was given to another update before.
    KeyReused,
    /// The board has [`crate::MAX_FLIGHTS`] rows.
    BoardFull,
    /// There are [`MAX_BOARDS`] boards, all open.
    TooManyBoards,
    /// The row's stay is not over.
    NotDue,
}

/// A checkpoint that is none, or one of a newer version of the program.
#[derive(Debug, thiserror::Error)]
#[error("the checkpoint is not one that this version of the program wrote")]
pub struct RestoreError(#[from] serde_json::Error);

impl Boards {
    /// Applies the record at position `seq`, written at `time`.
    pub fn apply(&mut self, seq: u64, time: Timestamp, record: &Record) -> Applied {
        let Some((name, asked)) = record.fingerprints() else {
            return self.apply_once(seq, time, record);
        };
        if let Some(seen) = self.repeats.recall(time, name) {
            return Applied::Unchanged(match seen {
                Seen { asked: before, version } if before == asked => Why::Repeated { version },
                _ => Why::KeyReused,
            });
        }
        let applied = self.apply_once(seq, time, record);
        let version = match applied {
            Applied::Changed(_) => seq,
            Applied::Unchanged(Why::Same { version }) => version,
            // What was refused was not done: under the same key it may be tried again.
            Applied::Unchanged(_) => return applied,
        };
        self.repeats.remember(time, name, Seen { asked, version });
        applied
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
    pub fn due(&self, now: Timestamp) -> Vec<Record> {
        let boards = self.boards.iter();
        let due = boards.flat_map(|(name, timetable)| {
            timetable.due(now).map(|key| Record::new(name.clone(), Update::Expire(key.clone())))
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
    pub fn restore(checkpoint: &[u8]) -> Result<Self, RestoreError> {
        Ok(serde_json::from_slice(checkpoint)?)
    }

    fn apply_once(&mut self, seq: u64, time: Timestamp, record: &Record) -> Applied {
        let name = record.board();
        if let Some(timetable) = self.boards.get_mut(name) {
            return timetable.apply(seq, time, record.update(), record.condition());
        }
        let Update::PutBoard(settings) = record.update() else {
            return Applied::Unchanged(Why::UnknownBoard);
        };
        if self.boards.len() >= MAX_BOARDS && !self.drop_longest_closed() {
            return Applied::Unchanged(Why::TooManyBoards);
        }
        self.boards.insert(name.clone(), Timetable::open(seq, BoardSettings::clone(settings)));
        Applied::Changed(Event::BoardUpdate(settings.clone()))
    }

    fn drop_longest_closed(&mut self) -> bool {
        let closed = self.boards.iter().filter(|(_, board)| board.closed().is_some());
        let longest = closed.min_by_key(|(_, board)| board.head()).map(|(name, _)| name.clone());
        longest.and_then(|name| self.boards.remove(&name)).is_some()
    }
}
