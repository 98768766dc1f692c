//! How far it is: a bar on a terminal, a line now and then elsewhere. Both on standard error.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::orders;
use crate::workers::{self, State};

/// How often a bar is drawn, and how often a line is written elsewhere.
const DRAWN_EVERY: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(5)];

/// Without the message, which tells what is counted, a bar of numbers means nothing.
const STYLE: &str = "{msg} {wide_bar} {human_pos}/{human_len} {elapsed}";

/// Shows one part of the work until it is dropped.
pub(crate) struct Shown {
    bar: ProgressBar,
    drawing: JoinHandle<()>,
}

impl Shown {
    /// Shows how much of `whole` is done, as `done` reads it from how all stand.
    pub(crate) fn start(
        what: &'static str,
        whole: u64,
        states: watch::Receiver<Vec<State>>,
        done: impl Fn(&orders::Progress) -> u64 + Send + 'static,
    ) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let bar = if is_terminal { ProgressBar::new(whole) } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template(STYLE).expect("the template is right");
        bar.set_style(style);
        bar.set_message(what);
        let drawn = bar.clone();
        let drawing = tokio::spawn(async move {
            loop {
                tokio::time::sleep(DRAWN_EVERY[usize::from(!is_terminal)]).await;
                let done = done(&workers::progress(&states.borrow()));
                drawn.set_position(done);
                if !is_terminal {
                    eprintln!("{what}: {done} of {whole}");
                }
            }
        });
        Self { bar, drawing }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.drawing.abort();
        self.bar.finish_and_clear();
    }
}
