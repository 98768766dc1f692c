//! `flightboard completions`: the completion script of a shell.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::{FlightboardCli, stdout};

/// Print the completion script of a shell, for packages.
#[derive(Args)]
pub(crate) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let mut script = Vec::new();
        let mut command = FlightboardCli::command();
        let name = command.get_name().to_owned();
        clap_complete::generate(self.shell, &mut command, name, &mut script);
        stdout::print(&String::from_utf8(script)?)?;
        Ok(ExitCode::SUCCESS)
    }
}
