//! Chores of the project: `cargo xtask test` runs every test there is, `soak` and `storm` run for longer
//! what the tests run for seconds, `failover` and `journals` measure what replicas on NATS do, `compare`
//! measures flightboard beside other servers, and `mutants` breaks the project on purpose.
#![allow(clippy::print_stdout, reason = "the outcome goes to standard output")]

/// What the suites need besides Rust, and how to come by it.
mod tools;

/// All suites, one after another.
mod suites;

/// A command whose output is shown and kept.
mod command;

/// Programs that measure or try for longer than a test may.
mod long;

/// Breaking the project on purpose, to see that the tests tell.
mod mutants;

/// How much a suite has done, read from what its tool reports.
mod proof;

use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask test, or soak, storm, failover, journals or compare with flags \
                     (--help tells which), or mutants with names of e2e/mutants/, all if none is given";

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let outcome = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["test"] => suites::run_all(),
        [program @ ("soak" | "storm" | "failover" | "journals" | "compare"), ref flags @ ..] => {
            long::run_program(program, flags)
        }
        ["mutants", ref names @ ..] => mutants::run(names),
        _ => Err(anyhow::anyhow!("{USAGE}")),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
