//! Accepts connections up to a limit.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use tokio::net::TcpStream;

use super::listener::{Listener, PeerConnection};
use super::places::{ConnectionPlace, ConnectionPlaces};
use super::reserve::DescriptorReserve;

/// Wait after a failed accept, usually because the process is out of file descriptors.
const RETRY_INTERVAL: Duration = Duration::from_millis(100);

/// Spawns `serve` for each connection on `listener`, which takes one of `places`.
pub(super) async fn accept_each<F>(
    listener: &Listener,
    places: &ConnectionPlaces,
    serve: impl Fn(TcpStream, PeerConnection, ConnectionPlace) -> F,
) -> Infallible
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut reserve = DescriptorReserve::new();
    loop {
        let (socket, peer) = accept(listener, places, &mut reserve).await;
        // A refused connection closes.
        if let Some(place) = places.take(peer.peer.ip()).await {
            tokio::spawn(serve(socket, peer, place));
        }
    }
}

async fn accept(
    listener: &Listener,
    places: &ConnectionPlaces,
    reserve: &mut DescriptorReserve,
) -> (TcpStream, PeerConnection) {
    loop {
        match listener.socket.accept().await {
            Ok((socket, peer)) => {
                if places.lacks_descriptors() && reserve.refill() {
                    tracing::info!("accepting all connections again");
                    places.set_lacks_descriptors(false);
                }
                return (socket, listener.connection_from(peer));
            }
            // The peer gave up; the next connection is unaffected.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                if !places.lacks_descriptors() {
                    tracing::warn!("cannot accept all connections, trying again: {error}");
                    places.set_lacks_descriptors(true);
                }
                if !reserve.release() {
                    // Time for those in reserve to send a request.
                    tokio::time::sleep(RETRY_INTERVAL).await;
                    places.close_idle();
                }
            }
        }
    }
}
