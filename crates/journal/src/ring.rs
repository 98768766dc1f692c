//! Recent records in memory, in order and without holes: what followers that keep up are served
//! from. Handing out a batch clones handles; payload bytes are shared.

use std::collections::VecDeque;

use crate::journal::{MAX_BATCH_BYTES, MAX_BATCH_RECORDS, MAX_PAYLOAD_BYTES};
use crate::{Record, Seq};

/// A run of records with consecutive numbers. It grows at the end and shrinks at the beginning;
/// when to shrink is the owner's decision.
#[derive(Debug, Default)]
pub struct RecordRing {
    records: VecDeque<Record>,
    bytes: usize,
}

impl RecordRing {
    /// Adds the record after the newest.
    pub fn push(&mut self, record: Record) {
        self.bytes += cost(&record);
        self.records.push_back(record);
    }

    /// Lets the oldest go.
    pub fn pop_oldest(&mut self) -> Option<Record> {
        let record = self.records.pop_front()?;
        self.bytes -= cost(&record);
        Some(record)
    }

    /// The first of the run.
    #[must_use]
    pub fn oldest(&self) -> Option<&Record> {
        self.records.front()
    }

    /// The last of the run.
    #[must_use]
    pub fn newest(&self) -> Option<&Record> {
        self.records.back()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Payload bytes, and what keeping each record costs beside its payload.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The batch after `after`: `None` where the record following `after` is not here.
    #[must_use]
    pub fn after(&self, after: Seq) -> Option<Vec<Record>> {
        let skipped = after.next().0.checked_sub(self.oldest()?.seq.0)?;
        let mut bound = BatchLimit::default();
        let due = self.records.iter().skip(usize::try_from(skipped).ok()?);
        let batch: Vec<_> = due.take_while(|record| bound.admits(record)).cloned().collect();
        (!batch.is_empty()).then_some(batch)
    }
}

/// Counts a batch towards its bounds.
#[derive(Debug, Default)]
pub struct BatchLimit {
    records: usize,
    bytes: usize,
}

impl BatchLimit {
    /// Whether this record still goes in. The first always does, being no larger than a batch.
    pub fn admits(&mut self, record: &Record) -> bool {
        let bytes = self.bytes + record.payload.len();
        if self.records == MAX_BATCH_RECORDS || bytes > MAX_BATCH_BYTES {
            return false;
        }
        self.records += 1;
        self.bytes = bytes;
        true
    }
}

/// Bytes that a record of this payload takes here.
#[must_use]
pub fn memory_cost(payload_bytes: usize) -> usize {
    payload_bytes + size_of::<Record>()
}

fn cost(record: &Record) -> usize {
    memory_cost(record.payload.len())
}

const _: () = assert!(MAX_PAYLOAD_BYTES <= MAX_BATCH_BYTES);
