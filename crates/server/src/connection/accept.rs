//! Accepts connections up to a limit.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

use super::places::{ConnectionPlace, ConnectionPlaces};

/// Wait after a failed accept, usually because the process is out of file descriptors.
const RETRY_INTERVAL: Duration = Duration::from_millis(100);

/// Spawns `serve` for each connection on `listener`, which takes one of `places`.
pub(super) async fn accept_each<F>(
    listener: &TcpListener,
    places: &ConnectionPlaces,
    serve: impl Fn(TcpStream, ConnectionPlace) -> F,
) -> Infallible
where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        let socket = accept(listener, places).await;
        tokio::spawn(serve(socket, places.take().await));
    }
}

async fn accept(listener: &TcpListener, places: &ConnectionPlaces) -> TcpStream {
    let mut failing = false;
    loop {
        match listener.accept().await {
            Ok((socket, _)) => {
                if failing {
                    tracing::info!("accepting connections again");
                }
                return socket;
            }
            // The peer gave up; the next connection is unaffected.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                if !failing {
                    tracing::warn!("cannot accept connections, trying again: {error}");
                }
                failing = true;
                places.close_idle();
                tokio::time::sleep(RETRY_INTERVAL).await;
            }
        }
    }
}
