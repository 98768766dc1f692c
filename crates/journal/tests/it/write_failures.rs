use std::path::Path;
use std::process::Command;

use journal::{AppendError, Follow, Journal, JournalOptions, Seq, SqliteJournal, StorageError};
use tokio::signal::unix::{SignalKind, signal};

use testkit::journal_contract::records::{all_after, texts};
use testkit::journal_contract::records::{numbered, one, zeros};
use testkit::journal_contract::temp_path;

const KILOBYTE: usize = 1024;

fn one_megabyte() -> JournalOptions {
    let (max, keep) = (1024 * KILOBYTE as u64, 256 * KILOBYTE as u64);
    JournalOptions { max_bytes: Some(max), keep_bytes: Some(keep), ..JournalOptions::default() }
}

/// Appends that share a commit share its failure, and a later append reuses their numbers.
#[tokio::test]
async fn failed_commit_rejects_all_its_appends() {
    let (_folder, path) = temp_path();
    let journal = SqliteJournal::open(&path, one_megabyte()).unwrap();
    journal.append(one("before")).await.unwrap();
    let mut follower = journal.follow(Seq(1));

    let outside = rusqlite::Connection::open(&path).unwrap();
    outside.execute_batch("BEGIN IMMEDIATE").unwrap();
    let large = zeros(1000 * KILOBYTE);
    let together: Vec<_> =
        [&large, &large, &one("one"), &large].map(|payload| journal.append(payload.clone())).into();
    outside.execute_batch("ROLLBACK").unwrap();
    let mut refused = 0;
    for append in together {
        refused += usize::from(matches!(
            append.await,
            Err(AppendError::Storage(StorageError::NoSpace { .. }))
        ));
    }
    // The writer may have taken the first append alone, before it met the lock; the others share a commit.
    assert!(refused >= 3, "{refused} refused");
    let tail = journal.tail();
    assert_eq!(journal.append(one("after")).await.unwrap(), [tail.next()]);
    let seen = texts(&follower.next().await.unwrap());
    assert_eq!(seen.last().unwrap(), "after");
    assert!(!seen.contains(&"one".to_owned()));
    drop(journal);
    let journal = SqliteJournal::open(&path, JournalOptions::default()).unwrap();
    assert_eq!(journal.tail(), tail.next());
}

/// After a failed fsync the log may contain the rejected records. Before the reply, the writer overwrites them with
/// another commit, which other connections see.
#[tokio::test]
async fn failed_commit_is_voided_before_reply() {
    let (_folder, path) = temp_path();
    let journal = SqliteJournal::open(&path, one_megabyte()).unwrap();
    let outside = rusqlite::Connection::open(&path).unwrap();
    let version =
        || -> i64 { outside.pragma_query_value(None, "data_version", |row| row.get(0)).unwrap() };
    let before = version();
    assert_eq!(version(), before);
    let too_many = vec![zeros(1024 * KILOBYTE).remove(0); 4];
    journal.append(too_many).await.unwrap_err();
    assert_ne!(version(), before);
}

#[tokio::test]
async fn foreign_lock_fails_appends_temporarily() {
    let (_folder, path) = temp_path();
    let journal = SqliteJournal::open(&path, JournalOptions::default()).unwrap();
    journal.append(one("before")).await.unwrap();
    let outside = rusqlite::Connection::open(&path).unwrap();
    outside.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refusal = journal.append(one("refused")).await.unwrap_err();
    let expected = format!("cannot read or write the journal {}", path.display());
    assert_eq!(refusal.to_string(), expected);
    outside.execute_batch("ROLLBACK").unwrap();
    journal.append(one("after")).await.unwrap();
    assert_eq!(texts(&all_after(&journal, Seq::ZERO).await.unwrap()), ["before", "after"]);
}

/// A limit on file sizes makes real writes fail. It applies to a whole process, so a child process runs under it.
#[tokio::test]
async fn disk_errors_keep_records_and_recover() {
    let (_folder, path) = temp_path();
    let status = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "write_failures::append_under_file_size_limit",
            "--ignored",
            "--nocapture",
        ])
        .env(PATH_VARIABLE, &path)
        .status()
        .unwrap();
    assert!(status.success());
    let journal = SqliteJournal::open(&path, JournalOptions::default()).unwrap();
    let records = all_after(&journal, Seq::ZERO).await.unwrap();
    let expected: Vec<_> = (0..10).map(|n| n.to_string()).chain(["after".into()]).collect();
    assert_eq!(texts(&records), expected);
}

#[tokio::test]
#[ignore = "run by another test, in a process of its own"]
async fn append_under_file_size_limit() {
    let Ok(path) = std::env::var(PATH_VARIABLE) else { return };
    let journal = SqliteJournal::open(&path, JournalOptions::default()).unwrap();
    journal.append(numbered(0..10)).await.unwrap();
    let mut follower = journal.follow(Seq(10));

    // Without a handler, SIGXFSZ would end the process.
    let _handler = signal(SignalKind::from_raw(SIGXFSZ)).unwrap();
    let (_, hard) = rlimit::getrlimit(rlimit::Resource::FSIZE).unwrap();
    let log = std::fs::metadata(Path::new(&path).with_extension("db-wal")).unwrap().len();
    rlimit::setrlimit(rlimit::Resource::FSIZE, log + 10 * KILOBYTE as u64, hard).unwrap();
    for _ in 0..3 {
        let refusal = journal.append(zeros(64 * KILOBYTE)).await.unwrap_err();
        assert!(
            matches!(refusal, AppendError::Storage(StorageError::Unavailable { .. })),
            "{refusal:?}"
        );
        let refusal = journal.probe().await.unwrap_err();
        assert!(
            matches!(refusal, AppendError::Storage(StorageError::Unavailable { .. })),
            "{refusal:?}"
        );
        assert_eq!(journal.tail(), Seq(10));
        assert_eq!(all_after(&journal, Seq::ZERO).await.unwrap().len(), 10);
    }
    rlimit::setrlimit(rlimit::Resource::FSIZE, hard, hard).unwrap();
    journal.probe().await.unwrap();
    assert_eq!(journal.append(one("after")).await.unwrap(), [Seq(11)]);
    assert_eq!(texts(&follower.next().await.unwrap()), ["after"]);
    journal.close().await;
}

const PATH_VARIABLE: &str = "JOURNAL_WITH_A_SMALL_DISK";

/// Its number on Linux for most architectures.
const SIGXFSZ: i32 = 25;
