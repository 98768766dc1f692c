//! One suite: a command, or several.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::tools;

type Suite = (&'static str, fn(&Path) -> Result<()>);

/// All suites, the quick ones first.
const SUITES: &[Suite] = &[("format", format), ("lints", lints), ("rust", rust)];

/// Runs every suite, also after one has failed, and fails if any did.
pub(crate) fn run_all() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask has a parent")?;
    tools::provide()?;
    let mut failed = Vec::new();
    for (name, suite) in SUITES {
        eprintln!("── {name}");
        let start = Instant::now();
        let outcome = suite(root);
        let secs = start.elapsed().as_secs();
        match outcome {
            Ok(()) => eprintln!("── {name}: passed in {secs} s"),
            Err(error) => {
                eprintln!("── {name}: FAILED in {secs} s: {error:#}");
                failed.push(*name);
            }
        }
    }
    println!("{} passed, {} failed", SUITES.len() - failed.len(), failed.len());
    if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join(", ")) }
}

fn format(root: &Path) -> Result<()> {
    run(cargo(root).args(["fmt", "--all", "--check"]))
}

fn lints(root: &Path) -> Result<()> {
    let clippy = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    run(cargo(root).args(clippy))
}

fn rust(root: &Path) -> Result<()> {
    run(cargo(root).args(["test", "--workspace", "--locked"]))
}

fn cargo(root: &Path) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(root);
    cargo
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{command:?} did not start"))?;
    if status.success() { Ok(()) } else { bail!("{command:?}: {status}") }
}
