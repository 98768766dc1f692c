//! `flightboard publish`, and failures in the middle of it.

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

/// Maximum time to publish the whole long input.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(120);

#[test]
fn rejected_lines_are_counted_by_reason() {
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
    let output = run(&mut publish(&server.api(), &[]), input.join("\n"));
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let mut lines = output.stdout.lines();
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
    check("1 ×", "no such flight on this board", "first in line 3, G119)");
    check("1 ×", "JSON", "first in line 4)");
    check("2 ×", "colour", "first in line 5, I768)");
    check("1 ×", "event", "first in line 8)");
    assert_eq!(
        server.api().rows("main"),
        [json!({"flight": "I768", "origin": "Rome", "state": "landing"})]
    );

    let output = run(&mut publish(&server.api(), &[]), input[0]);
    assert!(output.status.success(), "{output:?}");
    assert!(output.stdout.starts_with("1 published, 0 refused in "), "{}", output.stdout);
}

#[test]
fn feed_lines_and_legs_are_published() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let source = json!({"name": "Oslo", "attribution": "Data from Oslo", "status": "current"});
    let input = [
        json!({"event": "flightAddition", "data": {"flight": "ET645", "leg": "00:25", "gate": "B7", "held": ["gate"]}}),
        json!({"event": "flightAddition", "data": {"flight": "ET645", "leg": "23:55"}, "feed": true}),
        json!({"event": "flightStateUpdate", "data": {"flight": "ET645", "gate": "1"}, "feed": true}),
        json!({"event": "flightStateUpdate", "data": {"flight": "ET645", "leg": "00:25", "gate": "1", "state": "landed"}, "feed": true}),
        json!({"event": "sourceUpdate", "data": source}),
    ];
    let output =
        run(&mut publish(&server.api(), &[]), input.map(|line| line.to_string()).join("\n"));
    assert!(output.stdout.starts_with("4 published, 1 refused in "), "{output:?}");
    assert!(output.stdout.contains("one of 00:25, 23:55"), "{output:?}");
    let rows = [
        json!({"flight": "ET645", "leg": "00:25", "state": "landed", "gate": "B7", "held": ["gate"]}),
        json!({"flight": "ET645", "leg": "23:55"}),
    ];
    assert_eq!(server.api().rows("main"), rows);
    assert_eq!(server.api().get("/boards/main")["source"], source);
}

#[test]
fn undecodable_lines_do_not_stop_others() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let line = |flight: &str, remark: &str| {
        json!({"event": "flightAddition", "data": {"flight": flight, "remark": remark}}).to_string()
    };
    let latin1 =
        b"{\"event\":\"flightAddition\",\"data\":{\"flight\":\"X1\",\"remark\":\"\xfc\"}}\n";
    let too_long = format!("{}\n", line("X2", &"x".repeat(2_000_000)));
    let input = [
        format!("\u{feff}{}\r\n", line("A1", "")).as_bytes(),
        latin1,
        format!("\r\n \n{}\n", line("A2", "")).as_bytes(),
        too_long.as_bytes(),
        latin1,
        b"\xff\xfe{\0}\0\n",
        format!("\u{feff}{}", line("A3", "")).as_bytes(),
    ]
    .concat();
    // A name of the greatest length has room for the numbers of the lines.
    let named = ["--idempotency-key", &"n".repeat(128)];
    for _ in 0..2 {
        let output = run(&mut publish(&server.api(), &named), &input);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        for expected in [
            "3 published, 4 refused in ",
            "2 × line is not JSON: it is not UTF-8 (first in line 2), also in 7\n",
            "1 × line is not JSON: it is UTF-16, not UTF-8; convert it, for example with iconv (first in line 8)\n",
            "1 × line must be at most 1048576 bytes long (first in line 6)\n",
        ] {
            assert!(output.stdout.contains(expected), "{expected}: {}", output.stdout);
        }
    }
    assert_eq!(server.api().update_count("repeated"), 3);
    for bad in [&*"n".repeat(129), "Monday morning", "früh"] {
        let output = run(&mut publish(&server.api(), &["--idempotency-key", bad]), &input);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(output.stderr.contains("must be 1 to 128 visible ASCII characters"), "{output:?}");
    }
    // A folder can be opened, but not read.
    let mut command = publish(&server.api(), &[]);
    let folder = std::fs::File::open(folder.path()).unwrap();
    let output = command.stdin(folder).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot read standard input"));
}

#[test]
fn server_kills_lose_and_repeat_nothing() {
    let folder = TempDir::new().unwrap();
    let mut server = start_server(folder.path(), &[]);
    let before = TestFollower::open(server.address).next_event();
    let lines = long_input(20_000);
    let mut publisher = TestProcess::start(&mut publish(&server.api(), &["--retry", "60s"]));
    let mut stdin = publisher.take_stdin();
    for part in lines.chunks(4_000) {
        // The publisher has read more lines than it has sent, so each kill comes in the middle of a request.
        feed(&mut stdin, part);
        let address = server.kill();
        server = start_server_at(&address, folder.path(), &[]);
    }
    drop(stdin);
    let output = publisher.wait_for_exit(PUBLISH_TIMEOUT);
    assert!(output.status.success(), "{output:?}");
    assert!(output.stdout.starts_with("20000 published, 0 refused in "), "{}", output.stdout);
    check_all_once(&server.api(), TestFollower::resume(server.address, &before.id), &lines);
}

#[test]
fn lost_responses_repeat_nothing() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let before = TestFollower::open(server.address).next_event();
    let lines = long_input(3_000);
    let proxy = start_lossy_proxy(server.address, 3);
    let to = ApiClient::new(proxy);
    let input = String::from_utf8(to_bytes(&lines)).unwrap();
    let output = run(&mut publish(&to, &[]), &input);
    assert!(output.status.success(), "{output:?}");
    assert!(output.stdout.starts_with("3000 published, 0 refused in "), "{}", output.stdout);
    assert!(server.api().update_count("repeated") > 0, "no applied update was repeated");
    check_all_once(&server.api(), TestFollower::resume(server.address, &before.id), &lines);
}

#[test]
fn failed_publish_resumes_under_its_key() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let before = TestFollower::open(server.address).next_event();
    let lines = long_input(6_000);
    let named = ["--idempotency-key", "monday", "--retry", "1s"];

    // The publisher is killed.
    let mut publisher = TestProcess::start(&mut publish(&server.api(), &named));
    let mut stdin = publisher.take_stdin();
    feed(&mut stdin, &lines[..2_500]);
    wait_until_applied(&server.api(), 1_000);
    publisher.kill();

    // The server is killed and not restarted in time.
    let mut publisher = TestProcess::start(&mut publish(&server.api(), &named));
    let mut stdin = publisher.take_stdin();
    feed(&mut stdin, &lines[..4_000]);
    wait_until_applied(&server.api(), 3_000);
    let address = server.kill();
    // The publisher may fail before it has read everything.
    let _ = stdin.write_all(&to_bytes(&lines[4_000..]));
    drop(stdin);
    let output = publisher.wait_for_exit(PUBLISH_TIMEOUT);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stderr.contains(&address), "{}", output.stderr);
    assert!(output.stdout.contains(" published, 0 refused in "), "{}", output.stdout);

    let server = start_server_at(&address, folder.path(), &[]);
    let input = String::from_utf8(to_bytes(&lines)).unwrap();
    let output = run(&mut publish(&server.api(), &named), &input);
    assert!(output.status.success(), "{output:?}");
    assert!(output.stdout.starts_with("6000 published, 0 refused in "), "{}", output.stdout);
    check_all_once(&server.api(), TestFollower::resume(server.address, &before.id), &lines);
}

fn publish(api: &ApiClient, more: &[&str]) -> Command {
    let mut command = flightboard_command(["publish", "--board", "main", "--to", api.url()]);
    command.args(more);
    command
}

/// Additions of all flights, then changes. A lost, repeated or reordered line changes the events.
fn long_input(lines: usize) -> Vec<Value> {
    let line = |number: usize| {
        let flight = format!("F{:03}", number % FLIGHTS);
        let remark = number.to_string();
        let event = if number < FLIGHTS { "flightAddition" } else { "flightStateUpdate" };
        json!({"event": event, "data": {"flight": flight, "remark": remark}})
    };
    (0..lines).map(line).collect()
}

fn to_bytes(lines: &[Value]) -> Vec<u8> {
    lines.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect()
}

fn feed(stdin: &mut ChildStdin, lines: &[Value]) {
    stdin.write_all(&to_bytes(lines)).unwrap();
}

fn wait_until_applied(api: &ApiClient, updates: u64) {
    wait_until("updates are applied", WAIT_TIMEOUT, || {
        (api.update_count("changed") > updates).then_some(())
    });
}

/// Starts a proxy that loses the first `count` responses to published lines: the server applies the updates, and the
/// publisher does not learn it.
fn start_lossy_proxy(server: SocketAddr, count: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let left = Arc::new(AtomicUsize::new(count));
    thread::spawn(move || {
        for publisher in listener.incoming() {
            let left = Arc::clone(&left);
            thread::spawn(move || forward(publisher.unwrap(), server, &left));
        }
    });
    address
}

/// Forwards bytes both ways until a response is to be lost.
fn forward(mut publisher: TcpStream, server: SocketAddr, left: &AtomicUsize) {
    let mut server = TcpStream::connect(server).unwrap();
    let mut to = server.try_clone().unwrap();
    let mut from = publisher.try_clone().unwrap();
    thread::spawn(move || std::io::copy(&mut from, &mut to));
    let mut bytes = [0; 64 * 1024];
    while let Ok(count @ 1..) = server.read(&mut bytes) {
        let publishes = bytes[..count].windows(NDJSON.len()).any(|window| window == NDJSON);
        let decrement = |left: usize| left.checked_sub(1);
        if publishes && left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, decrement).is_ok() {
            let _ = publisher.shutdown(Shutdown::Both);
            return;
        }
        if publisher.write_all(&bytes[..count]).is_err() {
            return;
        }
    }
}

/// The content type of responses to published lines.
const NDJSON: &[u8] = b"application/x-ndjson";

/// Checks that each line made one event, in order, and that the events make the rows of the server.
fn check_all_once(api: &ApiClient, mut follower: TestFollower, lines: &[Value]) {
    let mut view = View::default();
    for line in lines {
        let event = follower.next_event();
        assert_eq!((&json!(event.name), &event.data), (&line["event"], &line["data"]));
        view.apply(&event);
    }
    // A repeated line would have an event before this one.
    let last = api.patch_flight("F000", &json!({"state": "landed"}));
    let event = follower.next_event();
    assert_eq!(event.id, last);
    view.apply(&event);
    view.assert_rows(&api.rows("main"));
}
