//! `flightboard copy`, between files and NATS.

use std::fs;
use std::path::Path;
use std::process::Command;

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::nats::{NatsServer, find_leader, wait_until_replicated};

use crate::follower::TestFollower;
use crate::process::{
    ProcessOutput, ServerProcess, TestProcess, flightboard_command, run, start_server,
};
use crate::wait::{WAIT_TIMEOUT, wait_until};

fn copy(from: &str, to: &str) -> Command {
    flightboard_command(["copy", "--from", from, "--to", to])
}

/// Copies completely.
fn copy_all(from: &str, to: &str) -> ProcessOutput {
    let output = run(&mut copy(from, to), "");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stdout.starts_with(&format!("{from} and {to} have the same ")), "{output:?}");
    output
}

/// Runs a copy that must fail with these words.
fn check_error(from: &str, to: &str, words: &str) {
    let output = run(&mut copy(from, to), "");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stderr.contains(words), "{words}: {}", output.stderr);
}

fn start_on_nats(nats: &NatsServer) -> ServerProcess {
    ServerProcess::start(&mut flightboard_command([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--nats",
        &nats.url(),
    ]))
}

fn start_on_file(file: &Path) -> ServerProcess {
    let file = file.to_str().unwrap();
    ServerProcess::start(&mut flightboard_command([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--journal",
        file,
    ]))
}

fn path_text(file: &Path) -> &str {
    file.to_str().unwrap()
}

fn flights(server: &ServerProcess) -> Value {
    server.api().get("/boards/main/flights")
}

/// Stops the server by SIGTERM.
fn stop(server: ServerProcess) {
    server.process.terminate();
    assert!(server.process.wait_for_exit(WAIT_TIMEOUT).status.success());
}

/// Writes a journal of this number of updates and returns its path and the resulting flights.
fn create_journal(folder: &Path, updates: usize) -> (String, Value) {
    let server = start_server(folder, &[]);
    let line = |number| {
        let leg = (number % 2 == 0).then_some("23:55");
        let data = json!({"flight": format!("A{}", number % 50), "leg": leg, "remark": format!("{number}")});
        json!({"event": "flightAddition", "data": data, "idempotencyKey": format!("k{number}")})
    };
    for first in (0..updates).step_by(1000) {
        let lines = (first..updates.min(first + 1000)).map(|number| line(number).to_string());
        server.api().publish_lines("main", &lines.collect::<Vec<_>>().join("\n"));
    }
    let flights = flights(&server);
    stop(server);
    (path_text(&folder.join("journal.db")).to_owned(), flights)
}

#[test]
fn followers_resume_on_the_copy() {
    let folder = TempDir::new().unwrap();
    let nats = NatsServer::start();
    let server = start_server(folder.path(), &[]);
    server.api().put_flight("I768", &json!({"origin": "Rome"}));
    let remarks: Vec<_> = (0..20).map(|number| number.to_string()).collect();
    let ids = server.api().patch_remarks("I768", &remarks);
    let expected = flights(&server);
    let original = path_text(&folder.path().join("journal.db")).to_owned();
    check_error(&original, &nats.url(), "in use");
    stop(server);
    let before = fs::read(&original).unwrap();

    let check = |server: &ServerProcess| {
        assert_eq!(flights(server), expected, "rows and id");
        let events = TestFollower::resume(server.address, &ids[4]).next_events(15);
        assert!(events.iter().map(|event| &event.id).eq(&ids[5..]));
    };
    copy_all(&original, &nats.url());
    assert_eq!(fs::read(&original).unwrap(), before);
    let back = folder.path().join("back.db");
    copy_all(&nats.url(), path_text(&back));
    for server in [start_on_nats(&nats), start_on_file(&back)] {
        check(&server);
        let id = server.api().patch_flight("I768", &json!({"state": "landed"}));
        assert_ne!(
            id.split('-').next(),
            ids[0].split('-').next(),
            "each copy begins its own epoch"
        );
    }
    check_error(&original, &nats.url(), "different journal: it ends with record");
    check_error(&original, path_text(&back), "different journal: it ends with record");
}

#[test]
fn repeated_copy_compares() {
    let folder = TempDir::new().unwrap();
    let nats = NatsServer::start();
    let (original, _) = create_journal(folder.path(), 10);
    let first = copy_all(&original, &nats.url());
    assert_eq!(copy_all(&original, &nats.url()).stdout, first.stdout);
    assert!(first.stdout.contains("11 records up to number 11"), "{}", first.stdout);
}

/// Each kill costs a start of the program.
const MAX_KILLS: u32 = 6;

/// Restarts the copy and kills it after each progress, at most [`MAX_KILLS`] times, then lets it complete. Returns the
/// number of kills.
fn copy_with_kills(from: &str, to: &str, progress: impl Fn() -> u64) -> u32 {
    for kills in 0..MAX_KILLS {
        let before = progress();
        let mut process = TestProcess::start(&mut copy(from, to));
        let progressed = wait_until("the copy progresses", WAIT_TIMEOUT, || {
            let exited = process.has_exited();
            (exited || progress() > before).then_some(!exited)
        });
        if !progressed {
            return kills;
        }
        process.kill();
    }
    MAX_KILLS
}

#[test]
fn killed_copy_to_file_completes() {
    let folder = TempDir::new().unwrap();
    let nats = NatsServer::start();
    let (original, expected) = create_journal(folder.path(), 20_000);
    copy_all(&original, &nats.url());
    let target = folder.path().join("target.db");
    let progress = || {
        let db = Connection::open_with_flags(&target, OpenFlags::SQLITE_OPEN_READ_ONLY).ok();
        let count = "SELECT count(*) FROM record";
        let count = db.and_then(|db| db.query_row(count, [], |row| row.get::<_, i64>(0)).ok());
        count.unwrap_or(0).cast_unsigned()
    };
    let kills = copy_with_kills(&nats.url(), path_text(&target), progress);
    assert!(kills > 0, "the copy was killed at least once");
    copy_all(&nats.url(), path_text(&target));
    assert_eq!(progress(), 20_001);
    assert_eq!(flights(&start_on_file(&target)), expected);
}

#[test]
fn killed_copy_to_nats_completes() {
    let folder = TempDir::new().unwrap();
    let nats = NatsServer::start();
    let (original, expected) = create_journal(folder.path(), 20_000);
    let progress = || message_bytes(&nats.store());
    let kills = copy_with_kills(&original, &nats.url(), progress);
    assert!(kills > 0, "the copy was killed at least once");
    let output = copy_all(&original, &nats.url());
    assert!(output.stdout.contains("20001 records up to number 20001"), "{}", output.stdout);
    assert_eq!(flights(&start_on_nats(&nats)), expected);
}

#[test]
fn copy_continues_after_nats_outage() {
    let folder = TempDir::new().unwrap();
    let mut nats = NatsServer::start();
    let (original, expected) = create_journal(folder.path(), 20_000);
    let process = TestProcess::start(&mut copy(&original, &nats.url()));
    wait_until("the copy has begun", WAIT_TIMEOUT, || {
        (message_bytes(&nats.store()) > 0).then_some(())
    });
    nats.kill();
    // The copy gives up about 20 seconds after the outage.
    let output = process.wait_for_exit(2 * WAIT_TIMEOUT);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    nats.restart();
    copy_all(&original, &nats.url());
    assert_eq!(flights(&start_on_nats(&nats)), expected);
}

/// The leader is killed between the two copies.
#[test]
fn cluster_copy_survives_a_lost_server() {
    let folder = TempDir::new().unwrap();
    let mut cluster = NatsServer::cluster::<3>();
    let (original, expected) = create_journal(folder.path(), 3_000);
    let urls = cluster.each_ref().map(NatsServer::url).join(",");
    let with_replicas = |from: &str, to: &str| {
        let mut command = copy(from, to);
        let output = run(command.args(["--nats-replicas", "3"]), "");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        // The number of records and the digests.
        output.stdout.split_once(" have the same ").unwrap().1.to_owned()
    };
    let summary = with_replicas(&original, &urls);
    assert!(summary.contains("3001 records up to number 3001"), "{summary}");
    wait_until_replicated(&cluster);
    let leader = find_leader(&cluster);
    cluster[leader].kill();
    let back = folder.path().join("back.db");
    assert_eq!(with_replicas(&urls, path_text(&back)), summary, "the same records");
    assert_eq!(flights(&start_on_file(&back)), expected, "rows and id");
}

/// The size of the message files of a NATS server.
fn message_bytes(store: &Path) -> u64 {
    let blocks = store.join("jetstream/$G/streams/flightboard/msgs");
    let files = fs::read_dir(blocks).into_iter().flatten().flatten();
    let blocks = files.filter(|file| file.path().extension().is_some_and(|end| end == "blk"));
    blocks.filter_map(|block| Some(block.metadata().ok()?.len())).sum()
}

#[test]
fn server_rejects_an_unfinished_copy() {
    let folder = TempDir::new().unwrap();
    let nats = NatsServer::start();
    let (original, _) = create_journal(folder.path(), 20_000);
    let mut process = TestProcess::start(&mut copy(&original, &nats.url()));
    wait_until("the copy has begun", WAIT_TIMEOUT, || {
        (message_bytes(&nats.store()) > 0).then_some(())
    });
    process.kill();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--nats", &nats.url()];
    let output = run(&mut flightboard_command(serve), "");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stderr.contains("is an unfinished copy"), "{output:?}");
    let other = TempDir::new().unwrap();
    let (other_journal, _) = create_journal(other.path(), 10);
    check_error(&other_journal, &nats.url(), "is an unfinished copy of another journal");
}

#[test]
fn missing_journals_are_not_created() {
    let folder = TempDir::new().unwrap();
    let nats = NatsServer::start();
    let file = folder.path().join("none.db");
    let target = folder.path().join("target.db");
    check_error(path_text(&file), &nats.url(), "there is no journal");
    check_error(&nats.url(), path_text(&target), "there is no journal");
    check_error(path_text(&file), path_text(&file), "--from and --to are both");
    assert!(!file.exists() && !target.exists());
    assert!(!nats.store().join("jetstream/$G/streams/flightboard").exists());
}
