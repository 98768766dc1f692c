//! Shutdown by signals.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::follower::TestFollower;
use crate::process::{ServerProcess, flightboard_command, start_server};
use crate::wait::{WAIT_TIMEOUT, wait_until};

/// Maximum time from the end of the drain time to the exit, on a loaded machine.
const EXIT_SLACK: Duration = Duration::from_secs(3);

#[test]
fn sigterm_ends_streams_in_order() {
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
            "no event is sent, in particular no closedConnection"
        );
        let end = &follower.text[before..];
        // A heartbeat may come before the last line.
        let line = end.strip_suffix('\n').and_then(|lines| lines.rsplit("\n\n").next());
        let millis = line.and_then(|line| line.strip_prefix("retry: ")).expect(end);
        let millis: u64 = millis.parse().unwrap();
        assert!((1_000..=5_000).contains(&millis), "{millis}");
    }
    let output = server.process.wait_for_exit(Duration::from_secs(5) + EXIT_SLACK);
    assert!(output.status.success(), "{output:?}");
    assert!(TcpStream::connect(address).is_err());

    let again = start_server(folder.path(), &[]);
    assert_eq!(again.api().rows("main"), [row]);
}

#[test]
fn drain_time_bounds_shutdown() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &["--drain", "1s"]);
    let _silent = TcpStream::connect(server.address).unwrap();
    let _incomplete = start_request(server.address);
    let _idle = TestFollower::open(server.address);
    let start = Instant::now();
    server.process.terminate();
    let output = server.process.wait_for_exit(Duration::from_secs(1) + EXIT_SLACK);
    assert!(output.status.success(), "{output:?}");
    assert!(start.elapsed() >= Duration::from_secs(1), "the incomplete request got no time");
    let id = start_server(folder.path(), &[]).api().put_flight("I768", &json!({"origin": "Rome"}));
    assert!(id.contains('-'), "{id}");
}

#[test]
fn second_signal_stops_at_once() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &["--drain", "10m"]);
    let _incomplete = start_request(server.address);
    server.process.terminate();
    wait_until("the server no longer listens", WAIT_TIMEOUT, || {
        TcpStream::connect(server.address).err()
    });
    server.process.terminate();
    let output = server.process.wait_for_exit(EXIT_SLACK);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(start_server(folder.path(), &[]).api().rows("main").len(), 0);
}

#[test]
fn demo_stops_on_signal() {
    let demo = ServerProcess::start(&mut flightboard_command(["demo", "--listen", "127.0.0.1:0"]));
    let mut follower = TestFollower::open(demo.address);
    assert_eq!(follower.next_event().name, "timetable");
    demo.process.terminate();
    let output = demo.process.wait_for_exit(Duration::from_secs(1) + EXIT_SLACK);
    assert!(output.status.success(), "{output:?}");
}

/// A request whose head the server has accepted and whose body never comes.
fn start_request(address: SocketAddr) -> TcpStream {
    let mut socket = TcpStream::connect(address).unwrap();
    let head = "POST /boards/main/flights HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n\
                Content-Type: application/x-ndjson\r\nContent-Length: 1000\r\n\r\n";
    socket.write_all(head.as_bytes()).unwrap();
    // The server sends 100 (Continue) once it handles the request.
    let mut interim = [0; 12];
    socket.set_read_timeout(Some(WAIT_TIMEOUT)).unwrap();
    socket.read_exact(&mut interim).unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100");
    socket
}
