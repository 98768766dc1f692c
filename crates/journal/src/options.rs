//! Settings of a journal.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::UnixMillis;

/// Settings of a journal. By default it keeps all records.
#[derive(Clone, Debug, Default)]
pub struct JournalOptions {
    /// Prune records older than this.
    pub keep: Option<Duration>,
    /// Prune the oldest records while the journal uses more bytes than this. In a file these are the used pages:
    /// indexes and checkpoints count, the write-ahead log does not.
    pub keep_bytes: Option<u64>,
    /// The maximum bytes in use. The journal rejects appends beyond it until pruning has freed space, which is
    /// possible only before the oldest checkpoint.
    pub max_bytes: Option<u64>,
    /// The source of record times.
    pub clock: Clock,
}

/// A clock that tests can replace.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> UnixMillis + Send + Sync>);

impl Clock {
    /// Creates a clock that calls `now` for each reading.
    pub fn new(now: impl Fn() -> UnixMillis + Send + Sync + 'static) -> Self {
        Clock(Arc::new(now))
    }

    /// The current time.
    #[must_use]
    pub fn now(&self) -> UnixMillis {
        (self.0)()
    }
}

impl Default for Clock {
    /// The kernel's wall clock.
    fn default() -> Self {
        Clock::new(|| SystemTime::now().into())
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
