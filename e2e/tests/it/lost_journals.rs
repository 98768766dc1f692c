//! A journal whose file is moved, deleted or replaced under a running server. The server acknowledges no update that
//! the next start would not find.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::fault_library::FaultLibrary;

use crate::follower::TestFollower;
use crate::process::{ServerProcess, flightboard_command, run, start_server, start_server_at};
use crate::wait::{WAIT_TIMEOUT, wait_until};

/// A server with a row and a follower.
struct ServedJournal {
    folder: TempDir,
    journal: PathBuf,
    server: ServerProcess,
    follower: TestFollower,
}

impl ServedJournal {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let journal = folder.path().join("journal.db");
        let server = start_server(folder.path(), &[]);
        server.api().put_flight("I768", &json!({"origin": "Rome"}));
        let mut follower = TestFollower::open(server.address);
        assert_eq!(follower.next_event().name, "timetable");
        Self { folder, journal, server, follower }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Checks that updates are rejected at once, and that `/readyz` reports this file.
    fn check_rejection(&self, lost: &Path) {
        let api = self.server.api();
        let words = format!("{} was moved, deleted or replaced while in use", lost.display());
        let detail = api.put_rejected("NO1", &json!({}), 503);
        assert!(detail.contains("the journal was moved, deleted or replaced"), "{detail}");
        assert!(detail.contains("retry later") && !detail.contains(&words), "{detail}");
        let reason = api.unready_reason().expect("the server is not ready");
        assert!(reason.contains(&words), "{reason}");
        let mut fresh = TestFollower::open(self.server.address);
        assert_eq!(fresh.next_event().data["flights"], json!(self.rows()));
    }

    /// Waits until the server is ready, and checks that followers got all changes.
    fn check_recovery(&mut self) {
        wait_until("the server recovers by itself", WAIT_TIMEOUT, || {
            self.server.api().unready_reason().is_none().then_some(())
        });
        let id = self.server.api().put_flight("G119", &json!({"origin": "London"}));
        assert_eq!(self.follower.next_event().id, id, "the stream goes on");
        assert_eq!(self.rows().len(), 2);
    }

    fn rows(&self) -> Vec<Value> {
        self.server.api().rows("main")
    }

    /// Kills the server and checks that a restart has the same rows.
    fn check_restart_after_kill(self) {
        let rows = self.rows();
        let server = start_server_at(&self.server.kill(), self.folder.path(), &[]);
        assert_eq!(server.api().rows("main"), rows);
    }

    /// Ends the server and checks that a restart has the same rows.
    fn check_restart(self) {
        let rows = self.rows();
        self.server.process.terminate();
        assert!(self.server.process.wait_for_exit(WAIT_TIMEOUT).status.success());
        assert_eq!(start_server(self.folder.path(), &[]).api().rows("main"), rows);
    }
}

#[test]
fn moved_journal_is_reused_once_back() {
    let mut board = ServedJournal::start();
    let moved = board.at("moved.db");
    fs::rename(&board.journal, &moved).unwrap();
    board.check_rejection(&board.journal);
    fs::rename(&moved, &board.journal).unwrap();
    board.check_recovery();
    board.check_restart_after_kill();
}

/// Without any request that would notice it.
#[test]
fn idle_server_reports_lost_journal() {
    let board = ServedJournal::start();
    let moved = board.at("moved.db");
    fs::rename(&board.journal, &moved).unwrap();
    let start = Instant::now();
    wait_until("the server is not ready", WAIT_TIMEOUT, || board.server.api().unready_reason());
    // One second, and what a loaded machine adds; the next probe would come after 15.
    assert!(start.elapsed() < Duration::from_secs(12), "after {:?}", start.elapsed());
}

#[test]
fn deleted_journal_is_written_back() {
    let board = ServedJournal::start();
    fs::remove_file(&board.journal).unwrap();
    board.check_rejection(&board.journal);
    board.check_restart();
}

/// The moved file has all acknowledged updates without its log, and the new file is left alone.
#[test]
fn replaced_journal_keeps_both_contents() {
    let board = ServedJournal::start();
    let rows = board.rows();
    let other = TempDir::new().unwrap();
    let server = start_server(other.path(), &[]);
    server.api().put_flight("OTHER", &json!({}));
    server.process.terminate();
    assert!(server.process.wait_for_exit(WAIT_TIMEOUT).status.success());
    let moved = TempDir::new().unwrap();
    fs::rename(&board.journal, moved.path().join("journal.db")).unwrap();
    fs::copy(other.path().join("journal.db"), &board.journal).unwrap();
    board.check_rejection(&board.journal);
    board.server.process.terminate();
    assert!(board.server.process.wait_for_exit(WAIT_TIMEOUT).status.success());
    let server = start_server(board.folder.path(), &[]);
    assert_eq!(server.api().rows("main"), [json!({"flight": "OTHER"})]);
    assert_eq!(start_server(moved.path(), &[]).api().rows("main"), rows);
}

#[test]
fn lost_log_is_replaced_without_loss() {
    for suffix in ["-wal", "-shm"] {
        let mut board = ServedJournal::start();
        let log = board.at(&format!("journal.db{suffix}"));
        fs::remove_file(&log).unwrap();
        board.check_rejection(&log);
        board.check_recovery();
        board.check_restart_after_kill();
    }
}

#[test]
fn moved_folder_is_reused_once_back() {
    let mut board = ServedJournal::start();
    let folder = board.folder.path().to_owned();
    let moved = TempDir::new().unwrap();
    let away = moved.path().join("away");
    fs::rename(&folder, &away).unwrap();
    board.check_rejection(&board.journal);
    fs::rename(&away, &folder).unwrap();
    board.check_recovery();
    board.check_restart_after_kill();
}

/// The server has its files open, so their permissions matter at the next start only.
#[test]
fn changed_permissions_lose_nothing() {
    let mut board = ServedJournal::start();
    for path in [&board.journal, &board.at("journal.db-wal")] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o400)).unwrap();
    }
    board.check_recovery();
    for path in [&board.journal, &board.at("journal.db-wal")] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    board.check_restart_after_kill();
}

/// Runs a server on this journal, which must fail with one line with these words.
fn check_refusal(journal: &Path, words: &[&str]) {
    let mut serve = flightboard_command(["serve", "--listen", "127.0.0.1:0", "--journal"]);
    let output = run(serve.arg(journal), "");
    assert_eq!((output.status.code(), output.stderr.lines().count()), (Some(1), 1), "{output:?}");
    for word in words {
        assert!(output.stderr.contains(word), "{word}: {}", output.stderr);
    }
}

#[test]
fn log_without_journal_is_refused() {
    for empty in [true, false] {
        let board = ServedJournal::start();
        let ServedJournal { folder, journal, server, .. } = board;
        let rows = server.api().rows("main");
        server.kill();
        let kept = folder.path().join("kept");
        fs::rename(&journal, &kept).unwrap();
        if empty {
            fs::write(&journal, "").unwrap();
        }
        let path = journal.display().to_string();
        check_refusal(&journal, &[&path, "-wal has updates", "put the journal back"]);
        fs::rename(&kept, &journal).unwrap();
        assert_eq!(start_server(folder.path(), &[]).api().rows("main"), rows);
    }
}

#[test]
fn other_names_share_the_lock() {
    let board = ServedJournal::start();
    let link = board.at("link.db");
    fs::hard_link(&board.journal, &link).unwrap();
    check_refusal(&link, &[&link.display().to_string(), "in use by another program"]);
    board.server.api().put_flight("G119", &json!({}));
    board.server.kill();
    check_refusal(&link, &[&link.display().to_string(), "hard links"]);
}

#[test]
fn journal_ahead_of_clock_is_reported() {
    let faults = FaultLibrary::build().unwrap();
    let folder = TempDir::new().unwrap();
    let start = || {
        let mut command = flightboard_command(["serve", "--listen", "127.0.0.1:0", "--journal"]);
        command.arg(folder.path().join("journal.db"));
        ServerProcess::start(faults.preload(&mut command, folder.path()).unwrap())
    };
    faults.set_clock_offset(24 * 60 * 60).unwrap();
    let mut server = start();
    server.api().put_flight("I768", &json!({}));
    assert_eq!(server.api().get("/readyz"), json!({"status": "ready"}));
    server.process.kill();
    faults.set_clock_offset(0).unwrap();
    let server = start();
    let warning = wait_until("the warning", WAIT_TIMEOUT, || {
        server.api().get("/readyz")["warning"].as_str().map(str::to_owned)
    });
    assert!(warning.contains("ahead of this machine's clock"), "{warning}");
    server.process.wait_for_log("ahead of this machine's clock");
    let metrics = server.api().get_text("/metrics");
    let name = "flightboard_journal_ahead_seconds ";
    let ahead = metrics.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    assert!(ahead.parse::<u64>().unwrap() > 23 * 60 * 60, "{ahead}");
    faults.set_clock_offset(25 * 60 * 60).unwrap();
    wait_until("the warning ends", WAIT_TIMEOUT, || {
        server.api().get("/readyz")["warning"].is_null().then_some(())
    });
}
