//! Copying a journal record by record, with the same numbers, times and ids. An unfinished copy cannot be opened as
//! a journal, so no program continues from its middle.
//!
//! The copy keeps the ids, since it has the records that they name. Later records, in the source or in the copy,
//! belong to epochs of their own.

use crate::error::{FollowError, ImportError};
use crate::journal::check_append;
use crate::{Checkpoint, Epochs, Follow, Journal, Record, Seq};

/// The source of a copy, as it was when the copy started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportSource {
    /// The last pruned record: the first record of the source is the next one.
    pub kept_after: Seq,
    /// The epochs and the tail. Later records are not part of the copy.
    pub epochs: Epochs,
}

/// A record to copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRecord {
    /// The record, unchanged.
    pub record: Record,
    /// The subject, as in [`NewRecord::subject`](crate::NewRecord::subject).
    pub subject: Vec<String>,
}

/// An unfinished copy. An interrupted copy resumes where it stopped if it is started again from the same source,
/// which may have pruned and appended records meanwhile.
pub trait Import: Sized + Send + 'static {
    /// The finished copy.
    type Journal: Journal;

    /// The newest durable record of the copy, or the number before the first record while the copy is empty.
    fn tail(&self) -> Seq;

    /// Appends records and returns once they are durable. The first record must be the one after the tail. After
    /// an error, the tail may be anywhere among them.
    ///
    /// # Errors
    /// [`ImportError::Gap`], and those of an append.
    fn write(
        &mut self,
        records: Vec<ImportRecord>,
    ) -> impl Future<Output = Result<(), ImportError>> + Send;

    /// Saves the checkpoint and turns the copy into a journal.
    ///
    /// # Errors
    /// Those of a checkpoint and of opening.
    fn finish(
        self,
        start: Option<Checkpoint>,
    ) -> impl Future<Output = Result<Self::Journal, ImportError>> + Send;
}

impl ImportSource {
    /// Describes a journal as it is now.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub async fn read(journal: &impl Journal) -> Result<Self, FollowError> {
        let epochs = journal.epochs();
        let kept_after = match epochs.tail() {
            Seq::ZERO => Seq::ZERO,
            _ => match journal.follow(Seq::ZERO).next().await {
                Ok(_) => Seq::ZERO,
                Err(FollowError::Pruned { kept_after, .. }) => kept_after,
                Err(e) => return Err(e),
            },
        };
        Ok(ImportSource { kept_after, epochs })
    }

    /// Returns whether an unfinished copy with this last record and these epochs is a copy of this source.
    #[must_use]
    pub fn contains(&self, last: Seq, epochs: &Epochs) -> bool {
        last <= self.epochs.tail() && self.epochs.record_id(last) == epochs.record_id(last)
    }
}

/// Checks the limits of an append, and that the records follow `tail` without a gap. Returns the payload bytes.
///
/// # Errors
/// [`ImportError::Append`] and [`ImportError::Gap`].
pub fn check_import(tail: Seq, records: &[ImportRecord]) -> Result<usize, ImportError> {
    let payloads: Vec<_> = records.iter().map(|copied| copied.record.payload.clone()).collect();
    let mut before = tail;
    for ImportRecord { record: Record { seq, .. }, .. } in records {
        if *seq != before.next() {
            return Err(ImportError::Gap { seq: *seq, tail: before });
        }
        before = *seq;
    }
    Ok(check_append(&payloads)?)
}
