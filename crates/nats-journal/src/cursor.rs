//! The position of a reader in the stream.

use journal::Seq;

use crate::headers::Fingerprint;

/// The last record read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StreamCursor {
    pub(crate) seq: Seq,
    /// `None` before the first record, and after a checkpoint that has no fingerprint.
    pub(crate) fingerprint: Option<Fingerprint>,
}
