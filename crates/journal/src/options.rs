//! What whoever opens a journal may choose.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::UnixMillis;

/// Choices at opening. By default everything is kept.
#[derive(Clone, Debug, Default)]
pub struct JournalOptions {
    /// Records older than this are let go.
    pub keep: Option<Duration>,
    /// The oldest records are let go while more bytes than this are in use. In a file these are
    /// its used pages, so indexes and checkpoints count too; its write-ahead log does not.
    pub keep_bytes: Option<u64>,
    /// The most that may ever be in use. Appends beyond it are refused until retention has made
    /// room, which it does only behind the oldest checkpoint.
    pub max_bytes: Option<u64>,
    /// Where the time comes from.
    pub clock: Clock,
}

/// Tells the time. Replaceable, so that tests need not wait.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> UnixMillis + Send + Sync>);

impl Clock {
    /// A clock that asks `now` each time.
    pub fn new(now: impl Fn() -> UnixMillis + Send + Sync + 'static) -> Self {
        Clock(Arc::new(now))
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> UnixMillis {
        (self.0)()
    }
}

impl Default for Clock {
    /// The system's clock.
    fn default() -> Self {
        Clock::new(|| SystemTime::now().into())
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
