//! Programs that run longer than a test may. They run as release builds, next to a release build of flightboard.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::command::{command, run};
use crate::workspace_root;

#[derive(Subcommand)]
pub(crate) enum Program {
    /// Run seeded rounds of faults against the program
    Soak(Flags),
    /// Measure ten thousand followers through a restart
    Storm(Flags),
    /// Measure how long screens are stale when their replica is killed
    Failover(Flags),
    /// Measure the cost of keeping updates in NATS instead of a file
    Journals(Flags),
    /// Measure requests about the past, and their effect on followers
    Past(Flags),
    /// Measure Server-Sent Events beside WebSockets
    Websockets(Flags),
    /// Attack the program in all known ways and measure the effect on its followers
    Siege(Flags),
    /// Measure flightboard beside other servers and write docs/benchmarks.md
    Compare(Flags),
}

#[derive(Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Flags {
    /// Flags of the program; --help lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "FLAGS")]
    flags: Vec<String>,
}

impl Program {
    /// Builds the program and runs it; its exit status is the task's.
    pub(crate) fn run(self) -> Result<ExitCode> {
        let (name, package, companions, Flags { flags }) = match self {
            Self::Soak(flags) => ("soak", "e2e", &[][..], flags),
            Self::Storm(flags) => ("storm", "measure", &[][..], flags),
            Self::Failover(flags) => ("failover", "measure", &[][..], flags),
            Self::Journals(flags) => ("journals", "measure", &[][..], flags),
            Self::Past(flags) => ("past", "measure", &[][..], flags),
            Self::Websockets(flags) => ("websockets", "measure", &["peers"][..], flags),
            Self::Siege(flags) => ("siege", "measure", &[][..], flags),
            Self::Compare(flags) => ("compare", "compare", &["peers"][..], flags),
        };
        let root = workspace_root()?;
        let mut build = command(env!("CARGO"), &root, &["build", "--release", "--locked"]);
        for package in ["flightboard", "flightboard-bench", package].iter().chain(companions) {
            build.args(["-p", package]);
        }
        run(&mut build)?;
        let mut cargo = command(env!("CARGO"), &root, &["run", "--quiet", "--release", "--locked"]);
        let status = cargo.args(["-p", package, "--bin", name, "--"]).args(flags).status()?;
        Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
