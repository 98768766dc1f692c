//! The connection to the servers. It reconnects on its own, without limit; operations that need it wait for
//! [`APPEND_TIMEOUT`] after it was lost, then fail.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectOptions, Event};
use journal::{Cause, MAX_PAYLOAD_BYTES};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::config::{AddressCredentials, NatsConfig, TlsMode};
use crate::diagnostics::{Diagnostics, explain_connect_error};
use crate::error::to_cause;
use crate::headers::MAX_HEADER_BYTES;
use crate::timing::{
    APPEND_TIMEOUT, ELECTION_TIMEOUT, MAX_RECONNECT_DELAY, MIN_RECONNECT_DELAY, PING_INTERVAL,
    RESPONSE_TIMEOUT, RETRY_INTERVAL,
};

#[derive(Clone, Debug)]
pub(crate) struct NatsConnection {
    pub(crate) client: Client,
    pub(crate) jetstream: Context,
    down_since: watch::Receiver<Option<Instant>>,
    diagnostics: Arc<Diagnostics>,
}

impl NatsConnection {
    /// Makes one attempt to connect.
    pub(crate) async fn connect(
        config: &NatsConfig,
        max_ack_inflight: usize,
    ) -> Result<Self, Cause> {
        let (down, down_since) = watch::channel(None);
        let diagnostics = Arc::new(Diagnostics::default());
        let event_diagnostics = Arc::clone(&diagnostics);
        let attempt_diagnostics = Arc::clone(&diagnostics);
        let mut options = ConnectOptions::new()
            .name(config.prefix.as_str())
            .require_tls(config.tls == TlsMode::Required || config.servers.request_tls())
            .connection_timeout(APPEND_TIMEOUT)
            .ping_interval(PING_INTERVAL)
            .max_reconnects(None)
            .reconnect_delay_callback(reconnect_delay)
            .event_callback(move |event| {
                handle_event(&down, &event_diagnostics, &event);
                std::future::ready(())
            })
            // Returns `None`, so the library chooses the server as usual. Only this callback receives the
            // errors of all attempts.
            .reconnect_to_server_callback(move |servers, _| {
                attempt_diagnostics.record_failed_attempts(&servers);
                std::future::ready(None)
            });
        if let Some(file) = &config.credentials {
            options = options.credentials_file(file).await.map_err(to_cause)?;
        } else if let Some(user) = config.servers.user() {
            // async-nats does not use credentials in an address, so pass them as options.
            options = match user {
                AddressCredentials::Password { name, password } => {
                    options.user_and_password(name, password)
                }
                AddressCredentials::Token(token) => options.token(token),
            };
        }
        if let Some(file) = &config.ca_file {
            options = options.add_root_certificates(file.clone());
        }
        let connected = options.connect(config.servers.addresses()).await;
        let client = connected.map_err(|e| to_cause(explain_connect_error(&e.to_string())))?;
        let jetstream = jetstream::ContextBuilder::new()
            .timeout(RESPONSE_TIMEOUT)
            .max_ack_inflight(max_ack_inflight)
            .build(client.clone());
        Ok(NatsConnection { client, jetstream, down_since, diagnostics })
    }

    /// The servers' payload limit minus the headers, at most [`MAX_PAYLOAD_BYTES`].
    pub(crate) fn max_payload_bytes(&self) -> usize {
        let server_limit = self.client.max_payload();
        server_limit.saturating_sub(MAX_HEADER_BYTES).min(MAX_PAYLOAD_BYTES)
    }

    /// Waits for the connection, until it has been down for [`APPEND_TIMEOUT`].
    pub(crate) async fn wait_connected(&self) -> Result<(), Cause> {
        let mut down = self.down_since.clone();
        let Some(since) = *down.borrow_and_update() else { return Ok(()) };
        let reconnected =
            tokio::time::timeout_at(since + APPEND_TIMEOUT, down.wait_for(Option::is_none)).await;
        match reconnected {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(self.diagnostics.disconnected()),
        }
    }

    /// Adds a recent error message of the server to the cause of a failure.
    pub(crate) fn explain(&self, cause: Cause) -> Cause {
        self.diagnostics.explain(cause)
    }

    /// Repeats a request until it succeeds or [`ELECTION_TIMEOUT`] is over: the leader of the stream may
    /// just be elected.
    pub(crate) async fn retry<T, F: Future<Output = Result<T, Cause>>>(
        &self,
        request: impl Fn() -> F,
    ) -> Result<T, Cause> {
        let window = self.retry_window();
        loop {
            self.wait_connected().await?;
            match request().await {
                Err(_) if window.retries().await => {}
                outcome => return outcome,
            }
        }
    }

    pub(crate) fn retry_window(&self) -> RetryWindow<'_> {
        RetryWindow { diagnostics: &self.diagnostics, since: Instant::now() }
    }
}

/// The time within which a request is repeated.
pub(crate) struct RetryWindow<'a> {
    diagnostics: &'a Diagnostics,
    since: Instant,
}

impl RetryWindow<'_> {
    /// Returns true after a delay if the request should be repeated; false when the window is over, or the
    /// server denied the user permission meanwhile.
    pub(crate) async fn retries(&self) -> bool {
        let in_time = self.since.elapsed() < ELECTION_TIMEOUT;
        let retries = in_time && !self.diagnostics.denied_since(self.since);
        if retries {
            tokio::time::sleep(RETRY_INTERVAL).await;
        }
        retries
    }
}

fn handle_event(down: &watch::Sender<Option<Instant>>, diagnostics: &Diagnostics, event: &Event) {
    match event {
        Event::Connected => {
            diagnostics.clear_failed_attempts();
            if down.send_replace(None).is_some() {
                tracing::info!("reconnected to a NATS server");
            }
        }
        Event::Disconnected => {
            tracing::warn!("lost the connection to the NATS server");
            down.send_if_modified(|since| {
                since.replace(since.unwrap_or_else(Instant::now)).is_none()
            });
        }
        Event::ServerError(error) => diagnostics.record_server_error(error),
        // A slow consumer finds the gap in its deliveries and reads again.
        other => tracing::debug!("{other}"),
    }
}

/// Doubles with each attempt, with jitter, so that replicas do not all reconnect at once.
fn reconnect_delay(attempts: usize) -> Duration {
    let doubled = MIN_RECONNECT_DELAY * 2_u32.pow(attempts.min(MAX_DOUBLINGS) as u32);
    doubled.min(MAX_RECONNECT_DELAY).mul_f64(rand::random_range(0.5..1.0))
}

const MAX_DOUBLINGS: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reconnect_delay_grows_to_its_maximum() {
        assert!(reconnect_delay(0) <= MIN_RECONNECT_DELAY);
        for attempts in [7, 100, usize::MAX] {
            let delay = reconnect_delay(attempts);
            assert!((MAX_RECONNECT_DELAY / 2..=MAX_RECONNECT_DELAY).contains(&delay), "{delay:?}");
        }
    }
}
