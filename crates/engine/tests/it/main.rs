//! The engine without HTTP.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod limits;
mod undecodable_journal;
