//! Development tasks: `cargo xtask test` runs every test; the other commands measure the program or run for
//! longer than a test may.
#![allow(clippy::print_stdout, reason = "results go to standard output")]

/// The test suites and their order.
mod suites;

/// The description of the API against a server.
mod api_checks;

/// Runs the Rust tests with cargo-nextest.
mod nextest;

/// Installs the programs that the suites need.
mod tools;

/// Counts the tests that ran, from the reports of each test runner.
mod reports;

/// Programs that run longer than a test may.
mod programs;

/// Applies deliberate faults and checks that the tests catch them.
mod mutants;

/// Searches for inputs that make a parser fail.
mod fuzz;

/// Builds what is published.
mod package;

/// Runs child processes.
mod command;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "Development tasks")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run every test suite; on Debian, install missing tools
    Test {
        /// Skip the browser, NATS servers, proxies and packages
        #[arg(long)]
        quick: bool,
    },
    /// Apply each deliberate fault of e2e/mutants and require that its tests fail
    Mutants {
        /// Names of patches, without the ending; all of them by default
        names: Vec<String>,
    },
    /// Build a Debian package, and a container image where Docker runs
    Package,
    /// Search for inputs that make a parser fail, with libFuzzer; needs a C++ compiler
    Fuzz(fuzz::FuzzArgs),
    #[command(flatten)]
    Program(programs::Program),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().task {
        Task::Test { quick: false } => suites::run(suites::Scope::Full),
        Task::Test { quick: true } => suites::run(suites::Scope::Quick),
        Task::Mutants { names } => mutants::run(&names),
        Task::Package => package::build_release(),
        Task::Fuzz(args) => fuzz::run_targets(&args),
        Task::Program(program) => program.run(),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the workspace.
fn workspace_root() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    Ok(root.context("xtask is a folder of the workspace")?.to_owned())
}
