//! The comparison of answers with a board that applies the changes.

/// A board that a reconciler feeds.
pub(crate) mod board;

/// Each rule by an example.
mod rules;

/// Any order of good, failed and misleading answers.
mod properties;
