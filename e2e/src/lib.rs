//! The whole product from outside: what its tests, the soak and the storm are made of. The tests are in
//! `tests/`, those of the page in `browser/`.
//!
//! Nothing here knows what the product is made of but the stream's decoder, which has its own tests.
#![allow(missing_docs, reason = "for the tests beside it, not for other crates")]
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

/// An open stream among thousands.
pub mod stream;

/// Seeded rounds of faults, with an oracle that knows what must have come of them.
pub mod recovery;

/// Thousands of followers that lose the server in the same moment.
pub mod storm;
