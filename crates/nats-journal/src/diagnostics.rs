//! Explains connection and permission failures to the operator. async-nats reports these errors in
//! callbacks, not to the operation that fails because of them.

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_nats::{Server, ServerError};
use journal::Cause;
use tokio::time::Instant;

use crate::error::to_cause;
use crate::timing::APPEND_TIMEOUT;

/// The errors last reported by the servers and by attempts to connect.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics(Mutex<DiagnosticState>);

#[derive(Debug, Default)]
struct DiagnosticState {
    /// The errors of failed attempts since the last connection.
    failed_attempts: Option<String>,
    /// The last error message of the connected server, with its time.
    server_error: Option<(Instant, String)>,
    /// The last time that the server reported a missing permission.
    denied_at: Option<Instant>,
    logged_at: Option<Instant>,
}

impl Diagnostics {
    /// `Server::last_error` is the error of the last attempt, `None` if that attempt succeeded.
    pub(crate) fn record_failed_attempts(&self, servers: &[Server]) {
        let mut attempts = String::new();
        let failed =
            servers.iter().filter_map(|server| Some((server, server.last_error.as_ref()?)));
        for (server, error) in failed.take(MAX_SERVERS_SHOWN) {
            let separator = if attempts.is_empty() { "" } else { "; " };
            let (host, port) = (server.addr.host(), server.addr.port());
            let explained = explain_connect_error(error);
            // Writing to a `String` cannot fail.
            let _ = write!(attempts, "{separator}{host}:{port}: {explained}");
        }
        let mut state = self.state();
        if !attempts.is_empty() && state.failed_attempts.as_ref() != Some(&attempts) {
            tracing::warn!("not connected to any NATS server: {attempts}");
            state.failed_attempts = Some(attempts);
        }
    }

    pub(crate) fn clear_failed_attempts(&self) {
        self.state().failed_attempts = None;
    }

    /// Records an error that the server sent unasked, not as a response.
    pub(crate) fn record_server_error(&self, error: &ServerError) {
        let mut state = self.state();
        let now = Instant::now();
        if state.logged_at.is_none_or(|logged| now - logged >= LOG_INTERVAL) {
            tracing::warn!("error from the NATS server: {error}");
            state.logged_at = Some(now);
        } else {
            tracing::debug!("error from the NATS server: {error}");
        }
        let text = error.to_string();
        if text.to_lowercase().contains(PERMISSIONS_VIOLATION) {
            state.denied_at = Some(now);
        }
        state.server_error = Some((now, text));
    }

    pub(crate) fn denied_since(&self, since: Instant) -> bool {
        self.state().denied_at.is_some_and(|denied| denied >= since)
    }

    /// The cause of a failure for lack of a connection.
    pub(crate) fn disconnected(&self) -> Cause {
        match &self.state().failed_attempts {
            Some(attempts) => to_cause(format!("not connected to any server: {attempts}")),
            None => to_cause("not connected to any server"),
        }
    }

    /// Adds the last server error to the cause of a failure, if it is recent.
    pub(crate) fn explain(&self, cause: Cause) -> Cause {
        match &self.state().server_error {
            Some((at, error)) if at.elapsed() < MAX_SERVER_ERROR_AGE => {
                to_cause(format!("{cause}; error from the server: {error}"))
            }
            _ => cause,
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, DiagnosticState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts an explanation before the library's message. It matches on text, because the library keeps only
/// the text of an error that ended a connection.
pub(crate) fn explain_connect_error(error: &str) -> String {
    let known = EXPLANATIONS.iter().find(|(pattern, _)| error.contains(pattern));
    known.map_or_else(|| error.to_owned(), |(_, explanation)| format!("{explanation} ({error})"))
}

const UNKNOWN_CA: &str = "its certificate is not signed by a known CA";

const CLIENT_CERTIFICATE: &str = "it requires a client certificate, which is not supported";

const EXPLANATIONS: [(&str, &str); 9] = [
    ("authorization violation", "the user is unknown, or credentials are missing or wrong"),
    ("UnknownIssuer", UNKNOWN_CA),
    // The CA has the name of a known one and another key.
    ("BadSignature", UNKNOWN_CA),
    ("not valid for name", "its certificate is for another host name"),
    ("alert: CertificateRequired", CLIENT_CERTIFICATE),
    // The alert of older servers.
    ("alert: BadCertificate", CLIENT_CERTIFICATE),
    ("InvalidContentType", "TLS was requested, but the server does not use it"),
    ("failed to lookup address", "its host name does not resolve"),
    ("timed out", "it did not respond in time"),
];

/// Text of the server's error for a missing permission, in lower case.
const PERMISSIONS_VIOLATION: &str = "permissions violation";

/// Maximum number of servers in a message: those of a large cluster usually fail alike.
const MAX_SERVERS_SHOWN: usize = 3;

/// Minimum interval between two warnings: a server may repeat an error at every request.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// Maximum age of a server error that may explain a failure.
const MAX_SERVER_ERROR_AGE: Duration = APPEND_TIMEOUT.saturating_mul(2);
