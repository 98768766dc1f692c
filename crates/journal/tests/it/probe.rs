use std::fs;

use journal::{Journal, JournalOptions, PROBE_BYTES, Seq, SqliteJournal};

use testkit::journal_contract::records::one;
use testkit::journal_contract::records::{all_after, texts};
use testkit::journal_contract::temp_path;

/// A smaller probe would succeed where an append fails for lack of space.
#[tokio::test]
async fn probe_writes_its_full_size() {
    let (_folder, path) = temp_path();
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
