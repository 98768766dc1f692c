//! Stopping with a signal.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::follower::TestFollower;
use crate::process::{ServerProcess, flightboard_command, start_server};
use crate::wait::{WAIT_TIMEOUT, wait_until};

/// Between the end of the drain time and the end of the process, on a loaded machine.
const SLACK: Duration = Duration::from_secs(3);

#[test]
fn each_stream_is_ended_in_good_order() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &["--drain", "5s"]);
    let row = json!({"flight": "I768", "origin": "Rome"});
    server.api().put_flight("I768", &row);
    let mut followers: Vec<_> = (0..20).map(|_| TestFollower::open(server.address)).collect();
    for follower in &mut followers {
        assert_eq!(follower.next_event().name, "timetable");
    }
    let address = server.address;
    server.process.terminate();
    for follower in &mut followers {
        let before = follower.text.len();
        assert_eq!(
            follower.read_to_end(WAIT_TIMEOUT),
            [],
            "no event is sent, least of all closedConnection"
        );
        let end = &follower.text[before..];
        let millis = end.strip_prefix("retry: ").and_then(|rest| rest.strip_suffix("\n\n"));
        let millis: u64 = millis.expect(end).parse().unwrap();
        assert!((1_000..=5_000).contains(&millis), "{millis}");
    }
    let ended = server.process.wait_for_exit(Duration::from_secs(5) + SLACK);
    assert!(ended.status.success(), "{ended:?}");
    assert!(TcpStream::connect(address).is_err());

    let again = start_server(folder.path(), &[]);
    assert_eq!(again.api().rows("main"), [row]);
}

#[test]
fn nothing_holds_it_beyond_its_drain_time() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &["--drain", "1s"]);
    let _silent = TcpStream::connect(server.address).unwrap();
    let _half = half_a_request(server.address);
    let _reads_nothing = TestFollower::open(server.address);
    let start = Instant::now();
    server.process.terminate();
    let ended = server.process.wait_for_exit(Duration::from_secs(1) + SLACK);
    assert!(ended.status.success(), "{ended:?}");
    assert!(start.elapsed() >= Duration::from_secs(1), "the half request was given no time");
    let id = start_server(folder.path(), &[]).api().put_flight("I768", &json!({"origin": "Rome"}));
    assert!(id.contains('-'), "{id}");
}

#[test]
fn a_second_signal_stops_at_once() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &["--drain", "10m"]);
    let _half = half_a_request(server.address);
    server.process.terminate();
    wait_until("it listens no more", WAIT_TIMEOUT, || TcpStream::connect(server.address).err());
    server.process.terminate();
    let ended = server.process.wait_for_exit(SLACK);
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert_eq!(start_server(folder.path(), &[]).api().rows("main").len(), 0);
}

#[test]
fn the_demo_stops_too() {
    let demo = ServerProcess::start(&mut flightboard_command(["demo", "--listen", "127.0.0.1:0"]));
    let mut follower = TestFollower::open(demo.address);
    assert_eq!(follower.next_event().name, "timetable");
    demo.process.terminate();
    let ended = demo.process.wait_for_exit(Duration::from_secs(1) + SLACK);
    assert!(ended.status.success(), "{ended:?}");
}

/// A publisher that has been let in, and does not come to the end of what it has to say.
fn half_a_request(address: SocketAddr) -> TcpStream {
    let mut socket = TcpStream::connect(address).unwrap();
    let head = "POST /boards/main/flights HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\
                Content-Type: application/x-ndjson\r\nContent-Length: 1000\r\n\r\n";
    socket.write_all(head.as_bytes()).unwrap();
    // The invitation to go on shows that the request has begun.
    let mut invitation = [0; 12];
    socket.set_read_timeout(Some(WAIT_TIMEOUT)).unwrap();
    socket.read_exact(&mut invitation).unwrap();
    assert_eq!(&invitation, b"HTTP/1.1 100");
    socket
}
