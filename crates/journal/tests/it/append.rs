use journal::{Journal, JournalOptions, Seq, SqliteJournal};

use testkit::journal_contract::records::numbered;

/// Another connection holds SQLite's lock and so stops the writer at its first commit. All later appends share the
/// second one.
#[tokio::test]
async fn queued_appends_share_one_commit() {
    let (_folder, path) = testkit::journal_contract::temp_path();
    let journal = SqliteJournal::open(&path, JournalOptions::default()).unwrap();
    let outside = rusqlite::Connection::open(&path).unwrap();
    outside.execute_batch("BEGIN IMMEDIATE").unwrap();
    let appends: Vec<_> = (0..500).map(|_| journal.append(numbered(0..2))).collect();
    outside.execute_batch("ROLLBACK").unwrap();
    for append in appends {
        append.await.unwrap();
    }
    assert_eq!(journal.tail(), Seq(1000));
    assert!(journal.commits() <= 2, "{} commits", journal.commits());
}
