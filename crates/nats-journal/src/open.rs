//! Opening: the connection, then the streams, each retried for a limited time.

use std::time::Duration;

use journal::{Cause, OpenError, StorageError};
use tokio::time::Instant;

use crate::config::NatsConfig;
use crate::connection::NatsConnection;
use crate::error::NatsOpenError;
use crate::pipeline::IN_FLIGHT_RECORDS;

/// Connects to the servers of a journal, retrying for [`NatsConfig::connect_timeout`].
pub(crate) async fn connect(config: &NatsConfig) -> Result<NatsConnection, StorageError> {
    let deadline = Instant::now() + config.connect_timeout;
    loop {
        match NatsConnection::connect(config, 2 * IN_FLIGHT_RECORDS).await {
            Err(_) if Instant::now() < deadline => {
                tokio::time::sleep(CONNECT_RETRY_INTERVAL).await;
            }
            connected => return connected.map_err(|source| storage_error(config, source)),
        }
    }
}

/// Repeats `open` while it fails for a reason that may pass.
pub(crate) async fn open_with_retry<T, F: Future<Output = Result<T, NatsOpenError>>>(
    config: &NatsConfig,
    connection: &NatsConnection,
    open: impl Fn() -> F,
) -> Result<T, OpenError> {
    let window = connection.retry_window();
    loop {
        match open().await {
            Err(NatsOpenError::Transient(_)) if window.retries().await => {}
            Err(NatsOpenError::Transient(cause)) => {
                return Err(storage_error(config, connection.explain(cause)).into());
            }
            Err(NatsOpenError::Permanent(source)) => {
                return Err(OpenError::Incompatible { journal: config.to_string(), source });
            }
            Ok(opened) => return Ok(opened),
        }
    }
}

pub(crate) fn storage_error(config: &NatsConfig, source: Cause) -> StorageError {
    StorageError::Unavailable { journal: config.to_string(), source }
}

const CONNECT_RETRY_INTERVAL: Duration = Duration::from_millis(200);
