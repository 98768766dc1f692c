//! Flags and the environment variables that set them, for both programs: which variables count as set, which are
//! unknown, and the values that have a unit.
//!
//! It knows no flag: the programs declare them with clap.
//!
//! ```
//! #[derive(clap::Parser)]
//! struct Cli {
//!     #[arg(long, env = "EXAMPLE_DRAIN", default_value = "1h30m", value_parser = flags::duration)]
//!     drain: std::time::Duration,
//! }
//! let cli: Cli = flags::parse()?;
//! assert_eq!(cli.drain.as_secs(), 5_400);
//! # Ok::<(), clap::Error>(())
//! ```

/// Variables that are empty or unknown.
mod environment;

/// Misspelled names.
mod nearest;

/// Durations and sizes.
mod values;

pub use environment::{Environment, parse};
pub use nearest::nearest_name;
pub use values::{bytes, duration};
