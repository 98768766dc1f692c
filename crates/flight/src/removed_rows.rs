//! The rows that were removed from a board, as far as overtaken updates could bring them back.

use jiff::Timestamp;
use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::row::FlightKey;

/// Most removed rows remembered for each board: about two days of a large airport. The one with the
/// oldest time is forgotten first.
pub const MAX_REMOVED_ROWS: usize = 4_096;

/// The keys of removed rows, each with the time as of which it was last changed or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RemovedRows {
    as_of: RedBlackTreeMapSync<FlightKey, Timestamp>,
    oldest_first: RedBlackTreeSetSync<(Timestamp, FlightKey)>,
}

#[derive(Serialize, Deserialize)]
struct RemovedRow {
    key: FlightKey,
    #[serde(rename = "asOf")]
    as_of: Timestamp,
}

impl RemovedRows {
    pub(crate) fn is_empty(&self) -> bool {
        self.as_of.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.as_of.size()
    }

    pub(crate) fn get(&self, key: &FlightKey) -> Option<Timestamp> {
        self.as_of.get(key).copied()
    }

    /// Remembers the later of `as_of` and the time that is known for `key`.
    pub(crate) fn insert(&mut self, key: FlightKey, as_of: Timestamp) {
        let known = self.remove(&key);
        let as_of = known.map_or(as_of, |known| known.max(as_of));
        self.oldest_first.insert_mut((as_of, key.clone()));
        self.as_of.insert_mut(key, as_of);
        if self.as_of.size() > MAX_REMOVED_ROWS
            && let Some((_, oldest)) = self.oldest_first.first().cloned()
        {
            self.remove(&oldest);
        }
    }

    pub(crate) fn remove(&mut self, key: &FlightKey) -> Option<Timestamp> {
        let as_of = self.get(key)?;
        self.as_of.remove_mut(key);
        self.oldest_first.remove_mut(&(as_of, key.clone()));
        Some(as_of)
    }
}

impl Default for RemovedRows {
    fn default() -> Self {
        Self {
            as_of: RedBlackTreeMapSync::new_sync(),
            oldest_first: RedBlackTreeSetSync::new_sync(),
        }
    }
}

impl Serialize for RemovedRows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows = self.as_of.iter();
        serializer
            .collect_seq(rows.map(|(key, as_of)| RemovedRow { key: key.clone(), as_of: *as_of }))
    }
}

impl<'de> Deserialize<'de> for RemovedRows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut removed = Self::default();
        for RemovedRow { key, as_of } in Vec::deserialize(deserializer)? {
            removed.insert(key, as_of);
        }
        Ok(removed)
    }
}
