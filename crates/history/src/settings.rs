use std::path::PathBuf;
use std::time::Duration;

/// Most bytes of an index in a file, by default: some three million changes.
pub const HISTORY_BYTES: u64 = 1024 * 1024 * 1024;

/// Most bytes of an index in memory, by default.
pub const MEMORY_HISTORY_BYTES: u64 = 64 * 1024 * 1024;

/// Settings of the history.
#[derive(Debug, Clone)]
pub struct HistorySettings {
    /// The file of the index; `None` keeps it in memory.
    pub file: Option<PathBuf>,
    /// The time for which changes are kept.
    pub keep: Duration,
    /// The bytes in use above which older changes are removed sooner.
    pub max_bytes: u64,
}

impl Default for HistorySettings {
    /// An index in memory.
    fn default() -> Self {
        let keep = Duration::from_secs(7 * 24 * 60 * 60);
        Self { file: None, keep, max_bytes: MEMORY_HISTORY_BYTES }
    }
}
