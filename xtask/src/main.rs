//! Chores of the project: `cargo xtask test` runs every test there is.
#![allow(clippy::print_stdout, reason = "the outcome goes to standard output")]

/// What the suites need besides Rust, and how to come by it.
mod tools;

/// All suites, one after another.
mod suites;

/// A command whose output is shown and kept.
mod command;

/// How much a suite has done, read from what its tool reports.
mod proof;

use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let outcome = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["test"] => suites::run_all(),
        _ => Err(anyhow::anyhow!("usage: cargo xtask test")),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
