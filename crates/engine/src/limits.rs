//! The limits of one engine.

use flight::StateLimits;

/// Most updates per second of a publisher with a credential, by default.
pub const PUBLISH_RATE: u32 = 1_000;

/// Most bytes of encoded rows that slow readers hold, by default.
pub const SNAPSHOT_BYTES: usize = 64 * 1024 * 1024;

/// Most bytes of recent events in the windows of all boards, by default.
pub const MAX_WINDOW_BYTES: usize = 256 * 1024 * 1024;

/// Limits of one engine, which other replicas need not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineLimits {
    /// Limits of the boards, checked before an update is written.
    pub state: StateLimits,
    /// Most updates per second of a publisher with a credential; 0 sets no limit.
    pub publish_rate: u32,
    /// Most bytes of encoded rows that slow readers hold.
    pub snapshot_bytes: usize,
    /// Bytes of recent events in the windows of all boards, above which boards that change keep an equal share.
    pub max_window_bytes: usize,
}

impl Default for EngineLimits {
    fn default() -> Self {
        Self {
            state: StateLimits::default(),
            publish_rate: PUBLISH_RATE,
            snapshot_bytes: SNAPSHOT_BYTES,
            max_window_bytes: MAX_WINDOW_BYTES,
        }
    }
}
