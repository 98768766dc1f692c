use bytes::Bytes;
use journal::{
    AppendError, Follow, FollowError, Journal, JournalOptions, MAX_APPEND_BYTES,
    MAX_APPEND_RECORDS, MAX_BATCH_BYTES, MAX_BATCH_RECORDS, MAX_CHECKPOINTS, MAX_PAYLOAD_BYTES,
    MAX_STATE_BYTES, MEMORY_KEEP_BYTES, MEMORY_MAX_BYTES, MemoryJournal, QUEUE_APPENDS,
    QUEUE_BYTES, RECENT_BYTES, RECENT_RECORDS, Seq, SqliteJournal, StorageError,
};

use crate::records::all_after;
use crate::subject::{Subject, for_each_journal, numbered, one, place, zeros};

for_each_journal! {
    too_much_in_one_append_is_refused_and_leaves_nothing
    a_batch_keeps_to_its_bounds
    a_state_has_a_bound
    checkpoints_are_thinned
}

async fn too_much_in_one_append_is_refused_and_leaves_nothing<J: Subject>() {
    let journal = J::fresh(JournalOptions::default()).await;
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

async fn a_batch_keeps_to_its_bounds<J: Subject>() {
    let journal = J::fresh(JournalOptions::default()).await;
    journal.append(numbered(0..MAX_BATCH_RECORDS + 1)).await.unwrap();
    let half = zeros(MAX_BATCH_BYTES / 2).remove(0);
    let whole = zeros(MAX_BATCH_BYTES).remove(0);
    journal.append(vec![half.clone(), half.clone(), half, whole]).await.unwrap();
    let mut follower = journal.follow(Seq::ZERO);
    let mut batches = Vec::new();
    while batches.iter().sum::<usize>() < MAX_BATCH_RECORDS + 5 {
        batches.push(follower.next().await.unwrap().len());
    }
    // The odd record and one half; two halves; the whole one by itself.
    assert_eq!(batches, [MAX_BATCH_RECORDS, 2, 2, 1]);
}

async fn a_state_has_a_bound<J: Subject>() {
    let journal = J::fresh(JournalOptions::default()).await;
    let state = Bytes::from(vec![0; MAX_STATE_BYTES + 1]);
    let error = journal.checkpoint(Seq::ZERO, state, Seq::ZERO).await.unwrap_err();
    let expected = "a state of 67108865 bytes is too large (limit: 67108864)";
    assert_eq!(error.to_string(), expected);
    assert_eq!(journal.start_point().await.unwrap(), None);
}

/// The oldest stays, since everything after it may have to be replayed; so does the newest.
async fn checkpoints_are_thinned<J: Subject>() {
    let journal = J::fresh(JournalOptions::default()).await;
    let many = MAX_CHECKPOINTS as u64 * 2;
    journal.append(numbered(0..2 * MAX_CHECKPOINTS)).await.unwrap();
    for n in 1..=many {
        journal.checkpoint(Seq(n), n.to_string().into(), Seq(1)).await.unwrap();
    }
    assert_eq!(journal.start_point().await.unwrap().unwrap().seq, Seq(1));
    // Now that only the records after the tail are needed, asking for ever newer ones shows which
    // were still there.
    let mut kept = Vec::new();
    for needed_after in 1..=many {
        journal.checkpoint(Seq(many), "newest".into(), Seq(needed_after)).await.unwrap();
        kept.push(journal.start_point().await.unwrap().unwrap().seq.0);
    }
    kept.dedup();
    let newest = many - MAX_CHECKPOINTS as u64 + 2..=many;
    assert_eq!(kept, [1].into_iter().chain(newest).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_queue_has_a_bound_in_appends() {
    let (_folder, path) = place();
    let journal = SqliteJournal::open(&path, JournalOptions::default()).unwrap();
    let outside = rusqlite::Connection::open(&path).unwrap();
    outside.execute_batch("BEGIN IMMEDIATE").unwrap();
    // The writer holds what it took before it met the lock; the rest waits.
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
async fn the_queue_has_a_bound_in_bytes() {
    let (_folder, path) = place();
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

    // What was written waits no more.
    outside.execute_batch("BEGIN IMMEDIATE").unwrap();
    let appends: Vec<_> = (0..16).map(|_| journal.append(payload.clone())).collect();
    outside.execute_batch("ROLLBACK").unwrap();
    for append in appends {
        append.await.unwrap();
    }
}

/// Nothing moves its checkpoints, so nothing may be let go: it refuses instead of growing.
#[tokio::test]
async fn a_journal_in_memory_is_bounded_by_default() {
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

/// What a closed journal still hands out is what it had in memory.
#[tokio::test]
async fn recent_records_are_bounded_in_number_and_bytes() {
    let few = RECENT_BYTES / MAX_PAYLOAD_BYTES;
    for (payload_bytes, total, expected) in
        [(1, RECENT_RECORDS + 100, RECENT_RECORDS), (MAX_PAYLOAD_BYTES, few + 5, few - 1)]
    {
        let (_folder, path) = place();
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

/// Someone who reads the file for a long time keeps the log from being begun anew.
#[tokio::test]
async fn the_log_is_bounded_once_readers_let_go() {
    let (_folder, path) = place();
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
