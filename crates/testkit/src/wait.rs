//! Waiting for a condition, never for a time.

use std::thread;
use std::time::{Duration, Instant};

/// Far above what a loaded machine needs: only what is broken takes so long.
pub const PATIENCE: Duration = Duration::from_secs(30);

const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Looks again and again until `look` finds something.
pub fn until<T>(what: &str, within: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + within;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: not within {within:?}");
        thread::sleep(LOOK_AGAIN);
    }
}
