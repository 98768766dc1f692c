//! A thousand followers that never read.

use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};

use serde_json::json;
use tempfile::TempDir;

use crate::follower::TestFollower;
use crate::process::start_server;
use crate::wait::{WAIT_TIMEOUT, wait_until};

const NEVER_READ: usize = 1_000;

/// Changes of one row, of some 300 bytes of stream each.
const CHANGES: usize = 6_000;

/// What the server and its system may hold for each follower, whatever it does not read: a few
/// buffers of it. A queue of its own would hold twenty times as much.
const BYTES_EACH: u64 = 64 * 1024;

#[test]
fn a_thousand_that_never_read_cost_little_and_hold_up_nobody() {
    // Their sockets are files of this process.
    rlimit::increase_nofile_limit(4 * NEVER_READ as u64).unwrap();
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &["--window", "256KiB"]);
    let api = server.api();
    api.put_flight("I768", &json!({"origin": "Rome"}));
    let mut never: Vec<_> = (0..NEVER_READ).map(|_| follow_unread(server.address)).collect();
    wait_until("all are counted", WAIT_TIMEOUT, || {
        (api.follower_count("main") == NEVER_READ as u64).then_some(())
    });
    let mut fast: Vec<_> = (0..3).map(|_| TestFollower::open(server.address)).collect();
    for follower in &mut fast {
        assert_eq!(follower.next_event().name, "timetable");
    }
    let before = server.process.memory_bytes();

    let remarks: Vec<_> = (0..CHANGES).map(|n| format!("{n}:{}", "x".repeat(180))).collect();
    for part in remarks.chunks(100) {
        let ids = api.publish_remarks("I768", part);
        for follower in &mut fast {
            let events = follower.next_events(part.len());
            assert!(events.iter().all(|event| event.name == "flightStateUpdate"), "none is missed");
            assert!(events.iter().map(|event| &event.id).eq(&ids), "each once and in order");
        }
    }
    let streamed: usize = fast[0].text.len();
    assert!(streamed as u64 > 20 * BYTES_EACH, "too little to tell: {streamed}");

    let grown = server.process.memory_bytes().saturating_sub(before);
    let unsent = unsent_bytes(server.address);
    let bound = NEVER_READ as u64 * BYTES_EACH;
    assert!(grown < bound, "the program has grown by {grown}");
    assert!(unsent < bound, "the system holds {unsent}");
    assert_eq!(
        api.follower_count("main"),
        (NEVER_READ + fast.len()) as u64,
        "slowness cuts nobody"
    );
    never.clear();
}

/// A follower that asks and reads nothing, whose system takes little for it.
fn follow_unread(address: SocketAddr) -> TcpStream {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4 * 1024).unwrap();
    socket.connect(&address.into()).unwrap();
    let mut socket = TcpStream::from(socket);
    socket.write_all(b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    socket
}

/// What the system has taken from the server and not brought to its peers: of each connection from
/// that port the first half of `tx_queue:rx_queue`.
fn unsent_bytes(address: SocketAddr) -> u64 {
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    let port = format!(":{:04X}", address.port());
    let mine = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let mine = mine.filter(|words| words[1].ends_with(&port) && words[3] == "01");
    let queues = mine.map(|words| words[4].split_once(':').unwrap().0.to_owned());
    queues.map(|queue| u64::from_str_radix(&queue, 16).unwrap()).sum()
}
