//! Programs that measure or try for longer than a test may: built as they are released, with the
//! program beside them.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::command::{command, run};

/// Programs, each with its crate and with the others that must be built for it.
const PROGRAMS: [(&str, &str, &[&str]); 5] = [
    ("soak", "e2e", &[]),
    ("storm", "measure", &[]),
    ("failover", "measure", &[]),
    ("journals", "measure", &[]),
    ("compare", "compare", &["peers"]),
];

/// Builds a program and runs it with these flags. Its outcome is this one's.
pub(crate) fn run_program(name: &str, flags: &[&str]) -> Result<ExitCode> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask is in it")?;
    let known = PROGRAMS.into_iter().find(|(program, ..)| *program == name);
    let (program, package, others) = known.with_context(|| format!("there is no {name}"))?;
    let mut build = command(env!("CARGO"), root, &["build", "--release", "--locked"]);
    for package in ["flightboard", package].iter().chain(others) {
        build.args(["-p", package]);
    }
    run(&mut build)?;
    let words = ["run", "--quiet", "--release", "--locked", "-p", package, "--bin", program, "--"];
    let words: Vec<_> = words.iter().chain(flags).copied().collect();
    let status = command(env!("CARGO"), root, &words).status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
