//! The threads that a command has for its tasks.

use std::num::NonZero;
use std::thread;

use anyhow::{Context, Result};
use tokio::runtime::{Builder, Runtime};

use crate::files;

/// A runtime of as many threads as the machine has cores, with as many open files as it allows.
pub(crate) fn whole() -> Result<Runtime> {
    beside(0)
}

/// The same, on the cores that so many other threads leave, at least one. More would not publish sooner: they
/// wake each other for what one does by itself.
pub(crate) fn beside(others: usize) -> Result<Runtime> {
    files::raise_limit();
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let mut builder = Builder::new_multi_thread();
    let builder = builder.worker_threads(cores.saturating_sub(others).max(1));
    builder.enable_all().build().context("the system gives no threads")
}
