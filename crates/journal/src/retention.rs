//! What may be let go: a policy without I/O, the same for every journal.

use crate::journal::MAX_CHECKPOINTS;
use crate::{JournalOptions, Seq, UnixMillis};

/// Which records are due to go at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expiry {
    /// Those written before this.
    written_before: Option<UnixMillis>,
    /// The oldest ones, until this many bytes are freed.
    excess_bytes: u64,
}

impl Expiry {
    /// As of now, while so many bytes are in use.
    #[must_use]
    pub fn new(options: &JournalOptions, used_bytes: u64) -> Self {
        let over = |limit| used_bytes.saturating_sub(limit);
        Expiry {
            written_before: options.keep.map(|age| options.clock.now().before(age)),
            excess_bytes: options.keep_bytes.map_or(0, over),
        }
    }

    /// Whether a record of that time goes, when those before it have freed `freed_bytes`.
    #[must_use]
    pub fn covers(&self, time: UnixMillis, freed_bytes: u64) -> bool {
        freed_bytes < self.excess_bytes || self.written_before.is_some_and(|limit| time < limit)
    }
}

/// The newest record that retention may take: none after the oldest checkpoint, so that a start
/// finds everything to replay, and never the newest record, from which the next start learns the
/// tail and the time.
#[must_use]
pub fn prune_limit(oldest_checkpoint: Option<Seq>, tail: Seq) -> Seq {
    oldest_checkpoint.map_or(Seq::ZERO, |seq| seq.min(tail.prev()))
}

/// Which of the checkpoints, given in order, are needed no more once the records after
/// `needed_after` are all that must be replayable, and which go because they are too many.
#[must_use]
pub fn obsolete_checkpoints(kept: &[Seq], needed_after: Seq) -> Vec<Seq> {
    let base = kept.partition_point(|&seq| seq <= needed_after).saturating_sub(1);
    let (before, rest) = kept.split_at(base);
    let surplus = rest.len().saturating_sub(MAX_CHECKPOINTS);
    before.iter().chain(rest.iter().skip(1).take(surplus)).copied().collect()
}
