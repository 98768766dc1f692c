use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use journal::{
    AppendError, Follow, Journal, JournalOptions, OpenError, Seq, SqliteJournal, StorageError,
};
use rusqlite::Connection;

use testkit::journal_contract::records::{all_after, numbered, one, texts, zeros};
use testkit::journal_contract::temp_path;

fn open(path: &Path) -> Result<SqliteJournal, OpenError> {
    SqliteJournal::open(path, JournalOptions::default())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    format!("{}{suffix}", path.display()).into()
}

/// Checks that the journal accepts nothing, because it lost this file.
async fn check_loss(journal: &SqliteJournal, lost: &Path) {
    let appended = journal.append(one("lost")).await.unwrap_err();
    assert!(
        matches!(&appended, AppendError::Storage(StorageError::FileLost { path, .. }) if path == lost),
        "{appended:?}"
    );
    assert!(appended.to_string().starts_with(&lost.display().to_string()), "{appended}");
    let checked = journal.check().await.unwrap_err();
    assert!(matches!(&checked, StorageError::FileLost { path, .. } if path == lost), "{checked:?}");
}

/// Checks that a copy of the database, without its log, has these records.
async fn check_copy(database: &Path, payloads: &[&str]) {
    let (_folder, path) = temp_path();
    fs::copy(database, &path).unwrap();
    let copy = open(&path).unwrap();
    assert_eq!(texts(&all_after(&copy, Seq::ZERO).await.unwrap()), payloads);
    copy.close().await;
}

/// Checks that the journal accepts nothing, because another program has written into its database.
async fn check_overwritten(journal: &SqliteJournal, database: &Path) {
    let appended = journal.append(one("lost")).await.unwrap_err();
    assert!(
        matches!(&appended, AppendError::Storage(StorageError::FileOverwritten { path }) if path == database),
        "{appended:?}"
    );
    assert!(journal.check().await.is_err() && journal.probe().await.is_err());
}

/// As `cp copy.db flightboard.db` does, with the file open before or after the log was copied into it.
#[tokio::test]
async fn overwritten_database_is_left_alone() {
    let (folder, path) = temp_path();
    let copy = folder.path().join("copy.db");
    let journal = open(&path).unwrap();
    journal.append(one("old")).await.unwrap();
    journal.close().await;
    fs::copy(&path, &copy).unwrap();
    let restored = fs::read(&copy).unwrap();

    for appends in [1, 60] {
        let journal = open(&path).unwrap();
        for _ in 0..appends {
            journal.append(numbered(0..4_096)).await.unwrap();
        }
        journal.append(one("last")).await.unwrap();
        fs::copy(&copy, &path).unwrap();
        check_overwritten(&journal, &path).await;
        check_overwritten(&journal, &path).await;
        journal.close().await;
        assert!(fs::read(&path).unwrap() == restored, "closing changes nothing");
        for suffix in ["-wal", "-shm"] {
            fs::remove_file(with_suffix(&path, suffix)).unwrap();
        }
    }
    let journal = open(&path).unwrap();
    assert_eq!(texts(&all_after(&journal, Seq::ZERO).await.unwrap()), ["old"]);
}

#[tokio::test]
async fn moved_database_is_reused_once_back() {
    let (folder, path) = temp_path();
    let journal = open(&path).unwrap();
    let mut follower = journal.follow(Seq::ZERO);
    journal.append(one("before")).await.unwrap();
    let moved = folder.path().join("moved.db");
    fs::rename(&path, &moved).unwrap();
    check_loss(&journal, &path).await;
    assert!(journal.probe().await.is_err());
    check_copy(&moved, &["before"]).await;
    assert!(
        matches!(open(&moved), Err(OpenError::InUse { .. })),
        "the lock is on the file, not on its name"
    );

    fs::rename(&moved, &path).unwrap();
    journal.probe().await.unwrap();
    assert_eq!(journal.append(one("after")).await.unwrap(), [Seq(2)]);
    let mut seen = follower.next().await.unwrap();
    while seen.len() < 2 {
        seen.extend(follower.next().await.unwrap());
    }
    assert_eq!(texts(&seen), ["before", "after"]);
    journal.close().await;
    assert_eq!(
        texts(&all_after(&open(&path).unwrap(), Seq::ZERO).await.unwrap()),
        ["before", "after"]
    );
}

#[tokio::test]
async fn moved_folder_is_noticed() {
    let (folder, _) = temp_path();
    let [here, there] = ["here", "there"].map(|name| folder.path().join(name));
    fs::create_dir(&here).unwrap();
    let path = here.join("board.db");
    let journal = open(&path).unwrap();
    journal.append(one("before")).await.unwrap();
    fs::rename(&here, &there).unwrap();
    check_loss(&journal, &path).await;
    fs::rename(&there, &here).unwrap();
    journal.append(one("after")).await.unwrap();
}

#[tokio::test]
async fn lost_log_is_replaced() {
    for suffix in ["-wal", "-shm"] {
        let (folder, path) = temp_path();
        let journal = open(&path).unwrap();
        journal.append(one("before")).await.unwrap();
        let log = with_suffix(&path, suffix);
        fs::rename(&log, folder.path().join("moved")).unwrap();
        check_loss(&journal, &log).await;
        check_copy(&path, &["before"]).await;
        journal.probe().await.unwrap();
        assert_eq!(journal.append(one("after")).await.unwrap(), [Seq(2)]);
        let outside = Connection::open(&path).unwrap();
        let rows = outside.query_row("SELECT count(*) FROM record", [], |row| row.get::<_, i64>(0));
        assert_eq!(rows, Ok(2), "other programs see the new log");
        drop(outside);
        assert_eq!(texts(&all_after(&journal, Seq::ZERO).await.unwrap()), ["before", "after"]);
        drop(journal);
        let journal = open(&path).unwrap();
        assert_eq!(texts(&all_after(&journal, Seq::ZERO).await.unwrap()), ["before", "after"]);
    }
}

/// An old log has frames with valid checksums, which SQLite would take for newer commits.
#[tokio::test]
async fn restored_older_log_is_not_read() {
    let (folder, path) = temp_path();
    let journal = open(&path).unwrap();
    let log = with_suffix(&path, "-wal");
    journal.append(one("before")).await.unwrap();
    fs::copy(&log, folder.path().join("older")).unwrap();
    journal.append(one("between")).await.unwrap();
    fs::rename(folder.path().join("older"), &log).unwrap();
    check_loss(&journal, &log).await;
    journal.probe().await.unwrap();
    journal.append(one("after")).await.unwrap();
    drop(journal);
    let journal = open(&path).unwrap();
    assert_eq!(
        texts(&all_after(&journal, Seq::ZERO).await.unwrap()),
        ["before", "between", "after"]
    );
}

#[tokio::test]
async fn deleted_database_is_written_back() {
    let (_folder, path) = temp_path();
    let journal = open(&path).unwrap();
    journal.append(one("before")).await.unwrap();
    let id = journal.epochs().record_id(Seq(1)).unwrap();
    fs::remove_file(&path).unwrap();
    check_loss(&journal, &path).await;
    assert!(journal.probe().await.is_err());
    assert!(!path.exists(), "only the end of the journal writes it back");
    journal.close().await;
    drop(journal);
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let journal = open(&path).unwrap();
    assert_eq!(texts(&all_after(&journal, Seq::ZERO).await.unwrap()), ["before"]);
    assert!(journal.epochs().honours(id));
}

#[tokio::test]
async fn replaced_database_is_left_alone() {
    let (folder, path) = temp_path();
    let other = folder.path().join("other.db");
    let copy = open(&other).unwrap();
    copy.append(one("other")).await.unwrap();
    copy.close().await;
    let journal = open(&path).unwrap();
    // More than the memory keeps, so that followers read the file.
    for _ in 0..3 {
        journal.append(numbered(0..4000)).await.unwrap();
    }
    fs::rename(&other, &path).unwrap();
    check_loss(&journal, &path).await;
    let read = journal.follow(Seq::ZERO).next().await.unwrap_err();
    assert!(read.to_string().contains("was moved, deleted or replaced"), "{read}");
    let replacement = fs::read(&path).unwrap();
    journal.close().await;
    drop(journal);
    assert_eq!(fs::read(&path).unwrap(), replacement);
    // The old file has no name left, so the close gave it one.
    let saved = open(&with_suffix(&path, ".saved-1")).unwrap();
    assert_eq!(all_after(&saved, Seq::ZERO).await.unwrap().len(), 12_000);
}

#[test]
fn retargeted_link_is_noticed() {
    let (folder, path) = temp_path();
    let [link, next] = ["link.db", "next.db"].map(|name| folder.path().join(name));
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let journal = open(&link).unwrap();
        journal.append(one("before")).await.unwrap();
        fs::remove_file(&link).unwrap();
        std::os::unix::fs::symlink(&next, &link).unwrap();
        check_loss(&journal, &link).await;
    });
}

#[test]
fn hard_link_is_refused() {
    let (folder, path) = temp_path();
    drop(open(&path).unwrap());
    let link = folder.path().join("link.db");
    fs::hard_link(&path, &link).unwrap();
    for name in [&path, &link] {
        let error = open(name).unwrap_err();
        assert!(matches!(&error, OpenError::HardLinks { path } if path == name), "{error:?}");
    }
    fs::remove_file(&link).unwrap();
    let journal = open(&path).unwrap();
    fs::hard_link(&path, &link).unwrap();
    assert!(matches!(open(&link), Err(OpenError::InUse { .. })));
    assert!(matches!(SqliteJournal::open_read_only(&link), Err(OpenError::InUse { .. })));
    drop(journal);
}

/// A log whose database is missing, empty, or another one without tables.
#[tokio::test]
async fn log_without_database_is_refused() {
    let (folder, path) = temp_path();
    let journal = open(&path).unwrap();
    journal.append(zeros(100_000)).await.unwrap();
    let log = with_suffix(&path, "-wal");
    let saved = folder.path().join("saved");
    fs::copy(&log, &saved).unwrap();
    journal.close().await;
    drop(journal);
    let databases: [fn(&Path); 3] = [
        |path| fs::remove_file(path).unwrap(),
        |path| fs::write(path, "").unwrap(),
        |path| {
            fs::remove_file(path).unwrap();
            Connection::open(path)
                .unwrap()
                .execute_batch("PRAGMA journal_mode = wal; VACUUM")
                .unwrap();
        },
    ];
    for (number, database) in databases.into_iter().enumerate() {
        let _ = fs::File::create(&path).unwrap();
        let _ = fs::remove_file(&log);
        database(&path);
        // The checksums of the last case do not match its database, so SQLite ignores the frames.
        let bytes = fs::read(&saved).unwrap();
        fs::write(&log, &bytes[..if number == 2 { 32 } else { bytes.len() }]).unwrap();
        for error in [open(&path).unwrap_err(), SqliteJournal::open_read_only(&path).unwrap_err()] {
            assert!(
                matches!(&error, OpenError::MissingDatabase { path: named, log: found }
                    if *named == path && *found == log),
                "case {number}: {error:?}"
            );
        }
        assert!(log.exists(), "the log is untouched");
    }
}

#[tokio::test]
async fn new_files_are_private() {
    let (_folder, path) = temp_path();
    let journal = open(&path).unwrap();
    journal.append(one("kept")).await.unwrap();
    for suffix in ["", "-wal", "-shm", ".lock"] {
        let mode = with_suffix(&path, suffix).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{suffix}");
    }
    journal.close().await;
}
