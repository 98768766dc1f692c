//! Accepts connections up to a limit.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Wait after a failed accept, usually because the process is out of file descriptors.
const RETRY_INTERVAL: Duration = Duration::from_millis(100);

/// Spawns `serve` for each connection on `listener`. At `max_connections` open permits, further
/// connections wait in the listen backlog.
pub(super) async fn accept_each<F>(
    listener: &TcpListener,
    max_connections: usize,
    serve: impl Fn(TcpStream, OwnedSemaphorePermit) -> F,
) -> Infallible
where
    F: Future<Output = ()> + Send + 'static,
{
    let slots = Arc::new(Semaphore::new(max_connections.min(Semaphore::MAX_PERMITS)));
    loop {
        let slot = Arc::clone(&slots).acquire_owned().await;
        let slot = slot.expect("this function never closes the semaphore");
        tokio::spawn(serve(accept(listener).await, slot));
    }
}

async fn accept(listener: &TcpListener) -> TcpStream {
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
                tokio::time::sleep(RETRY_INTERVAL).await;
            }
        }
    }
}
