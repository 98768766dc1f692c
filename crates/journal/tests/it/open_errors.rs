use std::error::Error as _;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use journal::{FollowError, Journal, JournalOptions, OpenError, Seq, SqliteJournal, StorageError};
use rusqlite::Connection;

use testkit::journal_contract::records::all_after;
use testkit::journal_contract::records::{numbered, one, zeros};
use testkit::journal_contract::temp_path;

fn open(path: &Path) -> Result<SqliteJournal, OpenError> {
    SqliteJournal::open(path, JournalOptions::default())
}

/// Each fault, and its message.
#[test]
fn open_errors_explain_the_fault() {
    type DamagedFile = fn(&Path);
    let cases: [(&str, DamagedFile, &str); 15] = [
        ("locked", lock_from_outside, IN_USE),
        ("locked in exclusive mode", lock_exclusively, IN_USE),
        ("a text", |path| fs::write(path, "flight,state\n".repeat(100)).unwrap(), NOT_A_JOURNAL),
        ("one byte", |path| fs::write(path, "x").unwrap(), NOT_A_JOURNAL),
        ("a folder", |path| fs::create_dir(path).unwrap(), NOT_A_JOURNAL),
        ("noise after a right beginning", noise, NOT_A_JOURNAL),
        ("another program's tables", |path| run(path, "CREATE TABLE t (a)"), NOT_A_JOURNAL),
        ("another program's mark", |path| run(path, "PRAGMA application_id = 7"), NOT_A_JOURNAL),
        ("another format", |path| change(path, "PRAGMA user_version = 2"), NEWER),
        ("cut short", |path| edit(path, |file| file.set_len(9000).unwrap()), DAMAGED),
        ("overwritten", overwrite, DAMAGED),
        ("without a table", |path| change(path, "DROP TABLE epoch"), DAMAGED),
        ("with a wrong value", |path| change(path, "UPDATE epoch SET id = -1"), DAMAGED),
        (
            "read-only",
            |path| {
                make(path);
                fs::set_permissions(path, Permissions::from_mode(0o444)).unwrap();
            },
            READ_ONLY,
        ),
        ("in no folder", |path| fs::remove_dir(path.parent().unwrap()).unwrap(), NO_FOLDER),
    ];
    for (case, fault, expected) in cases {
        let (folder, path) = temp_path();
        fault(&path);
        let checked = SqliteJournal::check_file(&path).map_err(|error| error.to_string());
        let error = open(&path).map(|_| ()).expect_err(case);
        assert_eq!(
            error.to_string(),
            expected.replace("{}", &path.display().to_string()),
            "{case}"
        );
        assert_eq!(error.source().is_some(), expected != NEWER, "{case}");
        // Without a lock and without the rest of the file.
        let is_hidden = [IN_USE, DAMAGED].contains(&expected);
        assert_eq!(checked, if is_hidden { Ok(()) } else { Err(error.to_string()) }, "{case}");
        drop(folder);
    }
}

const IN_USE: &str =
    "the journal {} is in use by another program: stop that program or name another file";
const NOT_A_JOURNAL: &str = "{} is not a journal: name another file";
const NEWER: &str = "the journal {} has format 2, and this program knows formats up to 1: use a \
                     newer program or name another file";
const DAMAGED: &str =
    "the journal {} is damaged: restore a copy of it, or move it away to start a new one";
const READ_ONLY: &str = "the journal {} is not writable: give this user write permission for the \
                         file and its folder, or name another file";
const NO_FOLDER: &str =
    "the folder of the journal {} does not exist: create it or name another file";

/// Creates a journal of some hundred pages and closes it.
fn make(path: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let journal = open(path).unwrap();
        journal.append(numbered(0..4000)).await.unwrap();
        journal.append(zeros(200_000)).await.unwrap();
        journal.close().await;
    });
}

fn run(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

fn change(path: &Path, sql: &str) {
    make(path);
    run(path, sql);
}

fn edit(path: &Path, change: impl FnOnce(File)) {
    make(path);
    change(OpenOptions::new().write(true).open(path).unwrap());
}

/// Overwrites a page of the large payload, which opening does not read.
fn overwrite(path: &Path) {
    edit(path, |mut file| {
        file.seek(SeekFrom::End(-20 * 4096)).unwrap();
        file.write_all(&[0xff; 4096]).unwrap();
    });
}

fn noise(path: &Path) {
    let noise = (0..20_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8);
    fs::write(path, b"SQLite format 3\0".iter().copied().chain(noise).collect::<Vec<_>>()).unwrap();
}

/// Leaks the connection, so that it holds its lock until the process ends.
fn hold(path: &Path, sql: &str) {
    let outside = Connection::open(path).unwrap();
    outside.execute_batch(sql).unwrap();
    std::mem::forget(outside);
}

fn lock_from_outside(path: &Path) {
    make(path);
    hold(path, "BEGIN IMMEDIATE");
}

fn lock_exclusively(path: &Path) {
    make(path);
    hold(path, "PRAGMA locking_mode = EXCLUSIVE; CREATE TABLE held (a); DROP TABLE held");
}

/// Beside a program that has the journal open.
#[tokio::test]
async fn check_of_a_file_changes_nothing() {
    let (folder, path) = temp_path();
    let names = || {
        let mut names: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    SqliteJournal::check_file(&path).unwrap();
    assert!(names().is_empty());
    let journal = open(&path).unwrap();
    journal.append(numbered(0..9)).await.unwrap();
    let (before, bytes) = (names(), fs::read(&path).unwrap());
    SqliteJournal::check_file(&path).unwrap();
    assert_eq!((names(), fs::read(&path).unwrap()), (before, bytes));
    journal.append(numbered(9..10)).await.unwrap();
    journal.close().await;
    let before = names();
    SqliteJournal::check_file(&path).unwrap();
    assert_eq!(names(), before);
    assert!(open(&path).is_ok(), "the check left no lock");
    for log in ["", "a log"] {
        let (_folder, path) = temp_path();
        fs::write(&path, "").unwrap();
        fs::write(path.with_extension("db-wal"), log).unwrap();
        assert_eq!(SqliteJournal::check_file(&path).is_ok(), log.is_empty());
    }
}

#[test]
fn links_share_one_lock() {
    let (folder, path) = temp_path();
    let journal = open(&path).unwrap();
    let link = folder.path().join("link.db");
    symlink(&path, &link).unwrap();
    for name in [&path, &link] {
        let error = open(name).map(|_| ()).unwrap_err();
        assert!(matches!(&error, OpenError::InUse { path, .. } if path == name), "{error:?}");
    }
    drop(journal);
    open(&link).unwrap();
}

#[tokio::test]
async fn closed_journal_reopens_at_once() {
    let (_folder, path) = temp_path();
    let journal = open(&path).unwrap();
    journal.append(one("x")).await.unwrap();
    journal.close().await;
    assert_eq!(open(&path).unwrap().tail(), Seq(1));
    let beside: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
    assert_eq!(beside.len(), 2, "the file and its lock, and no log: {beside:?}");
}

/// A child process that another thread starts shares all open files until it calls `exec`.
#[test]
fn dropped_journal_reopens_despite_child_processes() {
    let (_folder, path) = temp_path();
    let over = AtomicBool::new(false);
    let start = || {
        while !over.load(Ordering::Relaxed) {
            assert!(Command::new("true").status().unwrap().success());
        }
    };
    let opened = std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(start);
        }
        let opened = (0..300).try_for_each(|_| open(&path).map(drop));
        over.store(true, Ordering::Relaxed);
        opened
    });
    opened.unwrap();
}

#[test]
fn missing_folder_is_reported() {
    let (folder, path) = temp_path();
    fs::write(&path, "").unwrap();
    for missing in [folder.path().join("not/there.db"), path.join("under-a-file.db")] {
        let error = open(&missing).map(|_| ()).unwrap_err();
        assert!(matches!(error, OpenError::NoFolder { .. }), "{error:?}");
    }
    let error = open(Path::new("")).map(|_| ()).unwrap_err();
    assert!(matches!(error, OpenError::NotAJournal { .. }), "{error:?}");
}

/// Root may write regardless of file modes, but not to `/sys`.
#[cfg(target_os = "linux")]
#[test]
fn unwritable_folder_is_reported() {
    let error = open(Path::new("/sys/board.db")).map(|_| ()).unwrap_err();
    assert!(matches!(error, OpenError::ReadOnly { .. }), "{error:?}");
}

/// A check of the whole file would take too long, so a read of the damaged page reports the damage.
#[tokio::test]
async fn large_file_opens_without_full_check() {
    let (_folder, path) = temp_path();
    let journal = open(&path).unwrap();
    for _ in 0..5 {
        journal.append(vec![zeros(1024 * 1024).remove(0); 16]).await.unwrap();
    }
    journal.close().await;
    let mut file = OpenOptions::new().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(40 * 1024 * 1024)).unwrap();
    file.write_all(&[0xff; 4096]).unwrap();
    let journal = open(&path).unwrap();
    assert_eq!(journal.tail(), Seq(80));
    let error = all_after(&journal, Seq::ZERO).await.unwrap_err();
    assert!(matches!(error, FollowError::Storage(StorageError::Unavailable { .. })), "{error:?}");
}

/// A process that died before its first commit leaves such a file.
#[test]
fn empty_file_becomes_a_journal() {
    for beginning in ["", "PRAGMA journal_mode = wal"] {
        let (_folder, path) = temp_path();
        File::create(&path).unwrap();
        run(&path, beginning);
        assert_eq!(open(&path).unwrap().tail(), Seq::ZERO);
        assert_eq!(open(&path).unwrap().tail(), Seq::ZERO);
    }
}
