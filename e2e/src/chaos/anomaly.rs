//! Violations of the server's promises.

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnomalyKind {
    /// An acknowledged update is missing on a server or did not reach a follower.
    LostUpdate,
    /// A follower received an event twice.
    DuplicateEvent,
    /// A follower received an event after a later one.
    OutOfOrder,
    /// Rows differ from the result of the acknowledged updates.
    WrongRows,
    /// One id has two contents, an event has no request, or a request has no acknowledgement.
    Contradiction,
    /// A stream resumed although it must not, or did not although it must.
    WrongResume,
    /// A follower did not receive the last event in time.
    Stuck,
}

/// One violation.
#[derive(Debug, Clone, derive_more::Display)]
#[display("{kind:?}: {detail}")]
pub struct Anomaly {
    pub kind: AnomalyKind,
    pub detail: String,
}

impl Anomaly {
    pub(super) fn new(kind: AnomalyKind, detail: String) -> Self {
        Self { kind, detail }
    }
}
