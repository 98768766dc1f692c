//! Stopping with a signal.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::follower::Follower;
use crate::program::{Server, flightboard, serve};
use crate::wait::{PATIENCE, until};

/// Between the end of the drain time and the end of the process, on a loaded machine.
const SLACK: Duration = Duration::from_secs(3);

#[test]
fn each_stream_is_ended_in_good_order() {
    let folder = TempDir::new().unwrap();
    let server = serve(folder.path(), &["--drain", "5s"]);
    let row = json!({"flight": "I768", "origin": "Rome"});
    server.api().put("I768", &row);
    let mut followers: Vec<_> = (0..20).map(|_| Follower::open(server.address)).collect();
    for follower in &mut followers {
        assert_eq!(follower.next().name, "timetable");
    }
    let address = server.address;
    server.program.terminate();
    for follower in &mut followers {
        let before = follower.text.len();
        assert_eq!(follower.rest(PATIENCE), [], "no event is sent, least of all closedConnection");
        let end = &follower.text[before..];
        let millis = end.strip_prefix("retry: ").and_then(|rest| rest.strip_suffix("\n\n"));
        let millis: u64 = millis.expect(end).parse().unwrap();
        assert!((1_000..=5_000).contains(&millis), "{millis}");
    }
    let ended = server.program.end(Duration::from_secs(5) + SLACK);
    assert!(ended.status.success(), "{ended:?}");
    assert!(TcpStream::connect(address).is_err());

    let again = serve(folder.path(), &[]);
    assert_eq!(again.api().rows("main"), [row]);
}

#[test]
fn nothing_holds_it_beyond_its_drain_time() {
    let folder = TempDir::new().unwrap();
    let server = serve(folder.path(), &["--drain", "1s"]);
    let _silent = TcpStream::connect(server.address).unwrap();
    let _half = half_a_request(server.address);
    let _reads_nothing = Follower::open(server.address);
    let start = Instant::now();
    server.program.terminate();
    let ended = server.program.end(Duration::from_secs(1) + SLACK);
    assert!(ended.status.success(), "{ended:?}");
    assert!(start.elapsed() >= Duration::from_secs(1), "the half request was given no time");
    let id = serve(folder.path(), &[]).api().put("I768", &json!({"origin": "Rome"}));
    assert!(id.contains('-'), "{id}");
}

#[test]
fn a_second_signal_stops_at_once() {
    let folder = TempDir::new().unwrap();
    let server = serve(folder.path(), &["--drain", "10m"]);
    let _half = half_a_request(server.address);
    server.program.terminate();
    until("it listens no more", PATIENCE, || TcpStream::connect(server.address).err());
    server.program.terminate();
    let ended = server.program.end(SLACK);
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert_eq!(serve(folder.path(), &[]).api().rows("main").len(), 0);
}

#[test]
fn the_demo_stops_too() {
    let demo = Server::start(&mut flightboard(["demo", "--listen", "127.0.0.1:0"]));
    let mut follower = Follower::open(demo.address);
    assert_eq!(follower.next().name, "timetable");
    demo.program.terminate();
    let ended = demo.program.end(Duration::from_secs(1) + SLACK);
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
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.read_exact(&mut invitation).unwrap();
    assert_eq!(&invitation, b"HTTP/1.1 100");
    socket
}
