//! Programs that measure or try for longer than a test may: built as they are released, with the
//! program beside them.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::command::{command, run};

/// Builds a program of `e2e/` and runs it with these flags. Its outcome is this one's.
pub(crate) fn run_program(program: &str, flags: &[&str]) -> Result<ExitCode> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask is in it")?;
    let build = ["build", "--release", "--locked", "-p", "flightboard", "-p", "e2e"];
    run(&mut command(env!("CARGO"), root, &build))?;
    let words = ["run", "--quiet", "--release", "--locked", "-p", "e2e", "--bin", program, "--"];
    let words: Vec<_> = words.iter().chain(flags).copied().collect();
    let status = command(env!("CARGO"), root, &words).status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
