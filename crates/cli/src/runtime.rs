//! Tokio runtimes.

use std::num::NonZero;
use std::thread;

use anyhow::{Context, Result};
use tokio::runtime::{Builder, Runtime};

use crate::open_files;

/// A runtime with one worker thread per core. Also raises the limit of open files.
pub(crate) fn full() -> Result<Runtime> {
    reserving(0)
}

/// Like [`full`], minus `reserved` cores, at least one worker. More workers only wake each other; measured,
/// they do not publish faster.
pub(crate) fn reserving(reserved: usize) -> Result<Runtime> {
    open_files::raise_limit();
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let mut builder = Builder::new_multi_thread();
    let builder = builder.worker_threads(cores.saturating_sub(reserved).max(1));
    builder.enable_all().build().context("cannot start threads")
}
