//! The settings of a follower.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use sse::DEFAULT_MAX_EVENT_BYTES;

/// Default of [`FollowOptions::silence_timeout`]: two heartbeat intervals of 15 s, and 5 s of slack.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(35);

/// Default of [`FollowOptions::first_wait`]: the longest usual `retry:` of the server.
const FIRST_WAIT: Duration = Duration::from_secs(5);

/// Default of [`FollowOptions::max_wait`].
const MAX_WAIT: Duration = Duration::from_secs(30);

/// Default of [`FollowOptions::connect_timeout`].
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Default of [`FollowOptions::max_rows`]: the limit of a server.
const MAX_ROWS: usize = 20_000;

/// Gives the token of the next request; `None` sends none.
pub type TokenProvider = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// The settings of a follower. Without `Debug`, which would print a token.
#[derive(Clone)]
pub struct FollowOptions {
    /// Asked before each request, so that a new token needs no new follower. The token is sent as `Authorization:
    /// Bearer` to the host of the board only, not to those to which it redirects. `None` sends none.
    pub token: Option<TokenProvider>,
    /// Certificates of authorities to trust, beside Mozilla's list and that of the machine.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// URL of an HTTP proxy. `None` takes those of the variables `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, but none
    /// for a server on this machine.
    pub proxy: Option<String>,
    /// Time for a connection, TLS included.
    pub connect_timeout: Duration,
    /// Time without an event after which a stream counts as broken. The server sends a heartbeat every 15 seconds.
    pub silence_timeout: Duration,
    /// Longest wait before the first attempt after a failure; the wait is random, from a fifth of it. It doubles with
    /// each attempt.
    pub first_wait: Duration,
    /// Longest wait before any attempt.
    pub max_wait: Duration,
    /// Largest event in bytes. A larger one counts as unreadable.
    pub max_event_bytes: usize,
    /// Largest number of rows. An event that exceeds it counts as unreadable.
    pub max_rows: usize,
}

impl Default for FollowOptions {
    fn default() -> Self {
        Self {
            token: None,
            extra_roots: Vec::new(),
            proxy: None,
            connect_timeout: CONNECT_TIMEOUT,
            silence_timeout: SILENCE_TIMEOUT,
            first_wait: FIRST_WAIT,
            max_wait: MAX_WAIT,
            max_event_bytes: DEFAULT_MAX_EVENT_BYTES,
            max_rows: MAX_ROWS,
        }
    }
}

impl FollowOptions {
    /// Sends this token with each request.
    #[must_use]
    pub fn with_token(mut self, token: impl Into<String>) -> Self {
        let token = token.into();
        self.token = Some(Arc::new(move || Some(token.clone())));
        self
    }
}
