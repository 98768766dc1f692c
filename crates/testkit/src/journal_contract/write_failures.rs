//! A journal that has no space left.

use journal::{AppendError, Follow, Journal, JournalOptions, Seq, StorageError};

use super::JournalFixture;
use super::records::{all_after, assert_consecutive, one, zeros};

const KILOBYTE: usize = 1024;

pub async fn full_journal_rejects_appends_until_pruned<F: JournalFixture>() {
    let journal = F::create(one_megabyte()).await;
    let mut follower = journal.follow(Seq::ZERO);
    let refusal = loop {
        // The first of the two alone would often fit.
        let two = [one("small"), zeros(64 * KILOBYTE)].concat();
        match journal.append(two).await {
            Ok(seqs) => assert!(seqs[1] == journal.tail() && seqs[1] < Seq(1000)),
            Err(e) => break e,
        }
    };
    assert!(matches!(refusal, AppendError::Storage(StorageError::NoSpace { .. })), "{refusal:?}");
    assert!(refusal.to_string().starts_with("no space left for the journal "));
    assert!(std::error::Error::source(&refusal).is_some());
    let tail = journal.tail();
    assert_eq!(tail.0 % 2, 0, "all or nothing");
    assert!((20..=32).contains(&tail.0), "{tail} records in a megabyte");

    // The journal still rejects appends and is still readable; rejected records take no numbers.
    journal.append(zeros(128 * KILOBYTE)).await.unwrap_err();
    assert_eq!(all_after(&*journal, Seq::ZERO).await.unwrap().len() as u64, tail.0);
    follower = follow_up(follower, tail).await;
    journal.checkpoint(tail, "state".into(), tail).await.unwrap();
    for n in 1..=30 {
        let seqs = journal.append(zeros(64 * KILOBYTE)).await.unwrap();
        assert_eq!(seqs, [Seq(tail.0 + n)]);
        journal.checkpoint(seqs[0], "state".into(), seqs[0]).await.unwrap();
        follower = follow_up(follower, journal.tail()).await;
    }
}

fn one_megabyte() -> JournalOptions {
    let (max, keep) = (1024 * KILOBYTE as u64, 256 * KILOBYTE as u64);
    JournalOptions { max_bytes: Some(max), keep_bytes: Some(keep), ..JournalOptions::default() }
}

/// Reads to the tail and checks that no record is missing.
async fn follow_up<F: Follow>(mut follower: F, tail: Seq) -> F {
    loop {
        let batch = follower.next().await.unwrap();
        assert_consecutive(batch[0].seq.prev(), &batch);
        if batch.last().unwrap().seq == tail {
            return follower;
        }
    }
}
