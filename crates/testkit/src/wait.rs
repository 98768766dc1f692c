//! Polling for a condition instead of sleeping.

use std::thread;
use std::time::{Duration, Instant};

/// Far above the time that a loaded machine needs: only a fault takes longer.
pub const WAIT_TIMEOUT: Duration = Duration::from_secs(30);

const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Polls until `poll` returns a value; panics with `condition` after `timeout`.
pub fn wait_until<T>(condition: &str, timeout: Duration, mut poll: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + timeout;
    loop {
        if let Some(value) = poll() {
            return value;
        }
        assert!(Instant::now() < deadline, "{condition}: not within {timeout:?}");
        thread::sleep(POLL_INTERVAL);
    }
}
