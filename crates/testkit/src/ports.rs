//! Ports for servers that have to know theirs before they start, or come back on it.
//!
//! Each process takes from a range of its own, and gives no port twice before the range is through. So
//! nobody else is given one whose server is not yet up, or is down.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};

use tokio::net::TcpSocket;

/// One that is free.
pub fn free_address() -> SocketAddr {
    let [address] = free_addresses();
    address
}

/// As many that are free.
pub fn free_addresses<const N: usize>() -> [SocketAddr; N] {
    static OWN: LazyLock<Own> = LazyLock::new(Own::claim);
    [(); N].map(|()| OWN.next())
}

/// The range of this process.
struct Own {
    ports: Range<u16>,
    given: AtomicU16,
    /// On its first port. For as long as this process lives no other has the range.
    _claim: TcpListener,
}

impl Own {
    fn claim() -> Self {
        let all = PORTS.start / EACH..PORTS.end / EACH;
        let (first, count) = (rand::random_range(all.clone()), all.len());
        let ranges = (first..all.end).chain(all.start..first).map(|range| range * EACH);
        let mut free = ranges.filter_map(|start| Some((start, TcpListener::bind(at(start)).ok()?)));
        let (start, claim) = free.next().unwrap_or_else(|| panic!("{count} ranges are all taken"));
        Self { ports: start + 1..start + EACH, given: AtomicU16::new(0), _claim: claim }
    }

    fn next(&self) -> SocketAddr {
        let count = self.ports.end - self.ports.start;
        let next = || at(self.ports.start + self.given.fetch_add(1, Ordering::Relaxed) % count);
        let mut free = (0..count).map(|_| next()).filter(|address| is_free(*address));
        free.next().unwrap_or_else(|| panic!("{count} ports are all taken"))
    }
}

fn at(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// Whether nobody listens there. Asked by a socket that does not listen itself: a program that another
/// thread is just starting has it for a moment longer, and would hold the port.
fn is_free(address: SocketAddr) -> bool {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address).is_ok()
}

/// Outgoing connections are given none of these, nor is a server that asks for any.
const PORTS: Range<u16> = 10_000..30_000;

const EACH: u16 = 400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_is_nobody_elses() {
        let (own, other) = (Own::claim(), Own::claim());
        assert_ne!(own.ports, other.ports);
        let _taken = TcpListener::bind(at(own.ports.start)).unwrap();
        let given = [own.next(), own.next()].map(|address| address.port() - own.ports.start);
        assert_eq!(given, [1, 2]);
    }
}
