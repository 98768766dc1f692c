//! The tables of airports and airlines.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

/// The rows of both tables.
mod tables;
