use journal::{
    AppendError, Follow, FollowError, Journal, JournalOptions, MAX_APPEND_BYTES,
    MAX_APPEND_RECORDS, MAX_PAYLOAD_BYTES, MEMORY_KEEP_BYTES, MEMORY_MAX_BYTES, MemoryJournal,
    QUEUE_APPENDS, QUEUE_BYTES, RECENT_BYTES, RECENT_RECORDS, Seq, SqliteJournal, StorageError,
};

use testkit::journal_contract::records::all_after;
use testkit::journal_contract::records::{one, zeros};
use testkit::journal_contract::temp_path;

#[tokio::test]
async fn queue_is_bounded_in_appends() {
    let (_folder, path) = temp_path();
    let journal = SqliteJournal::open(&path, JournalOptions::default()).unwrap();
    let outside = rusqlite::Connection::open(&path).unwrap();
    outside.execute_batch("BEGIN IMMEDIATE").unwrap();
    // The writer took some appends before it met the lock; the others stay queued.
    let appends: Vec<_> = (0..2 * QUEUE_APPENDS).map(|_| journal.append(one("x"))).collect();
    outside.execute_batch("ROLLBACK").unwrap();
    let mut written = 0;
    for append in appends {
        match append.await {
            Ok(_) => written += 1,
            Err(e) => assert!(matches!(e, AppendError::QueueFull), "{e:?}"),
        }
    }
    let most = QUEUE_APPENDS + MAX_APPEND_RECORDS;
    assert!((QUEUE_APPENDS..=most).contains(&written), "{written} were taken");
    assert_eq!(all_after(&journal, Seq::ZERO).await.unwrap().len(), written);
    let fewest = written.div_ceil(MAX_APPEND_RECORDS) as u64;
    assert!(journal.commits() >= fewest, "{} commits", journal.commits());
}

#[tokio::test]
async fn queue_is_bounded_in_bytes() {
    let (_folder, path) = temp_path();
    let journal = SqliteJournal::open(&path, JournalOptions::default()).unwrap();
    let outside = rusqlite::Connection::open(&path).unwrap();
    outside.execute_batch("BEGIN IMMEDIATE").unwrap();
    let payload = zeros(MAX_PAYLOAD_BYTES);
    let appends: Vec<_> =
        (0..2 * QUEUE_BYTES / MAX_PAYLOAD_BYTES).map(|_| journal.append(payload.clone())).collect();
    outside.execute_batch("ROLLBACK").unwrap();
    let mut written = 0;
    for append in appends {
        match append.await {
            Ok(_) => written += MAX_PAYLOAD_BYTES,
            Err(e) => assert!(matches!(e, AppendError::QueueFull), "{e:?}"),
        }
    }
    let most = QUEUE_BYTES + MAX_APPEND_BYTES;
    assert!((QUEUE_BYTES..=most).contains(&written), "{written} bytes were taken");
    let fewest = written.div_ceil(MAX_APPEND_BYTES) as u64;
    assert!(journal.commits() >= fewest, "{} commits", journal.commits());

    // The written appends have left the queue.
    outside.execute_batch("BEGIN IMMEDIATE").unwrap();
    let appends: Vec<_> = (0..16).map(|_| journal.append(payload.clone())).collect();
    outside.execute_batch("ROLLBACK").unwrap();
    for append in appends {
        append.await.unwrap();
    }
}

/// Without checkpoints nothing may be pruned, so the journal rejects appends instead of growing.
#[tokio::test]
async fn memory_journal_is_bounded_by_default() {
    let journal = MemoryJournal::default();
    let payloads = vec![zeros(MAX_PAYLOAD_BYTES).remove(0); 16];
    let refusal = loop {
        if let Err(e) = journal.append(payloads.clone()).await {
            break e;
        }
        assert!(journal.tail().0 * MAX_PAYLOAD_BYTES as u64 <= MEMORY_MAX_BYTES);
    };
    assert!(matches!(refusal, AppendError::Storage(StorageError::NoSpace { .. })), "{refusal:?}");
    assert!(journal.tail().0 * MAX_PAYLOAD_BYTES as u64 >= MEMORY_MAX_BYTES * 9 / 10);

    journal.checkpoint(journal.tail(), "state".into(), journal.tail()).await.unwrap();
    journal.append(payloads).await.unwrap();
    let Err(FollowError::Pruned { kept_after, .. }) = all_after(&journal, Seq::ZERO).await else {
        panic!("nothing was let go");
    };
    let kept = (journal.tail().0 - kept_after.0) * MAX_PAYLOAD_BYTES as u64;
    assert!(kept <= MEMORY_KEEP_BYTES + MAX_APPEND_BYTES as u64, "{kept} bytes are kept");
}

/// A closed journal still returns exactly the records that it had in memory.
#[tokio::test]
async fn recent_records_are_bounded() {
    let few = RECENT_BYTES / MAX_PAYLOAD_BYTES;
    for (payload_bytes, total, expected) in
        [(1, RECENT_RECORDS + 100, RECENT_RECORDS), (MAX_PAYLOAD_BYTES, few + 5, few - 1)]
    {
        let (_folder, path) = temp_path();
        let journal = SqliteJournal::open(&path, JournalOptions::default()).unwrap();
        let payload = zeros(payload_bytes).remove(0);
        for _ in 0..total.div_ceil(MAX_APPEND_RECORDS) {
            let count = total.div_ceil(total.div_ceil(MAX_APPEND_RECORDS));
            journal.append(vec![payload.clone(); count]).await.unwrap();
        }
        let tail = journal.tail().0;
        journal.close().await;
        let in_memory = async |count: usize| {
            let batch = journal.follow(Seq(tail - count as u64)).next().await;
            batch.is_ok()
        };
        assert!(in_memory(expected).await);
        assert!(!in_memory(expected + 1).await);
    }
}

/// A long read prevents SQLite from restarting the log.
#[tokio::test]
async fn wal_shrinks_once_readers_finish() {
    let (_folder, path) = temp_path();
    let journal = SqliteJournal::open(&path, JournalOptions::default()).unwrap();
    let log_bytes = || std::fs::metadata(path.with_extension("db-wal")).unwrap().len();
    let outside = rusqlite::Connection::open(&path).unwrap();
    outside.execute_batch("BEGIN; SELECT * FROM record").unwrap();
    let sixteen = vec![zeros(MAX_PAYLOAD_BYTES).remove(0); 16];
    for _ in 0..5 {
        journal.append(sixteen.clone()).await.unwrap();
    }
    assert!(log_bytes() > 80 * 1024 * 1024);
    outside.execute_batch("COMMIT").unwrap();
    journal.append(sixteen).await.unwrap();
    journal.append(one("the log is folded before this")).await.unwrap();
    assert!(log_bytes() < 32 * 1024 * 1024, "the log has {} bytes", log_bytes());
}
