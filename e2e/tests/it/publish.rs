//! `flightboard publish`, also when something dies in the middle.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{ChildStdin, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::api::ApiClient;
use crate::follower::TestFollower;
use crate::process::{TestProcess, flightboard_command, run, start_server, start_server_at};
use crate::view::View;
use crate::wait::{WAIT_TIMEOUT, wait_until};

/// Flights of the long input; each line after their additions changes one of them.
const FLIGHTS: usize = 50;

/// As long as a publish of the whole long input may take.
const LONG: Duration = Duration::from_secs(120);

#[test]
fn what_is_refused_is_counted_with_its_reason() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let input = [
        r#"{"event":"flightAddition","data":{"flight":"I768","origin":"Rome"}}"#,
        "",
        r#"{"event":"flightStateUpdate","data":{"flight":"G119","state":"landed"}}"#,
        "no JSON",
        r#"{"event":"flightStateUpdate","data":{"flight":"I768","colour":"red"}}"#,
        r#"{"event":"flightStateUpdate","data":{"flight":"I768","colour":"blue"}}"#,
        r#"{"event":"flightStateUpdate","data":{"flight":"I768","state":"landing"}}"#,
        r#"{"event":"timetable","data":{}}"#,
    ];
    let ended = run(&mut publish(&server.api(), &[]), &input.join("\n"));
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let mut lines = ended.stdout.lines();
    let tally = lines.next().unwrap();
    assert!(tally.starts_with("2 published, 5 refused in "), "{tally}");
    let reasons: Vec<_> = lines.collect();
    let check = |count: &str, word: &str, first: &str| {
        let found = reasons.iter().any(|reason| {
            reason.trim_start().starts_with(count)
                && reason.contains(word)
                && reason.contains(first)
        });
        assert!(found, "{count} {word} {first}: {reasons:?}");
    };
    check("1 ×", "not on the board", "first in line 3, G119)");
    check("1 ×", "JSON", "first in line 4)");
    check("2 ×", "colour", "first in line 5, I768)");
    check("1 ×", "event", "first in line 8)");
    assert_eq!(
        server.api().rows("main"),
        [json!({"flight": "I768", "origin": "Rome", "state": "landing"})]
    );

    let ended = run(&mut publish(&server.api(), &[]), input[0]);
    assert!(ended.status.success(), "{ended:?}");
    assert!(ended.stdout.starts_with("1 published, 0 refused in "), "{}", ended.stdout);
}

#[test]
fn a_server_that_dies_in_the_middle_loses_and_repeats_nothing() {
    let folder = TempDir::new().unwrap();
    let mut server = start_server(folder.path(), &[]);
    let before = TestFollower::open(server.address).next_event();
    let lines = long_input(20_000);
    let mut publisher = TestProcess::start(&mut publish(&server.api(), &["--retry", "60s"]));
    let mut stdin = publisher.take_stdin();
    for part in lines.chunks(4_000) {
        // What has been taken from here by now is more than what has been sent: it dies in the
        // middle each time.
        feed(&mut stdin, part);
        let address = server.kill();
        server = start_server_at(&address, folder.path(), &[]);
    }
    drop(stdin);
    let ended = publisher.wait_for_exit(LONG);
    assert!(ended.status.success(), "{ended:?}");
    assert!(ended.stdout.starts_with("20000 published, 0 refused in "), "{}", ended.stdout);
    check_all_once(&server.api(), TestFollower::resume(server.address, &before.id), &lines);
}

#[test]
fn an_answer_that_is_lost_repeats_nothing() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let before = TestFollower::open(server.address).next_event();
    let lines = long_input(3_000);
    let lossy = lose_first_answers(server.address, 3);
    let to = ApiClient::new(lossy);
    let input = String::from_utf8(bytes(&lines)).unwrap();
    let ended = run(&mut publish(&to, &[]), &input);
    assert!(ended.status.success(), "{ended:?}");
    assert!(ended.stdout.starts_with("3000 published, 0 refused in "), "{}", ended.stdout);
    assert!(server.api().update_count("repeated") > 0, "what was done was not asked for again");
    check_all_once(&server.api(), TestFollower::resume(server.address, &before.id), &lines);
}

#[test]
fn a_publish_that_failed_is_repeated_under_its_key() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let before = TestFollower::open(server.address).next_event();
    let lines = long_input(6_000);
    let named = ["--idempotency-key", "monday", "--retry", "1s"];

    // The publisher dies.
    let mut publisher = TestProcess::start(&mut publish(&server.api(), &named));
    let mut stdin = publisher.take_stdin();
    feed(&mut stdin, &lines[..2_500]);
    until_applied(&server.api(), 1_000);
    publisher.kill();

    // The server dies and does not come back in time.
    let mut publisher = TestProcess::start(&mut publish(&server.api(), &named));
    let mut stdin = publisher.take_stdin();
    feed(&mut stdin, &lines[..4_000]);
    until_applied(&server.api(), 3_000);
    let address = server.kill();
    // It may have failed before it has read everything.
    let _ = stdin.write_all(&bytes(&lines[4_000..]));
    drop(stdin);
    let ended = publisher.wait_for_exit(LONG);
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(ended.stderr.contains(&address), "{}", ended.stderr);
    assert!(ended.stdout.contains(" published, 0 refused in "), "{}", ended.stdout);

    let server = start_server_at(&address, folder.path(), &[]);
    let input = String::from_utf8(bytes(&lines)).unwrap();
    let ended = run(&mut publish(&server.api(), &named), &input);
    assert!(ended.status.success(), "{ended:?}");
    assert!(ended.stdout.starts_with("6000 published, 0 refused in "), "{}", ended.stdout);
    check_all_once(&server.api(), TestFollower::resume(server.address, &before.id), &lines);
}

fn publish(api: &ApiClient, more: &[&str]) -> Command {
    let mut command = flightboard_command(["publish", "--board", "main", "--to", api.url()]);
    command.args(more);
    command
}

/// Additions of all flights, then changes: a line lost, repeated or out of its turn shows.
fn long_input(lines: usize) -> Vec<Value> {
    let line = |number: usize| {
        let flight = format!("F{:03}", number % FLIGHTS);
        let remark = number.to_string();
        let event = if number < FLIGHTS { "flightAddition" } else { "flightStateUpdate" };
        json!({"event": event, "data": {"flight": flight, "remark": remark}})
    };
    (0..lines).map(line).collect()
}

fn bytes(lines: &[Value]) -> Vec<u8> {
    lines.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect()
}

fn feed(stdin: &mut ChildStdin, lines: &[Value]) {
    stdin.write_all(&bytes(lines)).unwrap();
}

fn until_applied(api: &ApiClient, updates: u64) {
    wait_until("updates are applied", WAIT_TIMEOUT, || {
        (api.update_count("changed") > updates).then_some(())
    });
}

/// A way to the server that loses the answers to the first `count` requests that publish: they are
/// carried out, and their publisher does not learn of it.
fn lose_first_answers(server: SocketAddr, count: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let left = Arc::new(AtomicUsize::new(count));
    thread::spawn(move || {
        for publisher in listener.incoming() {
            let left = Arc::clone(&left);
            thread::spawn(move || pass_on(publisher.unwrap(), server, &left));
        }
    });
    address
}

/// Passes bytes on both ways, until an answer is to be lost.
fn pass_on(mut publisher: TcpStream, server: SocketAddr, left: &AtomicUsize) {
    let mut server = TcpStream::connect(server).unwrap();
    let (mut to, mut from) = (server.try_clone().unwrap(), publisher.try_clone().unwrap());
    thread::spawn(move || std::io::copy(&mut from, &mut to));
    let mut bytes = [0; 64 * 1024];
    while let Ok(count @ 1..) = server.read(&mut bytes) {
        let publishes = bytes[..count].windows(NDJSON.len()).any(|window| window == NDJSON);
        let lose = |left: usize| left.checked_sub(1);
        if publishes && left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, lose).is_ok() {
            let _ = publisher.shutdown(Shutdown::Both);
            return;
        }
        if publisher.write_all(&bytes[..count]).is_err() {
            return;
        }
    }
}

/// The type of the answers to many updates.
const NDJSON: &[u8] = b"application/x-ndjson";

/// Each line made one event, in the order of the lines, and the rows are those that they make.
fn check_all_once(api: &ApiClient, mut follower: TestFollower, lines: &[Value]) {
    let mut screen = View::default();
    for line in lines {
        let event = follower.next_event();
        assert_eq!((&json!(event.name), &event.data), (&line["event"], &line["data"]));
        screen.apply(&event);
    }
    // Behind all of them: had there been one too many, it would come first.
    let last = api.patch_flight("F000", &json!({"state": "landed"}));
    let event = follower.next_event();
    assert_eq!(event.id, last);
    screen.apply(&event);
    screen.assert_rows(&api.rows("main"));
}
