//! Listening sockets, and the connections that they accept.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ServerConfig;
use tokio::net::TcpListener;

use super::redirect::HttpsRedirect;

/// A socket on which a server accepts connections.
#[derive(Debug)]
pub struct Listener {
    pub(super) socket: TcpListener,
    pub(super) service: ListenerService,
    address: SocketAddr,
}

/// The service of a listener.
#[derive(Clone)]
pub(super) enum ListenerService {
    /// Serves the app without encryption.
    Plain,
    /// Serves the app by TLS.
    Tls(Arc<ServerConfig>),
    /// Sends browsers to the TLS listener.
    Redirect(HttpsRedirect),
}

/// The connection that carries a request: an extension of each request that arrives at a [`Listener`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerConnection {
    /// The peer's address: of IPv4 where an IPv6 socket accepted an IPv4 peer.
    pub peer: SocketAddr,
    /// The address of the listener, which is unspecified, as `0.0.0.0`, if it listens on all of them.
    pub listener: SocketAddr,
    /// True if the connection is encrypted up to this program.
    pub is_tls: bool,
}

impl PeerConnection {
    #[cfg(test)]
    pub(crate) fn between(peer: SocketAddr, listener: SocketAddr) -> Self {
        Self { peer, listener, is_tls: false }
    }
}

impl Listener {
    /// Speaks HTTP without encryption on `socket`.
    ///
    /// # Errors
    /// The address of the socket is unknown.
    pub fn plain(socket: TcpListener) -> io::Result<Self> {
        Self::new(socket, ListenerService::Plain)
    }

    /// Speaks HTTP by TLS on `socket`.
    ///
    /// # Errors
    /// The address of the socket is unknown.
    pub fn tls(socket: TcpListener, config: Arc<ServerConfig>) -> io::Result<Self> {
        Self::new(socket, ListenerService::Tls(config))
    }

    /// Redirects requests on `socket`, usually at port 80, to a TLS listener.
    ///
    /// # Errors
    /// The address of the socket is unknown.
    pub fn redirect(socket: TcpListener, redirect: HttpsRedirect) -> io::Result<Self> {
        Self::new(socket, ListenerService::Redirect(redirect))
    }

    fn new(socket: TcpListener, service: ListenerService) -> io::Result<Self> {
        let address = socket.local_addr()?;
        Ok(Self { socket, service, address })
    }

    /// The address of the socket.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `https` or `http`.
    pub fn scheme(&self) -> &'static str {
        if self.is_tls() { "https" } else { "http" }
    }

    fn is_tls(&self) -> bool {
        matches!(self.service, ListenerService::Tls(_))
    }

    pub(super) fn connection_from(&self, peer: SocketAddr) -> PeerConnection {
        let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
        PeerConnection { peer, listener: self.address, is_tls: self.is_tls() }
    }
}

impl fmt::Debug for ListenerService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "Plain",
            Self::Tls(_) => "Tls",
            Self::Redirect(_) => "Redirect",
        })
    }
}
