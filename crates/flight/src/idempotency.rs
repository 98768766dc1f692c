//! The idempotency keys of recent updates.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Most keys remembered, of all boards together. The oldest is forgotten first.
pub const MAX_IDEMPOTENCY_KEYS: usize = 131_072;

/// Keys that stay free for updates which are checked together, and for other replicas'.
pub const RESERVED_KEYS: usize = 8_192;

/// Time for which a key is remembered in any case: while all keys are younger, new ones are refused.
const MIN_KEY_RETENTION_MILLIS: i64 = 60 * 60 * 1_000;

/// Time for which a key is remembered, if there are not too many.
const KEY_RETENTION_MILLIS: i64 = 24 * 60 * 60 * 1_000;

/// Bytes of one entry in a checkpoint: time, key, fingerprint, version.
const ENTRY_BYTES: usize = 8 + 16 + 16 + 8;

/// Entries in a chunk of the log, and so the most that one insertion copies.
const CHUNK_ENTRIES: u64 = 1_024;

/// The keys of applied updates, as hashes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct IdempotencyKeys {
    /// The number of each key's entry in the log.
    numbers: HashMap<u128, u64>,
    log: KeyLog,
}

/// The entries, oldest first, in chunks that clones share: a checkpoint of all keys copies pointers.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeyLog {
    /// Each chunk but the last is full.
    chunks: VecDeque<Arc<Vec<KeyEntry>>>,
    /// Number of the oldest entry. It is in the first chunk.
    first: u64,
    /// Number of the next entry.
    next: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyEntry {
    time_millis: i64,
    key: u128,
    /// Hash of the requested change.
    pub(crate) fingerprint: u128,
    pub(crate) version: u64,
}

impl IdempotencyKeys {
    /// The entry of `key`, if it is remembered at `now`.
    pub(crate) fn get(&mut self, now: Timestamp, key: u128) -> Option<KeyEntry> {
        while let Some(oldest) = self.log.get(self.log.first)
            && oldest.age_millis(now) > KEY_RETENTION_MILLIS
        {
            self.forget_oldest();
        }
        self.log.get(*self.numbers.get(&key)?)
    }

    /// The entry of `key`, if it would be remembered at `now`.
    pub(crate) fn peek(&self, now: Timestamp, key: u128) -> Option<KeyEntry> {
        let entry = self.log.get(*self.numbers.get(&key)?)?;
        (entry.age_millis(now) <= KEY_RETENTION_MILLIS).then_some(entry)
    }

    /// Returns whether one more key, after `pending` others, would make the log forget one too early.
    pub(crate) fn are_full(&self, now: Timestamp, pending: usize) -> bool {
        let oldest = self.log.get(self.log.first);
        self.len() + pending >= MAX_IDEMPOTENCY_KEYS - RESERVED_KEYS
            && oldest.is_some_and(|oldest| oldest.age_millis(now) < MIN_KEY_RETENTION_MILLIS)
    }

    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }

    pub(crate) fn insert(&mut self, now: Timestamp, key: u128, fingerprint: u128, version: u64) {
        self.push(KeyEntry { time_millis: now.as_millisecond(), key, fingerprint, version });
    }

    /// The entries, for a checkpoint.
    pub(crate) fn log(&self) -> KeyLog {
        self.log.clone()
    }

    fn push(&mut self, entry: KeyEntry) {
        if self.log.len() >= MAX_IDEMPOTENCY_KEYS as u64 {
            self.forget_oldest();
        }
        self.numbers.insert(entry.key, self.log.next);
        self.log.push(entry);
    }

    fn forget_oldest(&mut self) {
        if let Some(entry) = self.log.pop() {
            self.numbers.remove(&entry.key);
        }
    }
}

impl KeyEntry {
    fn age_millis(&self, now: Timestamp) -> i64 {
        now.as_millisecond().saturating_sub(self.time_millis)
    }
}

impl From<KeyLog> for IdempotencyKeys {
    fn from(log: KeyLog) -> Self {
        let mut keys = Self::default();
        for entry in log.iter() {
            keys.push(entry);
        }
        keys
    }
}

impl KeyLog {
    fn len(&self) -> u64 {
        self.next - self.first
    }

    fn get(&self, number: u64) -> Option<KeyEntry> {
        let first_chunk = self.first / CHUNK_ENTRIES;
        let chunk = (number / CHUNK_ENTRIES).checked_sub(first_chunk)?;
        let chunk = self.chunks.get(usize::try_from(chunk).ok()?)?;
        chunk.get((number % CHUNK_ENTRIES) as usize).copied()
    }

    fn push(&mut self, entry: KeyEntry) {
        if self.next.is_multiple_of(CHUNK_ENTRIES) {
            self.chunks.push_back(Arc::default());
        }
        if let Some(chunk) = self.chunks.back_mut() {
            Arc::make_mut(chunk).push(entry);
            self.next += 1;
        }
    }

    fn pop(&mut self) -> Option<KeyEntry> {
        let entry = self.get(self.first)?;
        self.first += 1;
        if self.first.is_multiple_of(CHUNK_ENTRIES) {
            self.chunks.pop_front();
        }
        Some(entry)
    }

    fn iter(&self) -> impl Iterator<Item = KeyEntry> {
        (self.first..self.next).filter_map(|number| self.get(number))
    }
}

/// Numbers are not compared: a restored log starts again at 0.
impl PartialEq for KeyLog {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for KeyLog {}

/// One string: as JSON objects, a hundred thousand keys would dominate a checkpoint.
impl Serialize for KeyLog {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::with_capacity(self.len() as usize * ENTRY_BYTES);
        for KeyEntry { time_millis, key, fingerprint, version } in self.iter() {
            bytes.extend(time_millis.to_le_bytes());
            bytes.extend(key.to_le_bytes());
            bytes.extend(fingerprint.to_le_bytes());
            bytes.extend(version.to_le_bytes());
        }
        serializer.serialize_str(&STANDARD.encode(bytes))
    }
}

impl<'de> Deserialize<'de> for KeyLog {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD.decode(text).map_err(de::Error::custom)?;
        let mut log = Self::default();
        let (entries, rest) = bytes.as_chunks::<ENTRY_BYTES>();
        for entry in entries {
            log.push(parse_entry(entry).ok_or_else(|| de::Error::custom("invalid time"))?);
        }
        if rest.is_empty() { Ok(log) } else { Err(de::Error::custom("truncated")) }
    }
}

fn parse_entry(bytes: &[u8; ENTRY_BYTES]) -> Option<KeyEntry> {
    let (time, rest) = bytes.split_first_chunk()?;
    let (key, rest) = rest.split_first_chunk()?;
    let (fingerprint, rest) = rest.split_first_chunk()?;
    let (version, _) = rest.split_first_chunk()?;
    let time = Timestamp::from_millisecond(i64::from_le_bytes(*time)).ok()?;
    Some(KeyEntry {
        time_millis: time.as_millisecond(),
        key: u128::from_le_bytes(*key),
        fingerprint: u128::from_le_bytes(*fingerprint),
        version: u64::from_le_bytes(*version),
    })
}
