//! What an operator may choose.

use std::time::Duration;

use crate::cors::AllowedOrigin;

/// Connections besides those of followers, for publishers and the page.
pub const SPARE_CONNECTIONS: usize = 1_000;

/// Threads for followers on a machine with many cores: each has files of its own, and writes for
/// tens of thousands.
pub const MAX_REACTOR_THREADS: usize = 16;

/// Settings of a server; the defaults are those of `flightboard serve`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Pages of these origins may read and publish. None: only the server's own.
    pub allow_origins: Vec<AllowedOrigin>,
    /// Bytes of recent frames kept for each board.
    pub window_bytes: usize,
    /// Most streams at once; further ones are told to come back later.
    pub max_followers: usize,
    /// Connections besides those of followers. With all places taken, new ones wait unanswered.
    pub spare_connections: usize,
    /// How long a peer may take nothing of what it is sent before its connection is closed.
    pub stall_timeout: Duration,
    /// The longest that stopping may take.
    pub drain: Duration,
    /// Threads that write to followers' sockets. None: each follower has a task of its own. The
    /// cores that they leave are for publishing, which would otherwise wait for them.
    pub reactor_threads: usize,
    /// Whether they write to many sockets with one call, where the system has io_uring.
    pub io_uring: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            allow_origins: Vec::new(),
            window_bytes: 8 * 1024 * 1024,
            max_followers: 15_000,
            spare_connections: SPARE_CONNECTIONS,
            stall_timeout: Duration::from_secs(300),
            drain: Duration::from_secs(10),
            reactor_threads: (cores() / 2).clamp(1, MAX_REACTOR_THREADS),
            io_uring: false,
        }
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
