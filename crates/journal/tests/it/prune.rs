use journal::{FollowError, Journal, JournalOptions, Seq, SqliteJournal};

use testkit::journal_contract::records::all_after;
use testkit::journal_contract::records::{numbered, one, zeros};
use testkit::journal_contract::temp_path;

/// Without it the next start would reuse its number.
#[tokio::test]
async fn newest_record_survives_reopening() {
    let (_folder, path) = temp_path();
    let options = JournalOptions { keep_bytes: Some(1), ..JournalOptions::default() };
    let journal = SqliteJournal::open(&path, options.clone()).unwrap();
    journal.append(numbered(0..3)).await.unwrap();
    journal.checkpoint(Seq(3), "state".into(), Seq(3)).await.unwrap();
    drop(journal);
    let journal = SqliteJournal::open(&path, options).unwrap();
    assert_eq!(journal.append(one("next")).await.unwrap(), [Seq(4)]);
}

/// Later records reuse the pages of pruned ones, so the file does not grow with the total volume.
#[tokio::test]
async fn file_reuses_pruned_pages() {
    let (_folder, path) = temp_path();
    let keep_bytes = 1024 * 1024;
    let options = JournalOptions { keep_bytes: Some(keep_bytes), ..JournalOptions::default() };
    let journal = SqliteJournal::open(&path, options.clone()).unwrap();
    let mut largest = 0;
    for _ in 0..100 {
        journal.append(vec![zeros(100 * 1024).remove(0); 10]).await.unwrap();
        let tail = journal.tail();
        journal.checkpoint(tail, "state".into(), tail).await.unwrap();
        largest = largest.max(std::fs::metadata(&path).unwrap().len());
    }
    assert!(largest < 8 * keep_bytes, "{largest} bytes for {keep_bytes} to keep");
    let log = std::fs::metadata(path.with_extension("db-wal")).unwrap().len();
    assert!(log < 32 * 1024 * 1024, "the log has {log} bytes");
    drop(journal);
    // A reopened journal continues from the loaded state.
    let journal = SqliteJournal::open(&path, options).unwrap();
    assert_eq!(journal.tail(), Seq(1000));
    assert!(matches!(all_after(&journal, Seq::ZERO).await, Err(FollowError::Pruned { .. })));
}
