//! Chores of the project: `cargo xtask test` runs every test there is.

/// One suite: a command, or several.
mod suites;

/// What the suites need besides Rust, and how to come by it.
mod tools;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("test") => suites::run_all(),
        _ => bail!("usage: cargo xtask test"),
    }
}
