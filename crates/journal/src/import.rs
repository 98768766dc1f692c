//! How a journal comes to be the same as another one: record by record, under the same numbers, times and
//! ids. Until it is finished nobody can open it as a journal, so that nobody writes on from its middle.
//!
//! Ids stay, since an id names one record for ever and the copy has that record. Whoever writes on, here or
//! there, does so in an epoch of its own.

use crate::error::{FollowError, ImportError};
use crate::journal::check_append;
use crate::{Checkpoint, Epochs, Follow, Journal, Record, Seq};

/// What has to be known of the journal that is copied before its first record is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportSource {
    /// Its first record is the one after this; those up to it are gone.
    pub kept_after: Seq,
    /// Its epochs and its tail. What comes after that tail is not part of the copy.
    pub epochs: Epochs,
}

/// A record on its way into another journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRecord {
    /// As it is.
    pub record: Record,
    /// What it is about: see [`NewRecord::subject`](crate::NewRecord::subject).
    pub subject: Vec<String>,
}

/// A journal in the making. What was interrupted goes on where it was, if it is begun again with the same
/// origin, which may have let go of records and taken others since.
pub trait Import: Sized + Send + 'static {
    /// What it becomes.
    type Journal: Journal;

    /// The newest record that is durable here. Where there is none yet, the one before the first.
    fn tail(&self) -> Seq;

    /// Adds records, of which the first is the one after the tail, and returns when they are durable. After
    /// an error the tail may lie anywhere in them.
    ///
    /// # Errors
    /// [`ImportError::Gap`], and those of an append.
    fn write(
        &mut self,
        records: Vec<ImportRecord>,
    ) -> impl Future<Output = Result<(), ImportError>> + Send;

    /// Keeps the checkpoint, and makes a journal of it.
    ///
    /// # Errors
    /// Those of a checkpoint and of opening.
    fn finish(
        self,
        start: Option<Checkpoint>,
    ) -> impl Future<Output = Result<Self::Journal, ImportError>> + Send;
}

impl ImportSource {
    /// What a journal is now.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn of(journal: &impl Journal) -> Result<Self, FollowError> {
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

    /// Whether a beginning with this last record, written in the epoch that `epochs` say, is of this origin.
    #[must_use]
    pub fn has(&self, last: Seq, epochs: &Epochs) -> bool {
        last <= self.epochs.tail() && self.epochs.record_id(last) == epochs.record_id(last)
    }
}

/// Refuses what an append would refuse, and records that do not follow `tail` one by one. Gives the payload
/// bytes.
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
