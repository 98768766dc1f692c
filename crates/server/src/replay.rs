//! What the records of a journal come to, for those who do not serve it.

use flight::Boards;
use journal::{Journal, Record, Seq};

use crate::entry::{Entry, EntryError};
use crate::fold::{self, RestoreError};
use crate::live::Placed;

/// All timetables, as far as records were applied.
#[derive(Debug)]
pub struct Replay {
    boards: Boards,
    applied: Seq,
}

impl Replay {
    /// The timetables of the journal's start point, where a server begins too.
    ///
    /// # Errors
    /// There is nothing to begin from.
    pub async fn begin(journal: &impl Journal) -> Result<Self, RestoreError> {
        let (boards, applied) = fold::restore(journal).await?;
        Ok(Self { boards, applied })
    }

    /// Applies the next record. One that the start point has in already is passed over.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn apply(&mut self, record: &Record) -> Result<(), EntryError> {
        if record.seq > self.applied {
            let Placed { seq, time, entry } = fold::place(record)?;
            self.boards.apply(seq.0, time, &entry.record);
            self.applied = seq;
        }
        Ok(())
    }

    /// All that is known by now, rows and idempotency keys, as a checkpoint has it.
    #[must_use]
    pub fn state(&self) -> Vec<u8> {
        self.boards.checkpoint()
    }
}

/// What a journal files a record under.
///
/// # Errors
/// The record cannot be read.
pub fn key_of(record: &Record) -> Result<Vec<String>, EntryError> {
    Ok(Entry::read(record)?.key())
}
