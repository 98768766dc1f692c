//! Why there is no connection, or one on which a user may not do what it has to, in words for who can
//! mend it. The library tells it in a few places, and each where nobody waits for it.

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_nats::{Server, ServerError};
use journal::Cause;
use tokio::time::Instant;

use crate::error::to_cause;
use crate::timing::APPEND_TIMEOUT;

/// What was heard of servers that did not do what they were asked for.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics(Mutex<Last>);

#[derive(Debug, Default)]
struct Last {
    /// Why the servers could not be connected to, since there was a connection.
    refusal: Option<String>,
    /// What the connected one said by itself, and when.
    said: Option<(Instant, String)>,
    /// When it last said so of what the user may not.
    denied: Option<Instant>,
    logged: Option<Instant>,
}

impl Diagnostics {
    /// Each server has the error of the last attempt, where that failed.
    pub(crate) fn not_connected(&self, servers: &[Server]) {
        let mut refusal = String::new();
        let failed =
            servers.iter().filter_map(|server| Some((server, server.last_error.as_ref()?)));
        for (server, error) in failed.take(SERVERS_TOLD) {
            let gap = if refusal.is_empty() { "" } else { "; " };
            let (host, port) = (server.addr.host(), server.addr.port());
            // Writing to a string does not fail.
            let _ = write!(refusal, "{gap}{host}:{port}: {}", words(error));
        }
        let mut last = self.last();
        if !refusal.is_empty() && last.refusal.as_ref() != Some(&refusal) {
            tracing::warn!("no NATS server is connected: {refusal}");
            last.refusal = Some(refusal);
        }
    }

    pub(crate) fn connected(&self) {
        self.last().refusal = None;
    }

    /// The server says so by itself, and not as an answer: who asked learns nothing.
    pub(crate) fn said(&self, error: &ServerError) {
        let (mut last, now) = (self.last(), Instant::now());
        if last.logged.is_none_or(|logged| now - logged >= LOGGED_EVERY) {
            tracing::warn!("the NATS server says: {error}");
            last.logged = Some(now);
        } else {
            tracing::debug!("the NATS server says: {error}");
        }
        let text = error.to_string();
        if text.to_lowercase().contains(DENIED) {
            last.denied = Some(now);
        }
        last.said = Some((now, text));
    }

    pub(crate) fn denied_since(&self, since: Instant) -> bool {
        self.last().denied.is_some_and(|denied| denied >= since)
    }

    pub(crate) fn why_not_connected(&self) -> Cause {
        match &self.last().refusal {
            Some(refusal) => to_cause(format!("no server is connected: {refusal}")),
            None => to_cause("no server is connected"),
        }
    }

    /// The cause of a failure, with what the server said meanwhile.
    pub(crate) fn explain(&self, cause: Cause) -> Cause {
        match &self.last().said {
            Some((at, said)) if at.elapsed() < MEANWHILE => {
                to_cause(format!("{cause}; the server says: {said}"))
            }
            _ => cause,
        }
    }

    fn last(&self) -> std::sync::MutexGuard<'_, Last> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a connection was refused, before what the library says of it. Of a connection that was lost it tells
/// only a text.
pub(crate) fn words(error: &str) -> String {
    let known = WORDS.iter().find(|(sign, _)| error.contains(sign));
    known.map_or_else(|| error.to_owned(), |(_, words)| format!("{words} ({error})"))
}

const NO_AUTHORITY: &str = "its certificate is of no authority that is known here";

const NO_CLIENT: &str = "it wants a certificate of its clients, and none can be shown";

const WORDS: [(&str, &str); 9] = [
    ("authorization violation", "it does not let the user in, or wants credentials"),
    ("UnknownIssuer", NO_AUTHORITY),
    // Of one with the same name.
    ("BadSignature", NO_AUTHORITY),
    ("not valid for name", "its certificate is for other names"),
    ("alert: CertificateRequired", NO_CLIENT),
    // Of older servers.
    ("alert: BadCertificate", NO_CLIENT),
    ("InvalidContentType", "it was asked for TLS and has none"),
    ("failed to lookup address", "its name is not known"),
    ("timed out", "it did not answer in time"),
];

/// What a server says of a right that is missing, in some spelling.
const DENIED: &str = "permissions violation";

/// Of a large cluster the first ones say enough.
const SERVERS_TOLD: usize = 3;

/// The same may be refused again and again.
const LOGGED_EVERY: Duration = Duration::from_secs(10);

/// What was said longer ago has nothing to do with what fails now.
const MEANWHILE: Duration = APPEND_TIMEOUT.saturating_mul(2);
