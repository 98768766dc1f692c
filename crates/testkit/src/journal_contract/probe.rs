//! Probes: whether an append would succeed.

use journal::{AppendError, Follow, Journal, JournalOptions, PROBE_BYTES, Seq, StorageError};

use super::JournalFixture;
use super::records::{all_after, one, texts, zeros};

pub async fn probe_leaves_no_record<F: JournalFixture>() {
    let journal = F::create(JournalOptions::default()).await;
    let mut follower = journal.follow(Seq::ZERO);
    journal.probe().await.unwrap();
    assert_eq!(
        (journal.tail(), journal.append(one("1")).await.unwrap()),
        (Seq::ZERO, [Seq(1)].into())
    );
    // A probe queued between appends leaves no record either.
    let before = journal.append(one("2"));
    let probe = journal.probe();
    let after = journal.append(one("3"));
    assert_eq!((before.await.unwrap(), after.await.unwrap()), ([Seq(2)].into(), [Seq(3)].into()));
    probe.await.unwrap();
    journal.probe().await.unwrap();
    assert_eq!(journal.tail(), Seq(3));
    assert_eq!(texts(&all_after(&*journal, Seq::ZERO).await.unwrap()), ["1", "2", "3"]);
    let mut seen = Vec::new();
    while seen.len() < 3 {
        seen.extend(follower.next().await.unwrap());
    }
    assert_eq!(texts(&seen), ["1", "2", "3"]);
}

pub async fn probe_fails_while_full<F: JournalFixture>() {
    let (max, keep) = (Some(64 * PROBE_BYTES as u64), Some(16 * PROBE_BYTES as u64));
    let options = JournalOptions { max_bytes: max, keep_bytes: keep, ..JournalOptions::default() };
    let journal = F::create(options).await;
    while journal.append(zeros(PROBE_BYTES)).await.is_ok() {
        assert!(journal.tail() < Seq(64));
    }
    let tail = journal.tail();
    for _ in 0..3 {
        let refusal = journal.probe().await.unwrap_err();
        assert!(
            matches!(refusal, AppendError::Storage(StorageError::NoSpace { .. })),
            "{refusal:?}"
        );
    }
    assert_eq!(journal.tail(), tail);
    journal.checkpoint(tail, "state".into(), tail).await.unwrap();
    journal.probe().await.unwrap();
    assert_eq!(journal.append(zeros(PROBE_BYTES)).await.unwrap(), [tail.next()]);
}

pub async fn closed_journal_rejects_probes<F: JournalFixture>() {
    let journal = F::create(JournalOptions::default()).await;
    let last = journal.probe();
    journal.close().await;
    last.await.unwrap();
    assert!(matches!(journal.probe().await, Err(AppendError::Storage(StorageError::Closed))));
}
