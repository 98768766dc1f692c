//! What a journal gives back, as tests look at it. Those of `crates/nats-journal` look through this file too.

use journal::{Follow, FollowError, Journal, Record, Seq};

/// All records after a position, up to the present tail.
pub(crate) async fn all_after(
    journal: &impl Journal,
    after: Seq,
) -> Result<Vec<Record>, FollowError> {
    let (mut follower, tail) = (journal.follow(after), journal.tail());
    let mut records = Vec::new();
    while records.last().map_or(after, |record: &Record| record.seq) < tail {
        records.extend(follower.next().await?);
    }
    Ok(records)
}

pub(crate) fn texts(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| String::from_utf8(record.payload.to_vec()).unwrap()).collect()
}

/// Numbers follow each other without a hole, beginning after `after`.
pub(crate) fn assert_consecutive(after: Seq, records: &[Record]) {
    let seqs: Vec<_> = records.iter().map(|record| record.seq.0).collect();
    let expected: Vec<_> = (after.0 + 1..).take(records.len()).collect();
    assert_eq!(seqs, expected);
}
