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

fn copied(from: &str, to: &str) -> ProcessOutput {
    let ended = run(&mut copy(from, to), "");
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(ended.stdout.starts_with(&format!("{from} and {to} have the same ")), "{ended:?}");
    ended
}

fn refused(from: &str, to: &str, words: &str) {
    let ended = run(&mut copy(from, to), "");
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
}

fn serve_nats(nats: &NatsServer) -> ServerProcess {
    ServerProcess::start(&mut flightboard_command([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--nats",
        &nats.url(),
    ]))
}

fn serve_file(file: &Path) -> ServerProcess {
    let file = file.to_str().unwrap();
    ServerProcess::start(&mut flightboard_command([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--journal",
        file,
    ]))
}

fn text(file: &Path) -> &str {
    file.to_str().unwrap()
}

fn flights(server: &ServerProcess) -> Value {
    server.api().get("/boards/main/flights")
}

/// Ends the server as an operator does.
fn stop(server: ServerProcess) {
    server.process.terminate();
    assert!(server.process.wait_for_exit(WAIT_TIMEOUT).status.success());
}

/// A journal of so many updates in a folder, and the flights that they come to.
fn journal(folder: &Path, updates: usize) -> (String, Value) {
    let server = start_server(folder, &[]);
    let line = |number| {
        let data = json!({"flight": format!("A{}", number % 50), "remark": format!("{number}")});
        json!({"event": "flightAddition", "data": data, "idempotencyKey": format!("k{number}")})
    };
    for first in (0..updates).step_by(1000) {
        let lines = (first..updates.min(first + 1000)).map(|number| line(number).to_string());
        server.api().publish_lines("main", &lines.collect::<Vec<_>>().join("\n"));
    }
    let flights = flights(&server);
    stop(server);
    (text(&folder.join("journal.db")).to_owned(), flights)
}

#[test]
fn screens_go_on_where_they_were_on_the_copy() {
    let (folder, nats) = (TempDir::new().unwrap(), NatsServer::start());
    let server = start_server(folder.path(), &[]);
    server.api().put_flight("I768", &json!({"origin": "Rome"}));
    let remarks: Vec<_> = (0..20).map(|number| number.to_string()).collect();
    let ids = server.api().patch_remarks("I768", &remarks);
    let shown = flights(&server);
    let original = text(&folder.path().join("journal.db")).to_owned();
    refused(&original, &nats.url(), "in use");
    stop(server);
    let before = fs::read(&original).unwrap();

    let check = |server: &ServerProcess| {
        assert_eq!(flights(server), shown, "rows and id");
        let events = TestFollower::resume(server.address, &ids[4]).next_events(15);
        assert!(events.iter().map(|event| &event.id).eq(&ids[5..]));
    };
    copied(&original, &nats.url());
    assert_eq!(fs::read(&original).unwrap(), before);
    let back = folder.path().join("back.db");
    copied(&nats.url(), text(&back));
    for server in [serve_nats(&nats), serve_file(&back)] {
        check(&server);
        let id = server.api().patch_flight("I768", &json!({"state": "landed"}));
        assert_ne!(id.split('-').next(), ids[0].split('-').next(), "each has an epoch of its own");
    }
    refused(&original, &nats.url(), "there is another journal: it ends with record");
    refused(&original, text(&back), "there is another journal: it ends with record");
}

#[test]
fn what_was_copied_is_compared_when_it_is_copied_again() {
    let (folder, nats) = (TempDir::new().unwrap(), NatsServer::start());
    let (original, _) = journal(folder.path(), 10);
    let first = copied(&original, &nats.url());
    assert_eq!(copied(&original, &nats.url()).stdout, first.stdout);
    assert!(first.stdout.contains("11 records up to number 11"), "{}", first.stdout);
}

/// Kills the copy each time that it has come further, until it has come to its end.
fn copy_with_kills(from: &str, to: &str, seen: impl Fn() -> u64) -> u32 {
    let mut kills = 0;
    loop {
        let before = seen();
        let mut program = TestProcess::start(&mut copy(from, to));
        let further = wait_until("it comes further", WAIT_TIMEOUT, || {
            let ended = program.has_exited();
            (ended || seen() > before).then_some(!ended)
        });
        if !further {
            return kills;
        }
        program.kill();
        kills += 1;
    }
}

#[test]
fn a_copy_to_a_file_that_is_killed_again_and_again_has_everything_once() {
    let (folder, nats) = (TempDir::new().unwrap(), NatsServer::start());
    let (original, shown) = journal(folder.path(), 20_000);
    copied(&original, &nats.url());
    let target = folder.path().join("target.db");
    let seen = || {
        let db = Connection::open_with_flags(&target, OpenFlags::SQLITE_OPEN_READ_ONLY).ok();
        let count = "SELECT count(*) FROM record";
        let count = db.and_then(|db| db.query_row(count, [], |row| row.get::<_, i64>(0)).ok());
        count.unwrap_or(0).cast_unsigned()
    };
    let kills = copy_with_kills(&nats.url(), text(&target), seen);
    assert!(kills > 0, "it was killed on its way");
    copied(&nats.url(), text(&target));
    assert_eq!(seen(), 20_001);
    assert_eq!(flights(&serve_file(&target)), shown);
}

#[test]
fn a_copy_to_nats_that_is_killed_again_and_again_has_everything_once() {
    let (folder, nats) = (TempDir::new().unwrap(), NatsServer::start());
    let (original, shown) = journal(folder.path(), 20_000);
    let seen = || messages(&nats.store());
    let kills = copy_with_kills(&original, &nats.url(), seen);
    assert!(kills > 0, "it was killed on its way");
    let ended = copied(&original, &nats.url());
    assert!(ended.stdout.contains("20001 records up to number 20001"), "{}", ended.stdout);
    assert_eq!(flights(&serve_nats(&nats)), shown);
}

#[test]
fn a_copy_that_loses_nats_says_so_and_goes_on_when_it_is_back() {
    let (folder, mut nats) = (TempDir::new().unwrap(), NatsServer::start());
    let (original, shown) = journal(folder.path(), 20_000);
    let program = TestProcess::start(&mut copy(&original, &nats.url()));
    wait_until("it has begun", WAIT_TIMEOUT, || (messages(&nats.store()) > 0).then_some(()));
    nats.kill();
    let ended = program.wait_for_exit(WAIT_TIMEOUT);
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    nats.restart();
    copied(&original, &nats.url());
    assert_eq!(flights(&serve_nats(&nats)), shown);
}

/// One of the servers is lost between the copies, and any of them may have led.
#[test]
fn a_copy_in_a_cluster_is_on_each_of_its_servers_and_comes_back() {
    let folder = TempDir::new().unwrap();
    let mut cluster = NatsServer::cluster::<3>();
    let (original, shown) = journal(folder.path(), 3_000);
    let urls = cluster.each_ref().map(NatsServer::url).join(",");
    let with_replicas = |from: &str, to: &str| {
        let mut command = copy(from, to);
        let ended = run(command.args(["--nats-replicas", "3"]), "");
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        // What both have, and its digests.
        ended.stdout.split_once(" have the same ").unwrap().1.to_owned()
    };
    let there = with_replicas(&original, &urls);
    assert!(there.contains("3001 records up to number 3001"), "{there}");
    wait_until_replicated(&cluster);
    let leader = find_leader(&cluster);
    cluster[leader].kill();
    let back = folder.path().join("back.db");
    assert_eq!(with_replicas(&urls, text(&back)), there, "the same records");
    assert_eq!(flights(&serve_file(&back)), shown, "rows and id");
}

/// How many bytes of messages a server has written.
fn messages(store: &Path) -> u64 {
    let blocks = store.join("jetstream/$G/streams/flightboard/msgs");
    let files = fs::read_dir(blocks).into_iter().flatten().flatten();
    let blocks = files.filter(|file| file.path().extension().is_some_and(|end| end == "blk"));
    blocks.filter_map(|block| Some(block.metadata().ok()?.len())).sum()
}

#[test]
fn no_server_starts_on_half_a_copy() {
    let (folder, nats) = (TempDir::new().unwrap(), NatsServer::start());
    let (original, _) = journal(folder.path(), 20_000);
    let mut program = TestProcess::start(&mut copy(&original, &nats.url()));
    wait_until("it has begun", WAIT_TIMEOUT, || (messages(&nats.store()) > 0).then_some(()));
    program.kill();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--nats", &nats.url()];
    let ended = run(&mut flightboard_command(serve), "");
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(ended.stderr.contains("is a copy that was not finished"), "{ended:?}");
    let other = TempDir::new().unwrap();
    let (of_another, _) = journal(other.path(), 10);
    refused(&of_another, &nats.url(), "is an unfinished copy of another journal");
}

#[test]
fn what_is_not_there_is_told_and_not_made() {
    let (folder, nats) = (TempDir::new().unwrap(), NatsServer::start());
    let (file, target) = (folder.path().join("none.db"), folder.path().join("target.db"));
    refused(text(&file), &nats.url(), "there is no journal");
    refused(&nats.url(), text(&target), "there is no journal");
    refused(text(&file), text(&file), "is where it is already");
    assert!(!file.exists() && !target.exists());
    assert!(!nats.store().join("jetstream/$G/streams/flightboard").exists());
}
