//! Limits of appends, batches, states and checkpoints.

use bytes::Bytes;
use journal::{
    Follow, Journal, JournalOptions, MAX_APPEND_BYTES, MAX_APPEND_RECORDS, MAX_BATCH_BYTES,
    MAX_BATCH_RECORDS, MAX_CHECKPOINTS, MAX_PAYLOAD_BYTES, MAX_STATE_BYTES, Seq,
};

use super::JournalFixture;
use super::records::{numbered, one, zeros};

pub async fn oversized_appends_are_rejected_whole<F: JournalFixture>() {
    let journal = F::create(JournalOptions::default()).await;
    let mut over = numbered(0..1);
    over.extend(zeros(MAX_PAYLOAD_BYTES + 1));
    let megabytes = vec![zeros(MAX_PAYLOAD_BYTES).remove(0); MAX_APPEND_BYTES / MAX_PAYLOAD_BYTES];
    for (case, payloads, expected) in [
        ("a payload", over, "a payload of 1048577 bytes is too large (limit: 1048576)"),
        (
            "records",
            numbered(0..MAX_APPEND_RECORDS + 1),
            "4097 records are too many for one append (limit: 4096)",
        ),
        (
            "bytes",
            [megabytes.clone(), one("x")].concat(),
            "an append of 16777217 bytes is too large (limit: 16777216)",
        ),
    ] {
        let error = journal.append(payloads).await.expect_err(case);
        assert_eq!(error.to_string(), expected);
        assert_eq!(journal.tail(), Seq::ZERO, "{case}");
    }
    assert_eq!(journal.append(numbered(0..MAX_APPEND_RECORDS)).await.unwrap().len(), 4096);
    assert_eq!(journal.append(megabytes).await.unwrap().len(), 16);
}

pub async fn batches_respect_their_limits<F: JournalFixture>() {
    let journal = F::create(JournalOptions::default()).await;
    journal.append(numbered(0..MAX_BATCH_RECORDS + 1)).await.unwrap();
    let half = zeros(MAX_BATCH_BYTES / 2).remove(0);
    let whole = zeros(MAX_BATCH_BYTES).remove(0);
    journal.append(vec![half.clone(), half.clone(), half, whole]).await.unwrap();
    let mut follower = journal.follow(Seq::ZERO);
    let mut batches = Vec::new();
    while batches.iter().sum::<usize>() < MAX_BATCH_RECORDS + 5 {
        batches.push(follower.next().await.unwrap().len());
    }
    // The last small record and one half; two halves; the full-size payload.
    assert_eq!(batches, [MAX_BATCH_RECORDS, 2, 2, 1]);
}

pub async fn oversized_state_is_rejected<F: JournalFixture>() {
    let journal = F::create(JournalOptions::default()).await;
    let state = Bytes::from(vec![0; MAX_STATE_BYTES + 1]);
    let error = journal.checkpoint(Seq::ZERO, state, Seq::ZERO).await.unwrap_err();
    let expected = "a state of 67108865 bytes is too large (limit: 67108864)";
    assert_eq!(error.to_string(), expected);
    assert_eq!(journal.start_point().await.unwrap(), None);
}

/// The oldest stays, since a start may replay all records after it, and so does the newest.
pub async fn surplus_checkpoints_are_removed<F: JournalFixture>() {
    let journal = F::create(JournalOptions::default()).await;
    let many = MAX_CHECKPOINTS as u64 * 2;
    journal.append(numbered(0..2 * MAX_CHECKPOINTS)).await.unwrap();
    for n in 1..=many {
        journal.checkpoint(Seq(n), n.to_string().into(), Seq(1)).await.unwrap();
    }
    assert_eq!(journal.start_point().await.unwrap().unwrap().seq, Seq(1));
    // Requiring ever later records removes the oldest checkpoint each time, which shows those that remained.
    let mut kept = Vec::new();
    for needed_after in 1..=many {
        journal.checkpoint(Seq(many), "newest".into(), Seq(needed_after)).await.unwrap();
        kept.push(journal.start_point().await.unwrap().unwrap().seq.0);
    }
    kept.dedup();
    let newest = many - MAX_CHECKPOINTS as u64 + 2..=many;
    assert_eq!(kept, [1].into_iter().chain(newest).collect::<Vec<_>>());
}
