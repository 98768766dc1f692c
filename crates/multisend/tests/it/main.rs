//! Sends through io_uring. Where the kernel has none, only the kind of the error is tested.
#![allow(missing_docs, clippy::unwrap_used)]

use std::io::{self, ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;

use multisend::{RING_ENTRIES, SendRing};

/// `ENOSYS` on Linux, which has no stable `ErrorKind`.
const ENOSYS: i32 = 38;

/// Returns `None` where the kernel has no io_uring or forbids it.
fn open_ring() -> Option<SendRing> {
    match SendRing::new() {
        Ok(ring) => Some(ring),
        Err(error) => {
            let kinds = [ErrorKind::Unsupported, ErrorKind::PermissionDenied];
            let is_expected = kinds.contains(&error.kind()) || error.raw_os_error() == Some(ENOSYS);
            assert!(is_expected, "{error}");
            None
        }
    }
}

fn socket_pair(listener: &TcpListener) -> (TcpStream, TcpStream) {
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    server.set_nonblocking(true).unwrap();
    (server, client)
}

fn send(
    ring: &mut SendRing,
    bytes: &[u8],
    sockets: &[&TcpStream],
) -> Vec<Result<usize, ErrorKind>> {
    let fds: Vec<_> = sockets.iter().map(|socket| socket.as_fd()).collect();
    let mut results = Vec::new();
    ring.send(bytes, &fds, &mut results).unwrap();
    results.into_iter().map(|result: io::Result<usize>| result.map_err(|e| e.kind())).collect()
}

#[test]
fn sends_may_exceed_the_ring_size() {
    let Some(mut ring) = open_ring() else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (server, mut client) = socket_pair(&listener);
    let count = RING_ENTRIES as usize + 7;
    let results = send(&mut ring, b"landed ", &vec![&server; count]);
    assert_eq!(results, vec![Ok(7); count]);
    drop(server);
    let mut text = String::new();
    client.read_to_string(&mut text).unwrap();
    assert_eq!(text, "landed ".repeat(count));
}

#[test]
fn sockets_have_separate_results() {
    let Some(mut ring) = open_ring() else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (blocked, _silent_client) = socket_pair(&listener);
    let (closed, closed_client) = socket_pair(&listener);
    let (open, mut open_client) = socket_pair(&listener);
    while send(&mut ring, &[b'x'; 65_536], &[&blocked]) != [Err(ErrorKind::WouldBlock)] {}
    closed.shutdown(std::net::Shutdown::Write).unwrap();
    drop(closed_client);
    let results = send(&mut ring, b"landed", &[&blocked, &closed, &open]);
    assert_eq!(results, [Err(ErrorKind::WouldBlock), Err(ErrorKind::BrokenPipe), Ok(6)]);
    drop(open);
    let mut text = String::new();
    open_client.read_to_string(&mut text).unwrap();
    assert_eq!(text, "landed");
}
