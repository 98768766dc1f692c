//! The chaos suite: seeded rounds of faults against the real program, and the checker that decides whether the
//! followers received the right events. The tests of the whole program are in `tests/`, those of the page in `browser/`.
#![allow(missing_docs, reason = "for the tests beside it, not for other crates")]
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

/// Seeded rounds of faults, after Jepsen: a nemesis, a model and a checker.
pub mod chaos;
