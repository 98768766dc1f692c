//! `flightboard man`: the manual pages of all commands.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, CommandFactory};

use crate::FlightboardCli;

/// Write the manual pages of all commands into a folder, for packages.
#[derive(Args)]
pub(crate) struct ManPages {
    /// The folder, which is created if it is missing.
    folder: PathBuf,
}

impl ManPages {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let context = || format!("cannot write manual pages into {}", self.folder.display());
        std::fs::create_dir_all(&self.folder).with_context(context)?;
        clap_mangen::generate_to(FlightboardCli::command(), &self.folder).with_context(context)?;
        Ok(ExitCode::SUCCESS)
    }
}
