//! Bounds the log: a place in the code that logs again and again is silent for a while. So no peer fills a disk.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tracing::callsite::Identifier;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use super::message_line;
use crate::stderr;

/// Most lines of one place in the code within [`LIMIT_INTERVAL`].
const MAX_LINES: u64 = 100;

/// The interval for which lines are counted.
const LIMIT_INTERVAL: Duration = Duration::from_secs(60);

static SUPPRESSED_LINES: AtomicU64 = AtomicU64::new(0);

/// Leaves out lines beyond [`MAX_LINES`]. Those that only a filter of the operator lets through, at the levels debug and
/// trace, have no limit.
#[derive(Default)]
pub(super) struct LineLimit {
    /// By the place of the line: as many entries as the program has such places.
    counts: Mutex<HashMap<Identifier, LineCount>>,
}

/// The lines of one place in the current interval.
struct LineCount {
    started_at: Instant,
    lines: u64,
}

/// The number of lines left out since the program started.
pub(crate) fn suppressed_lines() -> u64 {
    SUPPRESSED_LINES.load(Ordering::Relaxed)
}

impl<S: Subscriber> Layer<S> for LineLimit {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let metadata = event.metadata();
        if *metadata.level() > Level::INFO {
            return true;
        }
        let now = Instant::now();
        let mut counts = self.counts.lock();
        let count = counts.entry(metadata.callsite()).or_insert_with(|| LineCount::new(now));
        if let Some(suppressed) = count.restart_if_due(now) {
            let notice = format!("{suppressed} lines like the next one were left out");
            stderr::write(&message_line(*metadata.level(), &notice));
        }
        let is_within = count.add();
        if !is_within {
            SUPPRESSED_LINES.fetch_add(1, Ordering::Relaxed);
        }
        is_within
    }
}

impl LineCount {
    fn new(now: Instant) -> Self {
        Self { started_at: now, lines: 0 }
    }

    /// Begins another interval if the current one is over. Returns the number of lines left out in it, if any.
    fn restart_if_due(&mut self, now: Instant) -> Option<u64> {
        if now.duration_since(self.started_at) < LIMIT_INTERVAL {
            return None;
        }
        let suppressed = self.lines.saturating_sub(MAX_LINES);
        *self = Self::new(now);
        (suppressed > 0).then_some(suppressed)
    }

    /// Counts a line and returns whether it is within the limit.
    fn add(&mut self) -> bool {
        self.lines += 1;
        self.lines <= MAX_LINES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_lines_are_left_out() {
        let start = Instant::now();
        let mut count = LineCount::new(start);
        for at in 0..3 * MAX_LINES {
            let just_before_the_end = start + LIMIT_INTERVAL - Duration::from_nanos(1);
            assert_eq!(count.restart_if_due(just_before_the_end), None);
            assert_eq!(count.add(), at < MAX_LINES, "{at}");
        }
        assert_eq!(count.restart_if_due(start + LIMIT_INTERVAL), Some(2 * MAX_LINES));
        assert!(count.add());
        assert_eq!(count.restart_if_due(start + 2 * LIMIT_INTERVAL), None);
    }
}
