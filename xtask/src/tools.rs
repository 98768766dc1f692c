//! What the suites need besides Rust, and how to come by it.

use anyhow::Result;

/// Makes sure that everything is there.
pub(crate) fn provide() -> Result<()> {
    Ok(())
}
