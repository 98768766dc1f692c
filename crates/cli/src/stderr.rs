//! Standard error: log lines, messages and progress, written by a thread of its own.
//!
//! Standard error may be a file on a full disk, a pipe that has lost its reader, or a stopped terminal. No other
//! thread waits for it, and none fails with it: their lines wait here, and this thread repeats a failed write until
//! it succeeds. Beyond [`MAX_WAITING_BYTES`] it drops and counts lines. So nothing else in the program may write to
//! standard error; it would wait for the lock that a blocked write holds.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, Write};
use std::panic::{self, PanicHookInfo};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing::Level;

use crate::log;

/// Maximum bytes of lines that wait while earlier ones are written.
const MAX_WAITING_BYTES: usize = 1024 * 1024;

/// Wait after a failed write.
const RETRY_INTERVAL: Duration = Duration::from_millis(500);

/// Maximum time that the end of the program waits for its last lines to be written.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

static QUEUE: LineQueue =
    LineQueue { state: Mutex::new(WaitingText::EMPTY), changed: Condvar::new() };

/// Lines on their way to the thread.
struct LineQueue {
    state: Mutex<WaitingText>,
    changed: Condvar,
}

struct WaitingText {
    waiting: Vec<u8>,
    /// True while the thread writes the lines that it has taken.
    writing: bool,
    /// Lines dropped since the thread last took some.
    dropped: u64,
    dropped_total: u64,
}

/// Starts the thread. Lines written before wait for it.
///
/// # Errors
/// The kernel refuses a thread.
pub(crate) fn start() -> io::Result<()> {
    let thread = thread::Builder::new().name("stderr".into());
    thread.spawn(|| {
        loop {
            write_out(&QUEUE.take());
        }
    })?;
    Ok(())
}

/// Writes text as it is, such as whole lines.
pub(crate) fn write(text: &str) {
    QUEUE.push(text.as_bytes());
}

/// Waits until all text is written, but not for a blocked or failing standard error.
pub(crate) fn flush() {
    QUEUE.wait_until_written(FLUSH_TIMEOUT);
}

/// The number of dropped log lines since the program started.
pub(crate) fn dropped_lines() -> u64 {
    QUEUE.lock().dropped_total
}

/// Logs panics like other errors. The default hook would write to standard error itself.
pub(crate) fn log_panics() {
    panic::set_hook(Box::new(|info| {
        log_panic(info);
        // A panic of the main thread ends the program.
        if thread::current().name() == Some("main") {
            flush();
        }
    }));
}

fn log_panic(info: &PanicHookInfo<'_>) {
    let thread = thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    let text = info.payload_as_str().unwrap_or("not a text");
    let location = info.location().map(ToString::to_string).unwrap_or_default();
    let backtrace = Backtrace::capture();
    match backtrace.status() {
        BacktraceStatus::Captured => {
            tracing::error!("thread {thread} panicked at {location}: {text}\n{backtrace}");
        }
        _ => tracing::error!("thread {thread} panicked at {location}: {text}"),
    }
}

/// One log line. A write never fails.
pub(crate) struct LogLine;

impl Write for LogLine {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        QUEUE.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl WaitingText {
    const EMPTY: Self = Self { waiting: Vec::new(), writing: false, dropped: 0, dropped_total: 0 };
}

impl LineQueue {
    fn push(&self, line: &[u8]) {
        let mut state = self.lock();
        // After a dropped line all others are dropped too, so that the notice about them is in the right place.
        if state.dropped > 0 || state.waiting.len() + line.len() > MAX_WAITING_BYTES {
            state.dropped += 1;
            state.dropped_total += 1;
            return;
        }
        state.waiting.extend_from_slice(line);
        drop(state);
        self.changed.notify_all();
    }

    /// Waits for text, and takes all of it. Ends it with the number of dropped lines, if any.
    fn take(&self) -> Vec<u8> {
        let mut state = self.lock();
        state.writing = false;
        self.changed.notify_all();
        let is_empty = |state: &mut WaitingText| state.waiting.is_empty();
        let waited = self.changed.wait_while(state, is_empty);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        state.writing = true;
        let mut text = std::mem::take(&mut state.waiting);
        let dropped = std::mem::take(&mut state.dropped);
        if dropped > 0 {
            let notice = format!("{dropped} log lines dropped: standard error was full or blocked");
            text.extend_from_slice(log::message_line(Level::WARN, &notice).as_bytes());
        }
        text
    }

    fn wait_until_written(&self, timeout: Duration) {
        let is_pending = |state: &mut WaitingText| state.writing || !state.waiting.is_empty();
        let _ = self.changed.wait_timeout_while(self.lock(), timeout, is_pending);
    }

    fn lock(&self) -> MutexGuard<'_, WaitingText> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Repeats failed writes: a disk may get space, and a named pipe another reader.
fn write_out(mut text: &[u8]) {
    while !text.is_empty() {
        match io::stderr().write(text) {
            Ok(written) if written > 0 => text = &text[written..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(_) | Err(_) => thread::sleep(RETRY_INTERVAL),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_lines_are_bounded_and_counted() {
        let queue = LineQueue { state: Mutex::new(WaitingText::EMPTY), changed: Condvar::new() };
        let line = "x".repeat(MAX_WAITING_BYTES / 2 - 1) + "\n";
        for _ in 0..5 {
            queue.push(line.as_bytes());
        }
        queue.push(b"short\n");
        let text = String::from_utf8(queue.take()).unwrap();
        assert_eq!(text.matches('x').count(), 2 * (line.len() - 1));
        assert!(text.contains("flightboard: 4 log lines dropped"), "the notice is missing");
        assert!(!text.contains("short"), "lines after a dropped one are dropped too");
        queue.push(b"later\n");
        assert_eq!((queue.take(), queue.lock().dropped_total), (b"later\n".to_vec(), 4));
    }

    #[test]
    fn flush_time_is_bounded() {
        let queue = LineQueue { state: Mutex::new(WaitingText::EMPTY), changed: Condvar::new() };
        queue.push(b"never written\n");
        queue.wait_until_written(Duration::from_millis(1));
        assert_eq!(queue.take(), b"never written\n");
    }
}
