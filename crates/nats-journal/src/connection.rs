//! The connection to the servers. It comes back by itself, for ever; whoever needs it now learns how long
//! it has been away.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectOptions, Event};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::config::{NatsConfig, NatsUser, TlsMode};
use crate::diagnostics::{Diagnostics, words};
use crate::error::to_cause;
use crate::headers::MAX_HEADER_BYTES;
use crate::timing::{
    APPEND_TIMEOUT, ELECTION_TIMEOUT, MAX_RECONNECT_DELAY, MIN_RECONNECT_DELAY, PING_INTERVAL,
    RESPONSE_TIMEOUT, RETRY_INTERVAL,
};
use journal::{Cause, MAX_PAYLOAD_BYTES};

#[derive(Clone, Debug)]
pub(crate) struct NatsConnection {
    pub(crate) client: Client,
    pub(crate) jetstream: Context,
    down_since: watch::Receiver<Option<Instant>>,
    heard: Arc<Diagnostics>,
}

impl NatsConnection {
    /// Connects, or says why not.
    pub(crate) async fn connect(config: &NatsConfig, in_flight: usize) -> Result<Self, Cause> {
        let (down, down_since) = watch::channel(None);
        let heard = Arc::new(Diagnostics::default());
        let (hears_events, hears_attempts) = (Arc::clone(&heard), Arc::clone(&heard));
        let mut options = ConnectOptions::new()
            .name(config.prefix.as_str())
            .require_tls(config.tls == TlsMode::Required || config.servers.want_tls())
            .connection_timeout(APPEND_TIMEOUT)
            .ping_interval(PING_INTERVAL)
            .max_reconnects(None)
            .reconnect_delay_callback(reconnect_wait)
            .event_callback(move |event| {
                notice(&down, &hears_events, &event);
                std::future::ready(())
            })
            // It chooses none: it is the one place where the errors of all attempts are told.
            .reconnect_to_server_callback(move |servers, _| {
                hears_attempts.not_connected(&servers);
                std::future::ready(None)
            });
        if let Some(file) = &config.credentials {
            options = options.credentials_file(file).await.map_err(to_cause)?;
        } else if let Some(user) = config.servers.user() {
            // The library leaves it in the address, and unused.
            options = match user {
                NatsUser::Named { name, password } => options.user_and_password(name, password),
                NatsUser::Token(token) => options.token(token),
            };
        }
        if let Some(file) = &config.ca_file {
            options = options.add_root_certificates(file.clone());
        }
        let connected = options.connect(config.servers.addresses()).await;
        let client = connected.map_err(|e| to_cause(words(&e.to_string())))?;
        let jetstream = jetstream::ContextBuilder::new()
            .timeout(RESPONSE_TIMEOUT)
            .max_ack_inflight(in_flight)
            .build(client.clone());
        Ok(NatsConnection { client, jetstream, down_since, heard })
    }

    /// What the servers take beside the headers, or less.
    pub(crate) fn max_payload_bytes(&self) -> usize {
        let servers = self.client.max_payload();
        servers.saturating_sub(MAX_HEADER_BYTES).min(MAX_PAYLOAD_BYTES)
    }

    /// Returns at once where there is a connection; else waits for one until it has been away for
    /// [`APPEND_TIMEOUT`].
    pub(crate) async fn up(&self) -> Result<(), Cause> {
        let mut down = self.down_since.clone();
        let Some(since) = *down.borrow_and_update() else { return Ok(()) };
        let back =
            tokio::time::timeout_at(since + APPEND_TIMEOUT, down.wait_for(Option::is_none)).await;
        match back {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(self.heard.why_not_connected()),
        }
    }

    /// The cause of a failure, with what is known of it besides.
    pub(crate) fn explain(&self, cause: Cause) -> Cause {
        self.heard.explain(cause)
    }

    /// Asks again until there is an answer: who leads a stream may just be elected.
    pub(crate) async fn retry<T, F: Future<Output = Result<T, Cause>>>(
        &self,
        ask: impl Fn() -> F,
    ) -> Result<T, Cause> {
        let patience = self.patience();
        loop {
            self.up().await?;
            match ask().await {
                Err(_) if patience.again().await => {}
                outcome => return outcome,
            }
        }
    }

    pub(crate) fn patience(&self) -> NatsRetry<'_> {
        NatsRetry { heard: &self.heard, since: Instant::now() }
    }
}

/// Of one who asks until there is an answer.
pub(crate) struct NatsRetry<'a> {
    heard: &'a Diagnostics,
    since: Instant,
}

impl NatsRetry<'_> {
    /// Whether to ask again, after a pause. It is of no use where the server says that the user may not.
    pub(crate) async fn again(&self) -> bool {
        let again = self.since.elapsed() < ELECTION_TIMEOUT && !self.heard.denied_since(self.since);
        if again {
            tokio::time::sleep(RETRY_INTERVAL).await;
        }
        again
    }
}

fn notice(down: &watch::Sender<Option<Instant>>, heard: &Diagnostics, event: &Event) {
    match event {
        Event::Connected => {
            heard.connected();
            if down.send_replace(None).is_some() {
                tracing::info!("a NATS server is connected again");
            }
        }
        Event::Disconnected => {
            tracing::warn!("the connection to the NATS server was lost");
            down.send_if_modified(|since| {
                since.replace(since.unwrap_or_else(Instant::now)).is_none()
            });
        }
        Event::ServerError(error) => heard.said(error),
        // Who could not keep up finds the gap, and reads again.
        other => tracing::debug!("{other}"),
    }
}

/// Doubles with each attempt, and differs for each, so that replicas do not come back all at once.
fn reconnect_wait(attempts: usize) -> Duration {
    let doubled = MIN_RECONNECT_DELAY * 2_u32.pow(attempts.min(MAX_DOUBLINGS) as u32);
    doubled.min(MAX_RECONNECT_DELAY).mul_f64(rand::random_range(0.5..1.0))
}

const MAX_DOUBLINGS: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_between_attempts_grow_to_their_bound() {
        assert!(reconnect_wait(0) <= MIN_RECONNECT_DELAY);
        for attempts in [7, 100, usize::MAX] {
            let wait = reconnect_wait(attempts);
            assert!((MAX_RECONNECT_DELAY / 2..=MAX_RECONNECT_DELAY).contains(&wait), "{wait:?}");
        }
    }
}
