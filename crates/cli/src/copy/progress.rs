//! How far it is: a bar on a terminal, a line now and then elsewhere. Both on standard error.

use std::cell::Cell;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// How often a line is written where there is no terminal.
const TOLD_EVERY: Duration = Duration::from_secs(5);

const STYLE: &str = "{msg} {wide_bar} {human_pos}/{human_len} {elapsed}, {eta} left";

/// Shows one part of the work until it is dropped.
pub(super) struct Progress {
    what: &'static str,
    whole: u64,
    bar: Option<ProgressBar>,
    done: Cell<u64>,
    told: Cell<Instant>,
}

impl Progress {
    /// Shows how many of `whole` records it is done with.
    pub(super) fn start(what: &'static str, whole: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template(STYLE).expect("the template is right");
            ProgressBar::new(whole).with_style(style).with_message(what)
        });
        Self { what, whole, bar, done: Cell::default(), told: Cell::new(Instant::now()) }
    }

    /// So many are done.
    pub(super) fn show(&self, done: u64) {
        self.done.set(done);
        if let Some(bar) = &self.bar {
            bar.set_position(done);
        } else if self.told.get().elapsed() >= TOLD_EVERY {
            self.told.set(Instant::now());
            eprintln!("{}: {done} of {} records", self.what, self.whole);
        }
    }

    /// So many more are done.
    pub(super) fn add(&self, done: u64) {
        self.show(self.done.get() + done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
