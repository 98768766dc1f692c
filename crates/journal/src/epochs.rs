//! The ranges of records that the epochs of a journal wrote, and so the ids that it honours.
//!
//! An epoch's range ends before the first record of the next epoch, and at the tail. An id outside the range of
//! its epoch names a record that this journal does not have, even if another record has its number now.

use std::sync::Arc;

use crate::{Epoch, RecordId, Seq};

/// The maximum number of epochs that a journal keeps. Each opening after a write adds one. Beyond the limit the
/// journal forgets the oldest epoch and no longer honours its ids.
pub const MAX_EPOCHS: usize = 16_384;

/// A snapshot of all epochs of a journal and its tail. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epochs {
    runs: Arc<[(Epoch, Seq)]>,
    tail: Seq,
}

impl Epochs {
    /// Creates a snapshot from each epoch's first record, in any order, and the newest record.
    pub fn new(runs: impl IntoIterator<Item = (Epoch, Seq)>, tail: Seq) -> Self {
        let mut runs: Vec<_> = runs.into_iter().collect();
        runs.sort_by_key(|&(_, first)| first);
        Epochs { runs: runs.into(), tail }
    }

    /// The newest durable record.
    #[must_use]
    pub fn tail(&self) -> Seq {
        self.tail
    }

    /// The id of the record with this number, pruned or not. `None` beyond the tail, and for records of a forgotten
    /// epoch (see [`MAX_EPOCHS`]).
    ///
    /// [`Seq::ZERO`] has an id as well, as long as the first epoch is known. A follower of an empty journal resumes
    /// with it and gets all records.
    #[must_use]
    pub fn record_id(&self, seq: Seq) -> Option<RecordId> {
        if seq > self.tail {
            return None;
        }
        let later = self.runs.partition_point(|&(_, first)| first <= seq.max(Seq(1)));
        let (epoch, _) = *self.runs.get(later.checked_sub(1)?)?;
        Some(RecordId { epoch, seq })
    }

    /// Returns whether this journal wrote the record of that id.
    #[must_use]
    pub fn honours(&self, position: RecordId) -> bool {
        self.record_id(position.seq) == Some(position)
    }

    /// Each epoch and its first record, in order.
    #[must_use]
    pub fn starts(&self) -> &[(Epoch, Seq)] {
        &self.runs
    }

    /// Returns a copy in which a new epoch starts after the tail. It replaces epochs without records.
    pub(crate) fn begin(&self, epoch: Epoch) -> Self {
        let mut runs: Vec<_> =
            self.runs.iter().copied().filter(|&(_, first)| first <= self.tail).collect();
        runs.push((epoch, self.tail.next()));
        let surplus = runs.len().saturating_sub(MAX_EPOCHS);
        Epochs { runs: runs.split_off(surplus).into(), tail: self.tail }
    }

    /// A random epoch that is not among these.
    #[must_use]
    pub fn unused_epoch(&self) -> Epoch {
        loop {
            let epoch = Epoch(rand::random());
            if self.runs.iter().all(|&(known, _)| known != epoch) {
                return epoch;
            }
        }
    }

    /// Returns a copy with another tail.
    #[must_use]
    pub fn with_tail(&self, tail: Seq) -> Self {
        Epochs { runs: Arc::clone(&self.runs), tail }
    }

    /// The oldest and the newest epoch, with their first records.
    pub(crate) fn ends(&self) -> Option<((Epoch, Seq), (Epoch, Seq))> {
        Some((*self.runs.first()?, *self.runs.last()?))
    }
}
