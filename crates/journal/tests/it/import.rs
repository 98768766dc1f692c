//! A file opened read-only.

use std::fs;
use std::path::Path;

use journal::{Journal, JournalOptions, OpenError, Seq, SqliteJournal};

use testkit::journal_contract::records::all_after;
use testkit::journal_contract::records::numbered;
use testkit::journal_contract::temp_path;

/// The contents of all files of a journal, except its lock.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let mut files: Vec<_> = entries.map(|path| (name(&path), fs::read(&path).unwrap())).collect();
    // SQLite rebuilds the index of the log, so it may differ.
    files.retain(|(name, _)| !name.ends_with(".lock") && !name.ends_with("-shm"));
    files.sort();
    files
}

#[tokio::test]
async fn read_only_open_excludes_writers() {
    let (folder, path) = temp_path();
    let journal = SqliteJournal::open(&path, JournalOptions::default()).unwrap();
    journal.append(numbered(0..9)).await.unwrap();
    let in_use = SqliteJournal::open_read_only(&path).map(drop);
    assert!(matches!(in_use, Err(OpenError::InUse { .. })), "{in_use:?}");

    // The files that a killed program leaves, with records in the log.
    let (killed, copy) = temp_path();
    for (name, bytes) in files(folder.path()) {
        fs::write(killed.path().join(name), bytes).unwrap();
    }
    journal.close().await;
    for (folder, path) in [(&folder, &path), (&killed, &copy)] {
        let before = files(folder.path());
        let journal = SqliteJournal::open_read_only(path).unwrap();
        let another = SqliteJournal::open_read_only(path).unwrap();
        assert_eq!(all_after(&journal, Seq::ZERO).await.unwrap().len(), 9);
        assert_eq!(another.tail(), Seq(9));
        let writer = SqliteJournal::open(path, JournalOptions::default()).map(drop);
        assert!(matches!(writer, Err(OpenError::InUse { .. })), "{writer:?}");
        journal.close().await;
        drop((journal, another));
        assert_eq!(files(folder.path()), before);
    }
}
