//! Which epoch wrote which records, and so which ids are honoured.
//!
//! An epoch reaches from its first record to the one before the next epoch's first, and never past
//! the tail. An id outside its epoch's reach names a record that this journal does not have, even
//! where another record took the number since.

use std::sync::Arc;

use crate::{Epoch, RecordId, Seq};

/// How many epochs a journal remembers. One is added each time it is opened after records were
/// written; past this many the oldest is forgotten, and ids of that age are no longer honoured.
pub const MAX_EPOCHS: usize = 16_384;

/// All epochs of a journal and its tail, as of one moment. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epochs {
    runs: Arc<[(Epoch, Seq)]>,
    tail: Seq,
}

impl Epochs {
    /// From each epoch with the number of its first record, and the newest record's number.
    /// The order given does not matter.
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

    /// The id of the record with this number, whether retention still has it or not. `None` beyond
    /// the tail, and for records so old that their epoch is forgotten (see [`MAX_EPOCHS`]).
    ///
    /// [`Seq::ZERO`] has an id too, as long as the first epoch is known, so that an empty journal
    /// can be named: a follower that saw nothing yet comes back with it and gets everything.
    #[must_use]
    pub fn record_id(&self, seq: Seq) -> Option<RecordId> {
        if seq > self.tail {
            return None;
        }
        let later = self.runs.partition_point(|&(_, first)| first <= seq.max(Seq(1)));
        let (epoch, _) = *self.runs.get(later.checked_sub(1)?)?;
        Some(RecordId { epoch, seq })
    }

    /// Whether this journal wrote the record of that id.
    #[must_use]
    pub fn honours(&self, position: RecordId) -> bool {
        self.record_id(position.seq) == Some(position)
    }

    /// Each epoch with the number of its first record, in order.
    #[must_use]
    pub fn starts(&self) -> &[(Epoch, Seq)] {
        &self.runs
    }

    /// The same with a new epoch begun after the tail. An epoch that wrote nothing makes way.
    pub(crate) fn begin(&self, epoch: Epoch) -> Self {
        let mut runs: Vec<_> =
            self.runs.iter().copied().filter(|&(_, first)| first <= self.tail).collect();
        runs.push((epoch, self.tail.next()));
        let surplus = runs.len().saturating_sub(MAX_EPOCHS);
        Epochs { runs: runs.split_off(surplus).into(), tail: self.tail }
    }

    /// An epoch that is not among these.
    #[must_use]
    pub fn unused_epoch(&self) -> Epoch {
        loop {
            let epoch = Epoch(rand::random());
            if self.runs.iter().all(|&(known, _)| known != epoch) {
                return epoch;
            }
        }
    }

    /// The same with another tail.
    #[must_use]
    pub fn with_tail(&self, tail: Seq) -> Self {
        Epochs { runs: Arc::clone(&self.runs), tail }
    }

    /// The oldest and the newest epoch with their first records.
    pub(crate) fn ends(&self) -> Option<((Epoch, Seq), (Epoch, Seq))> {
        Some((*self.runs.first()?, *self.runs.last()?))
    }
}
