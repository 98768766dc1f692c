//! The feed of a board: its source, and the lease by which only one of several servers polls it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::source::{BoardSource, SourceStatus};

/// A server's claim of the lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedClaim {
    /// Names the server.
    pub holder: String,
    /// The length of the lease, from the time of the record.
    pub millis: u64,
}

/// A lease, by the times of records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceLease {
    /// Names the server.
    pub holder: String,
    /// The end of the lease, unless the holder renews it.
    pub until: Timestamp,
}

/// The state of a board's feed: its source and its lease.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BoardFeed {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<BoardSource>,
    /// Position of the record that put the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source_version: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lease: Option<SourceLease>,
}

impl BoardFeed {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns whether the source is late by `now`, and not marked as late or failing.
    pub(crate) fn is_late(&self, now: Timestamp) -> bool {
        let late_at = self.source.as_ref().and_then(BoardSource::late_at);
        late_at.is_some_and(|late_at| late_at <= now)
    }

    /// Marks the source as late, and returns it, if it is late by `now`.
    pub(crate) fn mark_late(&mut self, now: Timestamp) -> Option<&BoardSource> {
        if !self.is_late(now) {
            return None;
        }
        let source = self.source.as_mut()?;
        source.status = SourceStatus::Late;
        Some(source)
    }

    /// Takes or renews the lease by a record at `time`. Returns whether no other holder has it.
    pub(crate) fn claim(&mut self, time: Timestamp, claim: &FeedClaim) -> bool {
        let FeedClaim { holder, millis } = claim;
        let lease = self.lease.as_ref();
        if lease.is_some_and(|lease| lease.holder != *holder && lease.until > time) {
            return false;
        }
        let length = SignedDuration::from_millis(i64::try_from(*millis).unwrap_or(i64::MAX));
        let until = time.checked_add(length).unwrap_or(Timestamp::MAX);
        self.lease = Some(SourceLease { holder: holder.clone(), until });
        true
    }
}
