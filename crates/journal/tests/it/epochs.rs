use std::collections::HashSet;
use std::fs;

use journal::{
    Epoch, Epochs, Journal, JournalOptions, MAX_EPOCHS, MemoryJournal, RecordId, Seq, SqliteJournal,
};
use proptest::prelude::*;

use testkit::journal_contract::records::{all_after, texts};
use testkit::journal_contract::records::{numbered, one};
use testkit::journal_contract::temp_path;

#[test]
fn only_canonical_text_parses() {
    for text in ["5f3a9c01-1042", "00000000-0", "ffffffff-1", "00000001-18446744073709551615"] {
        assert_eq!(text.parse::<RecordId>().unwrap().to_string(), text);
    }
    for text in [
        "",
        "-",
        "5f3a9c01",
        "5f3a9c01-",
        "-1042",
        "1042",
        "5F3A9C01-1042",
        "5f3a9c0-1042",
        "5f3a9c011-1042",
        "+f3a9c01-1042",
        "5f3a9c01-+1042",
        "5f3a9c01-01042",
        "5f3a9c01-00",
        "5f3a9c01--1",
        "5f3a9c01-1042 ",
        " 5f3a9c01-1042",
        "5f3a9c01-18446744073709551616",
        "5f3a9c01-٣",
        "5f3a9c0é-1",
        "5f3a9c01-1042-1",
    ] {
        assert!(text.parse::<RecordId>().is_err(), "{text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn record_ids_round_trip(epoch: u32, seq: u64) {
        let position = RecordId { epoch: Epoch(epoch), seq: Seq(seq) };
        prop_assert_eq!(position.to_string().parse(), Ok(position));
    }

    #[test]
    fn any_text_is_rejected_or_canonical(text in "[0-9a-f]{7}[0-9a-fF+]{0,2}-[0+]{0,2}[0-9]{0,3}") {
        if let Ok(position) = text.parse::<RecordId>() {
            prop_assert_eq!(position.to_string(), text);
        }
    }
}

#[test]
fn epoch_ends_at_successor_or_tail() {
    let (a, b, c) = (Epoch(0xa), Epoch(0xb), Epoch(0xc));
    let epochs = Epochs::new([(b, Seq(11)), (a, Seq(1)), (c, Seq(21))], Seq(20));
    for (seq, epoch) in
        [(0, Some(a)), (1, Some(a)), (10, Some(a)), (11, Some(b)), (20, Some(b)), (21, None)]
    {
        let expected = epoch.map(|epoch| RecordId { epoch, seq: Seq(seq) });
        assert_eq!(epochs.record_id(Seq(seq)), expected, "{seq}");
        for other in [a, b, c, Epoch(0xd)] {
            let honoured = epochs.honours(RecordId { epoch: other, seq: Seq(seq) });
            assert_eq!(honoured, epoch == Some(other), "{other}-{seq}");
        }
    }
    let forgotten = Epochs::new([(b, Seq(11))], Seq(20));
    assert_eq!(forgotten.record_id(Seq(10)), None);
    assert_eq!(forgotten.record_id(Seq::ZERO), None);
}

#[tokio::test]
async fn ids_of_another_journal_are_unknown() {
    let (one_journal, other) = (MemoryJournal::default(), MemoryJournal::default());
    for journal in [&one_journal, &other] {
        let empty = journal.epochs().record_id(Seq::ZERO).unwrap();
        assert!(journal.epochs().honours(empty), "an empty journal has an id, too");
        journal.append(one("x")).await.unwrap();
        assert!(journal.epochs().honours(empty));
    }
    let id = one_journal.epochs().record_id(Seq(1)).unwrap();
    assert!(one_journal.epochs().honours(id));
    assert!(!other.epochs().honours(id));
}

#[tokio::test]
async fn reopening_continues_numbers_and_keeps_ids() {
    let (_folder, path) = temp_path();
    let mut ids: Vec<RecordId> = Vec::new();
    for start in 0..5 {
        let journal = SqliteJournal::open(&path, JournalOptions::default()).unwrap();
        assert_eq!(journal.tail(), Seq(start * 10));
        let reopened: Vec<_> =
            (1..=start * 10).map(|n| journal.epochs().record_id(Seq(n)).unwrap()).collect();
        assert_eq!(reopened, ids, "before anything is written");
        let first = usize::try_from(start * 10).unwrap();
        journal.append(numbered(first..first + 10)).await.unwrap();
        ids = (1..=start * 10 + 10).map(|n| journal.epochs().record_id(Seq(n)).unwrap()).collect();
        assert!(ids.iter().all(|&id| journal.epochs().honours(id)));
        let records = all_after(&journal, Seq::ZERO).await.unwrap();
        assert!(texts(&records).into_iter().eq((0..first + 10).map(|n| n.to_string())));
    }
    let epochs: HashSet<_> = ids.iter().map(|id| id.epoch).collect();
    assert_eq!(epochs.len(), 5, "each opening has its own");
}

#[tokio::test]
async fn unused_epochs_are_replaced() {
    let (_folder, path) = temp_path();
    let journal = SqliteJournal::open(&path, JournalOptions::default()).unwrap();
    journal.append(one("x")).await.unwrap();
    drop(journal);
    for _ in 0..5 {
        drop(SqliteJournal::open(&path, JournalOptions::default()).unwrap());
    }
    assert_eq!(epochs_in(&path), 2);
}

/// After a restored backup, the journal reuses the numbers of the lost records.
#[tokio::test]
async fn lost_tail_ids_are_not_honoured() {
    let (folder, path) = temp_path();
    let journal = SqliteJournal::open(&path, JournalOptions::default()).unwrap();
    journal.append(numbered(0..5)).await.unwrap();
    let kept: Vec<_> = (1..=5).map(|n| journal.epochs().record_id(Seq(n)).unwrap()).collect();
    drop(journal);
    let backup = folder.path().join("backup.db");
    fs::copy(&path, &backup).unwrap();

    let mut lost = Vec::new();
    for _ in 0..2 {
        let journal = SqliteJournal::open(&path, JournalOptions::default()).unwrap();
        journal.append(numbered(0..5)).await.unwrap();
        lost.extend((6..=journal.tail().0).map(|n| journal.epochs().record_id(Seq(n)).unwrap()));
    }
    fs::copy(&backup, &path).unwrap();

    for start in 0..4 {
        let journal = SqliteJournal::open(&path, JournalOptions::default()).unwrap();
        let epochs = journal.epochs();
        assert!(kept.iter().all(|&id| epochs.honours(id)), "start {start}");
        assert!(!lost.iter().any(|&id| epochs.honours(id)), "start {start}");
        journal.append(numbered(0..5)).await.unwrap();
        let epochs = journal.epochs();
        assert!(kept.iter().all(|&id| epochs.honours(id)), "written after start {start}");
        assert!(!lost.iter().any(|&id| epochs.honours(id)), "written after start {start}");
    }
}

/// At the maximum number of epochs, the journal forgets the oldest one. The others keep their ids.
#[tokio::test]
async fn oldest_epoch_is_forgotten() {
    let (_folder, path) = temp_path();
    drop(SqliteJournal::open(&path, JournalOptions::default()).unwrap());
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch(&format!(
        "BEGIN; DELETE FROM epoch;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MAX_EPOCHS})
         INSERT INTO epoch (first, id) SELECT i, i FROM n;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MAX_EPOCHS})
         INSERT INTO record (seq, time, payload) SELECT i, 0, x'' FROM n;
         COMMIT;"
    ))
    .unwrap();
    drop(db);
    let journal = SqliteJournal::open(&path, JournalOptions::default()).unwrap();
    let epochs = journal.epochs();
    assert_eq!(epochs.record_id(Seq(1)), None);
    assert_eq!(epochs.record_id(Seq(2)), Some(RecordId { epoch: Epoch(2), seq: Seq(2) }));
    journal.append(one("x")).await.unwrap();
    drop(journal);
    assert_eq!(epochs_in(&path), MAX_EPOCHS);
}

fn epochs_in(path: &std::path::Path) -> usize {
    let db = rusqlite::Connection::open(path).unwrap();
    let count: i64 = db.query_row("SELECT count(*) FROM epoch", [], |row| row.get(0)).unwrap();
    usize::try_from(count).unwrap()
}
