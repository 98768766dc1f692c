//! Progress on standard error: a bar on a terminal, otherwise a line every few seconds.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::worker_pool::{self, WorkerState};
use crate::worker_protocol::WorkerProgress;

const BAR_INTERVAL: Duration = Duration::from_millis(100);

const LINE_INTERVAL: Duration = Duration::from_secs(5);

const BAR_TEMPLATE: &str = "{msg} {wide_bar} {human_pos}/{human_len} {elapsed}";

/// Shows the progress of one phase until it is dropped.
pub(crate) struct ProgressDisplay {
    bar: ProgressBar,
    drawing: JoinHandle<()>,
}

impl ProgressDisplay {
    /// Shows `done` of `total`; `done` computes its figure from the workers' total progress.
    pub(crate) fn start(
        label: &'static str,
        total: u64,
        states: watch::Receiver<Vec<WorkerState>>,
        done: impl Fn(&WorkerProgress) -> u64 + Send + 'static,
    ) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let bar = if is_terminal { ProgressBar::new(total) } else { ProgressBar::hidden() };
        bar.set_style(ProgressStyle::with_template(BAR_TEMPLATE).expect("the template is valid"));
        bar.set_message(label);
        let interval = if is_terminal { BAR_INTERVAL } else { LINE_INTERVAL };
        let drawn = bar.clone();
        let drawing = tokio::spawn(async move {
            loop {
                tokio::time::sleep(interval).await;
                let done = done(&worker_pool::total_progress(&states.borrow()));
                drawn.set_position(done);
                if !is_terminal {
                    eprintln!("{label}: {done} of {total}");
                }
            }
        });
        Self { bar, drawing }
    }
}

impl Drop for ProgressDisplay {
    fn drop(&mut self) {
        self.drawing.abort();
        self.bar.finish_and_clear();
    }
}
