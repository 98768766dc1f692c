//! Messages with any bytes.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod properties;
