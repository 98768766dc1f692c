//! The policy of pruning, the same for all journals. It does no I/O.

use crate::journal::MAX_CHECKPOINTS;
use crate::{JournalOptions, Seq, UnixMillis};

/// The records due for pruning at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expiry {
    /// Records written before this time are due.
    written_before: Option<UnixMillis>,
    /// The oldest records are due until pruning has freed this many bytes.
    excess_bytes: u64,
}

impl Expiry {
    /// Computes the due records for the current time and the bytes in use.
    #[must_use]
    pub fn new(options: &JournalOptions, used_bytes: u64) -> Self {
        let over = |limit| used_bytes.saturating_sub(limit);
        Expiry {
            written_before: options.keep.map(|age| options.clock.now().before(age)),
            excess_bytes: options.keep_bytes.map_or(0, over),
        }
    }

    /// Returns whether a record with this time is due, if the records before it freed `freed_bytes`.
    #[must_use]
    pub fn covers(&self, time: UnixMillis, freed_bytes: u64) -> bool {
        freed_bytes < self.excess_bytes || self.written_before.is_some_and(|limit| time < limit)
    }
}

/// The newest record that may be pruned: none after the oldest checkpoint, since a start replays them, and never
/// the newest record, from which the next start reads the tail and the time.
#[must_use]
pub fn prune_limit(oldest_checkpoint: Option<Seq>, tail: Seq) -> Seq {
    oldest_checkpoint.map_or(Seq::ZERO, |seq| seq.min(tail.prev()))
}

/// Returns the checkpoints, given in order, that are not needed to replay the records after `needed_after`, and
/// those beyond the maximum number.
#[must_use]
pub fn obsolete_checkpoints(kept: &[Seq], needed_after: Seq) -> Vec<Seq> {
    let base = kept.partition_point(|&seq| seq <= needed_after).saturating_sub(1);
    let (before, rest) = kept.split_at(base);
    let surplus = rest.len().saturating_sub(MAX_CHECKPOINTS);
    before.iter().chain(rest.iter().skip(1).take(surplus)).copied().collect()
}
