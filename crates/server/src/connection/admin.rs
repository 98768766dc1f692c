//! Serves administrators: few connections, one request each, apart from those of publishers and followers, so that
//! neither takes the place of the other.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

use super::listener::Listener;
use super::startup::StartupContext;
use crate::http::admin::{self, ServerStage};
use crate::http::security_headers::SecurityHeaders;
use crate::origin_settings::OriginSettings;

/// Connections of administrators. Further ones wait in the listen backlog.
pub const MAX_ADMIN_CONNECTIONS: usize = 8;

/// Time for a whole connection, longer than any profile.
const ADMIN_CONNECTION_TIMEOUT: Duration = Duration::from_secs(90);

/// Wait after a failed accept, usually because the process is out of file descriptors.
const RETRY_INTERVAL: Duration = Duration::from_millis(100);

/// Answers administrators on `listener` about the current `stage`.
pub async fn serve_admin(listener: Listener, stage: watch::Receiver<ServerStage>) -> Infallible {
    let routes = admin::routes(stage);
    let context = StartupContext {
        routes,
        tls: None,
        hsts_max_age: Duration::ZERO,
        security_headers: Arc::new(SecurityHeaders::new(&OriginSettings::default())),
    };
    let places = Arc::new(Semaphore::new(MAX_ADMIN_CONNECTIONS));
    loop {
        let place = Arc::clone(&places).acquire_owned().await;
        let place = place.expect("nothing closes the semaphore");
        let Ok((socket, peer)) = listener.socket.accept().await else {
            sleep(RETRY_INTERVAL).await;
            continue;
        };
        let response = context.clone().serve(socket, listener.connection_from(peer));
        tokio::spawn(async move {
            // A client that takes longer is disconnected.
            let _ = timeout(ADMIN_CONNECTION_TIMEOUT, response).await;
            drop(place);
        });
    }
}
