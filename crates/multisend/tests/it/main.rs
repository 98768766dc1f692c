//! SendRing by io_uring, where the system has it; where it has none, they say so.
#![allow(missing_docs, clippy::unwrap_used)]

use std::io::{self, ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;

use multisend::{RING_ENTRIES, SendRing};

/// A ring, or `None` where the system gives none: then there is nothing to be tried.
fn ring() -> Option<SendRing> {
    match SendRing::new() {
        Ok(sends) => Some(sends),
        Err(error) => {
            let kinds = [ErrorKind::Unsupported, ErrorKind::PermissionDenied];
            assert!(kinds.contains(&error.kind()) || error.raw_os_error() == Some(38), "{error}");
            None
        }
    }
}

fn pair(listener: &TcpListener) -> (TcpStream, TcpStream) {
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    server.set_nonblocking(true).unwrap();
    (server, client)
}

fn send(
    sends: &mut SendRing,
    bytes: &[u8],
    sockets: &[&TcpStream],
) -> Vec<Result<usize, ErrorKind>> {
    let fds: Vec<_> = sockets.iter().map(|socket| socket.as_fd()).collect();
    let mut results = Vec::new();
    sends.send(bytes, &fds, &mut results).unwrap();
    results.into_iter().map(|result: io::Result<usize>| result.map_err(|e| e.kind())).collect()
}

#[test]
fn all_sockets_are_sent_the_bytes_also_more_than_go_into_one_call() {
    let Some(mut sends) = ring() else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (server, mut client) = pair(&listener);
    let times = RING_ENTRIES as usize + 7;
    let results = send(&mut sends, b"landed ", &vec![&server; times]);
    assert_eq!(results, vec![Ok(7); times]);
    drop(server);
    let mut text = String::new();
    client.read_to_string(&mut text).unwrap();
    assert_eq!(text, "landed ".repeat(times));
}

#[test]
fn each_socket_has_its_own_result_and_nothing_is_waited_for() {
    let Some(mut sends) = ring() else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (full, _deaf) = pair(&listener);
    let (gone, client) = pair(&listener);
    let (well, mut hears) = pair(&listener);
    while send(&mut sends, &[b'x'; 65_536], &[&full]) != [Err(ErrorKind::WouldBlock)] {}
    gone.shutdown(std::net::Shutdown::Write).unwrap();
    drop(client);
    let results = send(&mut sends, b"landed", &[&full, &gone, &well]);
    assert_eq!(results, [Err(ErrorKind::WouldBlock), Err(ErrorKind::BrokenPipe), Ok(6)]);
    drop(well);
    let mut text = String::new();
    hears.read_to_string(&mut text).unwrap();
    assert_eq!(text, "landed");
}
