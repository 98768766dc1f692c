//! Limits and timeouts of a server.

mod tls;

use std::time::Duration;

use engine::EngineLimits;
use history::HistorySettings;

use crate::access_settings::AccessSettings;
use crate::admin_settings::AdminAccess;
use crate::http::base_path::BasePath;
use crate::limits::ClientLimits;
use crate::origin_settings::OriginSettings;
use crate::webhook::Webhook;

pub use tls::TlsSettings;

/// Default number of connections for publishers and the page, on top of those of followers.
pub const SPARE_CONNECTIONS: usize = 1_000;

/// Most threads for followers, on a machine with many cores. Each has its own files and writes to
/// tens of thousands of followers.
pub const MAX_REACTOR_THREADS: usize = 16;

/// Settings of a server. The defaults are those of `flightboard serve`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// All URLs of the server are below this path.
    pub base_path: BasePath,
    /// The origins whose pages may call the API, and the hosts for which requests may publish.
    pub origins: OriginSettings,
    /// The rights to publish.
    pub access: AccessSettings,
    /// Bytes of recent frames kept for each board.
    pub window_bytes: usize,
    /// Limits of boards and publishers.
    pub engine_limits: EngineLimits,
    /// Where and how long changes are kept for requests about the past.
    pub history: HistorySettings,
    /// Most streams at once. Further followers get a long `retry`.
    pub max_followers: usize,
    /// Most streams that play the past at once. Further ones get a long `retry`.
    pub max_playbacks: usize,
    /// Connections on top of those of followers. Near the limit, idle connections are closed; at the
    /// limit, new connections wait in the listen backlog.
    pub spare_connections: usize,
    /// Longest time that a peer may accept no bytes before its connection is closed.
    pub stall_timeout: Duration,
    /// The longest that a shutdown may take.
    pub drain: Duration,
    /// Threads that write to followers' sockets; with 0, each follower has a task. Publishing needs
    /// the remaining cores: it would otherwise wait for these threads.
    pub reactor_threads: usize,
    /// The listeners that show metrics and reasons.
    pub admin_access: AdminAccess,
    /// Secret URLs to which sources push their answers.
    pub webhooks: Vec<Webhook>,
    /// Limits on one client.
    pub limits: ClientLimits,
    /// Makes these threads write to many sockets per syscall, if the kernel has io_uring.
    pub io_uring: bool,
    /// Settings of listeners that speak TLS.
    pub tls: TlsSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            base_path: BasePath::default(),
            origins: OriginSettings::default(),
            access: AccessSettings::default(),
            window_bytes: 8 * 1024 * 1024,
            engine_limits: EngineLimits::default(),
            history: HistorySettings::default(),
            max_followers: 15_000,
            max_playbacks: 50,
            spare_connections: SPARE_CONNECTIONS,
            stall_timeout: Duration::from_secs(300),
            drain: Duration::from_secs(10),
            reactor_threads: (cores() / 2).clamp(1, MAX_REACTOR_THREADS),
            admin_access: AdminAccess::default(),
            webhooks: Vec::new(),
            limits: ClientLimits::default(),
            io_uring: false,
            tls: TlsSettings::default(),
        }
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
