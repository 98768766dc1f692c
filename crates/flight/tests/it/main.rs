//! The words and the fold, by golden files that the page's tests read too.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod bounds;
mod conditions;
mod expiry;
mod fold;
mod golden;
mod idempotency;
