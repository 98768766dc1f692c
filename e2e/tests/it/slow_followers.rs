//! A thousand followers that never read.

use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};

use serde_json::json;
use tempfile::TempDir;

use crate::follower::TestFollower;
use crate::process::start_server;
use crate::wait::{WAIT_TIMEOUT, wait_until};

const STALLED_FOLLOWERS: usize = 1_000;

/// Changes of one row, of some 300 bytes of stream each.
const CHANGES: usize = 6_000;

/// Maximum memory for each stalled follower, in the server and in the kernel: a few buffers. A queue per follower
/// would hold twenty times as much.
const MAX_BYTES_EACH: u64 = 64 * 1024;

#[test]
fn thousand_stalled_followers_cost_little() {
    // The sockets of the followers are open files of this process.
    rlimit::increase_nofile_limit(4 * STALLED_FOLLOWERS as u64).unwrap();
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &["--window", "256KiB"]);
    let api = server.api();
    api.put_flight("I768", &json!({"origin": "Rome"}));
    let mut stalled: Vec<_> =
        (0..STALLED_FOLLOWERS).map(|_| follow_unread(server.address)).collect();
    wait_until("all followers are counted", WAIT_TIMEOUT, || {
        (api.follower_count("main") == STALLED_FOLLOWERS as u64).then_some(())
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
            assert!(
                events.iter().all(|event| event.name == "flightStateUpdate"),
                "no event is missing"
            );
            assert!(
                events.iter().map(|event| &event.id).eq(&ids),
                "each event comes once and in order"
            );
        }
    }
    let streamed: usize = fast[0].text.len();
    assert!(streamed as u64 > 20 * MAX_BYTES_EACH, "too few bytes to fill the buffers: {streamed}");

    let grown = server.process.memory_bytes().saturating_sub(before);
    let unsent = unsent_bytes(server.address);
    let bound = STALLED_FOLLOWERS as u64 * MAX_BYTES_EACH;
    assert!(grown < bound, "the process has grown by {grown} bytes");
    assert!(unsent < bound, "the kernel holds {unsent} bytes");
    assert_eq!(
        api.follower_count("main"),
        (STALLED_FOLLOWERS + fast.len()) as u64,
        "no slow follower was disconnected"
    );
    stalled.clear();
}

/// Opens a stream with a small receive buffer and never reads.
fn follow_unread(address: SocketAddr) -> TcpStream {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4 * 1024).unwrap();
    socket.connect(&address.into()).unwrap();
    let mut socket = TcpStream::from(socket);
    socket.write_all(b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    socket
}

/// Bytes that the kernel has accepted from the server and not delivered: for each connection from that port the
/// first half of `tx_queue:rx_queue`.
fn unsent_bytes(address: SocketAddr) -> u64 {
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    let port = format!(":{:04X}", address.port());
    let mine = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let mine = mine.filter(|words| words[1].ends_with(&port) && words[3] == "01");
    let queues = mine.map(|words| words[4].split_once(':').unwrap().0.to_owned());
    queues.map(|queue| u64::from_str_radix(&queue, 16).unwrap()).sum()
}
