//! `flightboard map-worker`: runs a jq program of a feed. Only the server and `flightboard feed` start it.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

/// Run a jq program: reads a request from standard input and writes its rows to standard output.
#[derive(Args)]
pub(crate) struct MapWorkerCommand {}

impl MapWorkerCommand {
    pub(crate) fn run(self) -> Result<ExitCode> {
        mapping::run_worker()?;
        Ok(ExitCode::SUCCESS)
    }
}
