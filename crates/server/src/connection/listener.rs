//! Listening sockets, and what a request knows of its connection.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

/// A socket on which a server accepts connections.
#[derive(Debug)]
pub struct Listener {
    pub(super) socket: TcpListener,
    address: SocketAddr,
}

/// The connection that carries a request: an extension of each request that arrives at a [`Listener`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerConnection {
    /// The peer's address: of IPv4 where an IPv6 socket accepted an IPv4 peer.
    pub peer: SocketAddr,
    /// The address of the listener, which is unspecified, as `0.0.0.0`, if it listens on all of them.
    pub listener: SocketAddr,
}

impl Listener {
    /// Speaks HTTP without encryption on `socket`.
    ///
    /// # Errors
    /// The address of the socket is unknown.
    pub fn plain(socket: TcpListener) -> io::Result<Self> {
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }

    /// The address of the socket.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn connection_from(&self, peer: SocketAddr) -> PeerConnection {
        let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
        PeerConnection { peer, listener: self.address }
    }
}
