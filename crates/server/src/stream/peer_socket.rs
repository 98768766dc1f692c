//! The socket under a stream of HTTP/1 that hyper writes.
//!
//! Hyper reads nothing while it sends a response, so the stream itself watches for the peer's end. A
//! peer that closes only its sending side goes on reading. One that has left answers the next bytes
//! with a reset, so the stream sends a heartbeat to find out.

use std::io;
use std::sync::Arc;

use tokio::io::Interest;
use tokio::net::TcpStream;

#[derive(Clone)]
pub(crate) struct PeerSocket(pub(crate) Arc<TcpStream>);

/// The last change of a peer that was noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PeerState {
    Open,
    /// It sends nothing more. It may still read.
    HalfClosed,
    /// It has reset the connection.
    Gone,
}

impl PeerSocket {
    /// Waits for the peer's next state after `state`.
    pub(super) async fn wait(&self, state: PeerState) -> PeerState {
        match state {
            PeerState::Open => self.wait_half_closed().await,
            PeerState::HalfClosed => match self.0.ready(Interest::ERROR).await {
                Ok(_) | Err(_) => PeerState::Gone,
            },
            PeerState::Gone => std::future::pending().await,
        }
    }

    async fn wait_half_closed(&self) -> PeerState {
        match self.0.peek(&mut [0]).await {
            Ok(0) => PeerState::HalfClosed,
            // A further request, which hyper reads after this response. It hides the end.
            Ok(_) => std::future::pending().await,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => PeerState::Open,
            Err(_) => PeerState::Gone,
        }
    }
}
