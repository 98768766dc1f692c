//! `flightboard map-worker`: runs a jq program of a feed. Only the server and `flightboard feed` start it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use mapping::MapWorker;

const NAME: &str = "map-worker";

/// This program, even if its file has been replaced since it started.
const OWN_PROGRAM: &str = "/proc/self/exe";

/// Run a jq program: reads a request from standard input and writes its rows to standard output.
#[derive(Args)]
pub(crate) struct MapWorkerCommand {}

impl MapWorkerCommand {
    pub(crate) fn run(self) -> Result<ExitCode> {
        mapping::run_worker()?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Returns the command that starts the worker.
pub(crate) fn map_worker() -> Result<MapWorker> {
    let own = Path::new(OWN_PROGRAM);
    let program = match own.exists() {
        true => PathBuf::from(own),
        false => std::env::current_exe().context("cannot find the program's own file")?,
    };
    Ok(MapWorker::new(program, [NAME]))
}
