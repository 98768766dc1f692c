//! The subject of an event, for channels that carry only some events of another.

use std::hash::{DefaultHasher, Hash, Hasher};

/// The subject of an event, as a number. Different subjects may have the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Topic(u64);

impl Topic {
    /// The topic of events that are on every subject.
    pub const ALL: Self = Self(0);

    /// The topic of a subject.
    pub fn new(subject: impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        subject.hash(&mut hasher);
        Self(hasher.finish().max(1))
    }
}
