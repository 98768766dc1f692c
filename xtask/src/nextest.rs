//! Runs the Rust tests with cargo-nextest: each test in a process of its own, many at a time, since most of them
//! wait. `.config/nextest.toml` has the profiles.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::command::{command, run};
use crate::{reports, tools};

/// A selection of tests to run.
pub(crate) struct Selection {
    /// A profile of `.config/nextest.toml`.
    pub(crate) profile: &'static str,
    /// A nextest filter expression; all tests by default.
    pub(crate) filter: Option<&'static str>,
    /// Runs the ignored tests instead.
    pub(crate) ignored: bool,
}

/// Runs a selection and returns how many tests passed; an error if one failed or none ran.
pub(crate) fn test(root: &Path, selection: &Selection, env: &[(&str, &Path)]) -> Result<usize> {
    let report = root.join("target/nextest").join(selection.profile).join("junit.xml");
    reports::remove_stale(&report)?;
    let mut nextest = command(&tools::nextest(root)?, root, &["nextest", "run", "--workspace"]);
    nextest.args(["--locked", "--no-fail-fast", "--profile", selection.profile]);
    if let Some(filter) = selection.filter {
        nextest.args(["--filterset", filter]);
    }
    if selection.ignored {
        nextest.args(["--run-ignored", "only"]);
    }
    run(nextest.envs(env.iter().copied()))?;
    let passed = reports::junit(&fs::read_to_string(&report).context("no report of nextest")?)?;
    ensure!(passed > 0, "no test matched {}", selection.filter.unwrap_or("the profile"));
    Ok(passed)
}
