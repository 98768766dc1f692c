//! Rebuilds the timetables from a journal's records, without serving them.

use flight::Boards;
use journal::{Journal, Record, Seq};

use crate::applier::{self, RestoreError};
use crate::envelope::{CommittedUpdate, Envelope, EnvelopeError};

/// The boards after the records applied so far.
#[derive(Debug)]
pub struct Replay {
    boards: Boards,
    applied: Seq,
}

impl Replay {
    /// Starts at the journal's start point, where an engine would start as well.
    ///
    /// # Errors
    /// The start point cannot be read or decoded.
    pub async fn begin(journal: &impl Journal) -> Result<Self, RestoreError> {
        let (boards, applied) = applier::restore(journal).await?;
        Ok(Self { boards, applied })
    }

    /// Applies the next record. Skips a record that the start point already includes.
    ///
    /// # Errors
    /// The record cannot be decoded.
    pub fn apply(&mut self, record: &Record) -> Result<(), EnvelopeError> {
        if record.seq > self.applied {
            let CommittedUpdate { seq, time, envelope } = CommittedUpdate::decode(record)?;
            self.boards.apply(seq.0, time, &envelope.update);
            self.applied = seq;
        }
        Ok(())
    }

    /// The boards, with their idempotency keys, encoded as in a checkpoint.
    #[must_use]
    pub fn checkpoint(&self) -> Vec<u8> {
        self.boards.checkpoint().encode()
    }
}

/// The subject under which a journal files the record.
///
/// # Errors
/// The record cannot be decoded.
pub fn subject_of(record: &Record) -> Result<Vec<String>, EnvelopeError> {
    Ok(Envelope::decode(record)?.subject())
}
