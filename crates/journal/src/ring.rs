//! Recent records in memory, in order and without gaps, for followers that keep up. A batch shares the payload
//! bytes.

use std::collections::VecDeque;

use crate::journal::{MAX_BATCH_BYTES, MAX_BATCH_RECORDS, MAX_PAYLOAD_BYTES};
use crate::{Record, Seq};

/// Records with consecutive numbers. The owner adds at the end and removes at the start.
#[derive(Debug, Default)]
pub struct RecordRing {
    records: VecDeque<Record>,
    bytes: usize,
}

impl RecordRing {
    /// Adds a record after the newest one.
    pub fn push(&mut self, record: Record) {
        self.bytes += cost(&record);
        self.records.push_back(record);
    }

    /// Removes the oldest record.
    pub fn pop_oldest(&mut self) -> Option<Record> {
        let record = self.records.pop_front()?;
        self.bytes -= cost(&record);
        Some(record)
    }

    /// The oldest record.
    #[must_use]
    pub fn oldest(&self) -> Option<&Record> {
        self.records.front()
    }

    /// The newest record.
    #[must_use]
    pub fn newest(&self) -> Option<&Record> {
        self.records.back()
    }

    /// The number of records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Returns whether the ring is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The memory that the records take, payloads included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns the batch after `after`, or `None` if the next record is not in the ring.
    #[must_use]
    pub fn after(&self, after: Seq) -> Option<Vec<Record>> {
        let skipped = after.next().0.checked_sub(self.oldest()?.seq.0)?;
        let mut bound = BatchLimit::default();
        let due = self.records.iter().skip(usize::try_from(skipped).ok()?);
        let batch: Vec<_> = due.take_while(|record| bound.admits(record)).cloned().collect();
        (!batch.is_empty()).then_some(batch)
    }
}

/// Counts the records and bytes of a batch.
#[derive(Debug, Default)]
pub struct BatchLimit {
    records: usize,
    bytes: usize,
}

impl BatchLimit {
    /// Returns whether this record still fits. The first always does: a payload is at most as large as a batch.
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

/// The memory that a record with this payload takes.
#[must_use]
pub fn memory_cost(payload_bytes: usize) -> usize {
    payload_bytes + size_of::<Record>()
}

fn cost(record: &Record) -> usize {
    memory_cost(record.payload.len())
}

const _: () = assert!(MAX_PAYLOAD_BYTES <= MAX_BATCH_BYTES);
