//! Progress on standard error: a bar on a terminal, otherwise a line every few seconds.

use std::cell::Cell;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::stderr;

const LINE_INTERVAL: Duration = Duration::from_secs(5);

const BAR_TEMPLATE: &str = "{msg} {wide_bar} {human_pos}/{human_len} {elapsed}, {eta} left";

/// Shows the progress of one phase until it is dropped.
pub(super) struct CopyProgress {
    label: &'static str,
    total: u64,
    bar: Option<ProgressBar>,
    done: Cell<u64>,
    last_line: Cell<Instant>,
}

impl CopyProgress {
    /// Starts with none of `total` records done.
    pub(super) fn start(label: &'static str, total: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template(BAR_TEMPLATE).expect("the template is valid");
            ProgressBar::new(total).with_style(style).with_message(label)
        });
        Self { label, total, bar, done: Cell::default(), last_line: Cell::new(Instant::now()) }
    }

    /// Sets the number of records done.
    pub(super) fn show(&self, done: u64) {
        self.done.set(done);
        if let Some(bar) = &self.bar {
            bar.set_position(done);
        } else if self.last_line.get().elapsed() >= LINE_INTERVAL {
            self.last_line.set(Instant::now());
            stderr::write(&format!("{}: {done} of {} records\n", self.label, self.total));
        }
    }

    /// Adds to the number of records done.
    pub(super) fn add(&self, done: u64) {
        self.show(self.done.get() + done);
    }
}

impl Drop for CopyProgress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
