//! Parsing and the fold, also by golden files that the page's tests read.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod bounds;
mod days;
mod expiry;
mod feeds;
mod golden;
mod idempotency;
mod limits;
mod preconditions;
mod properties;
mod test_boards;
