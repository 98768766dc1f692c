//! The documents agree with the program, the sources and the crates.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use testkit::wait;

/// Markdown documents: blocks, tables, code and links.
mod document;

/// Source files that git tracks, parsed.
mod sources;

/// A folder and shells with the program on the path.
mod sandbox;

/// Compares output with the console blocks of a document.
mod console;

/// The commands in documents run and print the output shown.
mod commands;

/// Settings, metrics and permissions in `docs/operations.md`.
mod operations;

/// The dashboard and the alert rules name the metrics of the program.
mod monitoring;

/// Tables and examples in `docs/protocol.md`.
mod protocol;

/// The arithmetic of `docs/scaling.md`.
mod scaling;

/// The backup command of `docs/operations.md`.
mod journal_copy;

/// Files, tests and links in documents exist.
mod links;

/// The deliberate faults in `docs/reliability.md`.
mod mutants;

/// Dependencies between crates.
mod arrows;

/// Names of types, functions and tests.
mod names;

/// The language of comments and documents.
mod prose;
