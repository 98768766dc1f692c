//! Payloads to append, a clock that tests set, and checks of the records that a journal returns.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use journal::{Clock, Follow, FollowError, Journal, Record, Seq, UnixMillis};

/// Reads all records after `after`, up to the present tail.
pub async fn all_after(journal: &impl Journal, after: Seq) -> Result<Vec<Record>, FollowError> {
    let mut follower = journal.follow(after);
    let tail = journal.tail();
    let mut records = Vec::new();
    while records.last().map_or(after, |record: &Record| record.seq) < tail {
        records.extend(follower.next().await?);
    }
    Ok(records)
}

/// The payloads as texts.
pub fn texts(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| String::from_utf8(record.payload.to_vec()).unwrap()).collect()
}

/// Checks that the numbers have no gap and start after `after`.
pub fn assert_consecutive(after: Seq, records: &[Record]) {
    let seqs: Vec<_> = records.iter().map(|record| record.seq.0).collect();
    let expected: Vec<_> = (after.0 + 1..).take(records.len()).collect();
    assert_eq!(seqs, expected);
}

/// Payloads that are their own index: "0", "1", …
pub fn numbered(range: std::ops::Range<usize>) -> Vec<Bytes> {
    range.map(|n| Bytes::from(n.to_string())).collect()
}

/// One payload.
pub fn one(text: &str) -> Vec<Bytes> {
    vec![Bytes::copy_from_slice(text.as_bytes())]
}

/// One payload of this size.
pub fn zeros(bytes: usize) -> Vec<Bytes> {
    vec![Bytes::from(vec![0; bytes])]
}

/// A clock that stands still until a test sets it.
#[derive(Clone, Default)]
pub struct TestClock(Arc<AtomicU64>);

impl TestClock {
    pub fn set(&self, millis: u64) {
        self.0.store(millis, Ordering::SeqCst);
    }

    pub fn to_clock(&self) -> Clock {
        let clock = self.clone();
        Clock::new(move || UnixMillis(clock.0.load(Ordering::SeqCst)))
    }
}
