//! What is written about the project is true: its documents are read, and held against the program,
//! the sources and the crates.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use testkit::wait;

/// Documents in Markdown: their blocks, tables, code and links.
mod document;

/// The program, and a terminal to run it in.
mod terminal;

/// Output as a document shows it, against output as it is.
mod shown;

/// Commands in documents run, and show what is shown.
mod commands;

/// Settings and metrics are documented, all of them and no others.
mod operations;

/// The protocol's tables and examples are those of the code.
mod protocol;

/// The arithmetic of many screens.
mod scaling;

/// A journal copied as the document says.
mod copies;

/// Files, tests and links that are named exist.
mod places;

/// Deliberate faults are documented, and can still be made.
mod mutants;

/// Which crate knows which.
mod arrows;
