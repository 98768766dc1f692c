use std::fs;

use journal::{
    AppendError, Follow, Journal, JournalOptions, PROBE_BYTES, Seq, SqliteJournal, StorageError,
};

use crate::records::{all_after, texts};
use crate::subject::{Subject, for_each_journal, one, place, zeros};

for_each_journal! {
    a_probe_leaves_nothing_behind
    without_room_a_probe_is_refused_until_there_is_some_again
    after_the_end_a_probe_is_refused
}

async fn a_probe_leaves_nothing_behind<J: Subject>() {
    let journal = J::fresh(JournalOptions::default()).await;
    let mut follower = journal.follow(Seq::ZERO);
    journal.probe().await.unwrap();
    assert_eq!(
        (journal.tail(), journal.append(one("1")).await.unwrap()),
        (Seq::ZERO, [Seq(1)].into())
    );
    // Among appends that wait it is nobody's record either.
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

async fn without_room_a_probe_is_refused_until_there_is_some_again<J: Subject>() {
    let (max, keep) = (Some(64 * PROBE_BYTES as u64), Some(16 * PROBE_BYTES as u64));
    let options = JournalOptions { max_bytes: max, keep_bytes: keep, ..JournalOptions::default() };
    let journal = J::fresh(options).await;
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

async fn after_the_end_a_probe_is_refused<J: Subject>() {
    let journal = J::fresh(JournalOptions::default()).await;
    let last = journal.probe();
    journal.close().await;
    last.await.unwrap();
    assert!(matches!(journal.probe().await, Err(AppendError::Storage(StorageError::Closed))));
}

/// Otherwise it would find room where an append finds none.
#[tokio::test]
async fn a_probe_writes_as_much_as_the_append_that_it_stands_for() {
    let (_folder, path) = place();
    let journal = SqliteJournal::open(&path, JournalOptions::default()).unwrap();
    let log = || fs::metadata(path.with_extension("db-wal")).unwrap().len();
    for _ in 0..3 {
        let before = log();
        journal.probe().await.unwrap();
        let probed = log() - before;
        assert!(probed >= PROBE_BYTES as u64, "{probed} bytes");
    }
    journal.append(one("1")).await.unwrap();
    drop(journal);
    // Opening checks the whole file.
    let journal = SqliteJournal::open(&path, JournalOptions::default()).unwrap();
    assert_eq!(texts(&all_after(&journal, Seq::ZERO).await.unwrap()), ["1"]);
}
