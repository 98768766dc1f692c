//! The connection to the servers. It comes back by itself, for ever; whoever needs it now learns how long
//! it has been away.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectOptions, Event};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::fault::because;
use crate::not_connected::{Heard, words};
use crate::place::{Place, Tls, User};
use crate::stamp::MAX_HEADER_BYTES;
use journal::{Cause, MAX_PAYLOAD_BYTES};

/// How long an append waits for its answer, and anything for a connection that was lost. Then it is refused.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// How long anything else is asked again. A server that leads no more is missed for 4 to 9 seconds before
/// another one stands for election (`server/raft.go` of NATS 2.9 to 2.12), and it may take two.
pub const ELECTED_WITHIN: Duration = Duration::from_secs(20);

/// The longest wait between two attempts to connect.
pub const MAX_RECONNECT_WAIT: Duration = Duration::from_secs(4);

/// How long a single answer may take before the question is put again.
pub(crate) const ANSWER_WAIT: Duration = Duration::from_secs(2);

#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) client: Client,
    pub(crate) jetstream: Context,
    down_since: watch::Receiver<Option<Instant>>,
    heard: Arc<Heard>,
}

impl Link {
    /// Connects, or says why not.
    pub(crate) async fn connect(place: &Place, in_flight: usize) -> Result<Self, Cause> {
        let (down, down_since) = watch::channel(None);
        let heard = Arc::new(Heard::default());
        let (hears_events, hears_attempts) = (Arc::clone(&heard), Arc::clone(&heard));
        let mut options = ConnectOptions::new()
            .name(place.prefix.as_str())
            .require_tls(place.tls == Tls::Required || place.servers.want_tls())
            .connection_timeout(PATIENCE)
            .ping_interval(PING)
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
        if let Some(file) = &place.credentials {
            options = options.credentials_file(file).await.map_err(because)?;
        } else if let Some(user) = place.servers.user() {
            // The library leaves it in the address, and unused.
            options = match user {
                User::Named { name, password } => options.user_and_password(name, password),
                User::Token(token) => options.token(token),
            };
        }
        if let Some(file) = &place.authorities {
            options = options.add_root_certificates(file.clone());
        }
        let connected = options.connect(place.servers.addresses()).await;
        let client = connected.map_err(|e| because(words(&e.to_string())))?;
        let jetstream = jetstream::ContextBuilder::new()
            .timeout(ANSWER_WAIT)
            .max_ack_inflight(in_flight)
            .build(client.clone());
        Ok(Link { client, jetstream, down_since, heard })
    }

    /// What the servers take beside the headers, or less.
    pub(crate) fn max_payload_bytes(&self) -> usize {
        let servers = self.client.max_payload();
        servers.saturating_sub(MAX_HEADER_BYTES).min(MAX_PAYLOAD_BYTES)
    }

    /// Returns at once where there is a connection; else waits for one until it has been away for
    /// [`PATIENCE`].
    pub(crate) async fn up(&self) -> Result<(), Cause> {
        let mut down = self.down_since.clone();
        let Some(since) = *down.borrow_and_update() else { return Ok(()) };
        let back = tokio::time::timeout_at(since + PATIENCE, down.wait_for(Option::is_none)).await;
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
    pub(crate) async fn patiently<T, F: Future<Output = Result<T, Cause>>>(
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

    pub(crate) fn patience(&self) -> Patience<'_> {
        Patience { heard: &self.heard, since: Instant::now() }
    }
}

/// Of one who asks until there is an answer.
pub(crate) struct Patience<'a> {
    heard: &'a Heard,
    since: Instant,
}

impl Patience<'_> {
    /// Whether to ask again, after a pause. It is of no use where the server says that the user may not.
    pub(crate) async fn again(&self) -> bool {
        let again = self.since.elapsed() < ELECTED_WITHIN && !self.heard.denied_since(self.since);
        if again {
            tokio::time::sleep(PAUSE).await;
        }
        again
    }
}

fn notice(down: &watch::Sender<Option<Instant>>, heard: &Heard, event: &Event) {
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
    let doubled = FIRST_RECONNECT_WAIT * 2_u32.pow(attempts.min(MOST_DOUBLINGS) as u32);
    doubled.min(MAX_RECONNECT_WAIT).mul_f64(rand::random_range(0.5..1.0))
}

const FIRST_RECONNECT_WAIT: Duration = Duration::from_millis(50);

/// How long to wait before what was not taken is sent again, or what was not answered is asked again.
pub(crate) const PAUSE: Duration = Duration::from_millis(50);

const MOST_DOUBLINGS: usize = 10;

/// How often a silent connection is tried, so that one that was cut without a word is noticed.
const PING: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_between_attempts_grow_to_their_bound() {
        assert!(reconnect_wait(0) <= FIRST_RECONNECT_WAIT);
        for attempts in [7, 100, usize::MAX] {
            let wait = reconnect_wait(attempts);
            assert!((MAX_RECONNECT_WAIT / 2..=MAX_RECONNECT_WAIT).contains(&wait), "{wait:?}");
        }
    }
}
