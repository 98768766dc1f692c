//! Ports for servers that must know theirs before they start, or that restart on the same one.
//!
//! Each process claims a range of ports and repeats a port only after the whole range. So no other server gets a
//! port whose server has not started yet, or is down.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};

use tokio::net::TcpSocket;

pub fn free_address() -> SocketAddr {
    let [address] = free_addresses();
    address
}

pub fn free_addresses<const N: usize>() -> [SocketAddr; N] {
    static RANGE: LazyLock<PortRange> = LazyLock::new(PortRange::claim);
    [(); N].map(|()| RANGE.allocate())
}

/// The ports of this process.
struct PortRange {
    ports: Range<u16>,
    allocated: AtomicU16,
    /// Listens on the first port of the range: no other process claims it while this one lives.
    _claim: TcpListener,
}

impl PortRange {
    /// Claims a free range. The search starts at a random one, so that processes that start together seldom
    /// try the same.
    fn claim() -> Self {
        let all = PORTS.start / RANGE_SIZE..PORTS.end / RANGE_SIZE;
        let first = rand::random_range(all.clone());
        for range in (first..all.end).chain(all.start..first) {
            let start = range * RANGE_SIZE;
            if let Ok(claim) = TcpListener::bind(local(start)) {
                let ports = start + 1..start + RANGE_SIZE;
                return Self { ports, allocated: AtomicU16::new(0), _claim: claim };
            }
        }
        panic!("all {} port ranges are in use", all.len());
    }

    fn allocate(&self) -> SocketAddr {
        let size = self.ports.end - self.ports.start;
        for _ in 0..size {
            let index = self.allocated.fetch_add(1, Ordering::Relaxed) % size;
            let address = local(self.ports.start + index);
            if is_free(address) {
                return address;
            }
        }
        panic!("all {size} ports are in use");
    }
}

fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// Tries to bind the port. The socket does not listen: a child process that another thread is just starting
/// inherits it for a moment, and would keep a listening one open.
fn is_free(address: SocketAddr) -> bool {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address).is_ok()
}

/// Below the kernel's ephemeral ports: neither outgoing connections nor port 0 get one of these.
const PORTS: Range<u16> = 10_000..30_000;

const RANGE_SIZE: u16 = 400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_ports_are_disjoint() {
        let own = PortRange::claim();
        let other = PortRange::claim();
        assert_ne!(own.ports, other.ports);
        let _taken = TcpListener::bind(local(own.ports.start)).unwrap();
        let offsets = [own.allocate(), own.allocate()].map(|a| a.port() - own.ports.start);
        assert_eq!(offsets, [1, 2]);
    }
}
