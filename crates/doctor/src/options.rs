//! The settings of an examination.

use std::time::Duration;

use rustls::pki_types::CertificateDer;

use flightboard_client::BoardUrl;

/// Time to watch a stream by default: two heartbeats, which are 15 seconds apart, and some slack.
pub const DEFAULT_WATCH: Duration = Duration::from_secs(35);

/// Name of the board for canaries by default.
pub const DEFAULT_CANARY_BOARD: &str = "doctor";

/// The settings of an examination. Without `Debug`, which would print the token.
#[derive(Clone)]
pub struct DoctorOptions {
    /// The board to follow.
    pub url: BoardUrl,
    /// Time to watch the stream. `None` ends with the second heartbeat, and after [`DEFAULT_WATCH`] at the latest.
    pub watch: Option<Duration>,
    /// An origin whose pages are to read the board.
    pub origin: Option<String>,
    /// The token of a publisher or follower, sent only to the hosts of the two URLs.
    pub token: Option<String>,
    /// Where to publish canaries; `None` is the server of [`DoctorOptions::url`].
    pub publish_to: Option<BoardUrl>,
    /// The board for canaries, which the examination opens and closes.
    pub canary_board: String,
    /// Certificates of further authorities to trust.
    pub extra_roots: Vec<CertificateDer<'static>>,
}

impl DoctorOptions {
    /// The default settings.
    pub fn new(url: BoardUrl) -> Self {
        Self {
            url,
            watch: None,
            origin: None,
            token: None,
            publish_to: None,
            canary_board: DEFAULT_CANARY_BOARD.to_owned(),
            extra_roots: Vec::new(),
        }
    }
}
