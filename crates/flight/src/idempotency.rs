//! The idempotency keys of recent updates.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use xxhash_rust::xxh3::xxh3_64;

use crate::publisher_name::PublisherName;

/// Most keys remembered, of all boards together. The oldest is forgotten first.
pub const MAX_IDEMPOTENCY_KEYS: usize = 131_072;

/// Keys that stay free for updates which are checked together, and for other replicas'.
pub const RESERVED_KEYS: usize = 8_192;

/// Time for which a key is remembered in any case: while all keys are younger, new ones are refused.
const MIN_KEY_RETENTION_MILLIS: i64 = 60 * 60 * 1_000;

/// Time for which a key is remembered, if there are not too many.
const KEY_RETENTION_MILLIS: i64 = 24 * 60 * 60 * 1_000;

/// Recent keys that a publisher may have for each that is free. So one publisher has three quarters of all at most,
/// and the first key of another is never refused.
const KEYS_PER_FREE_KEY: usize = 3;

/// Bytes of one entry in a checkpoint: time, key, fingerprint, version.
const ENTRY_BYTES: usize = 8 + 16 + 16 + 8;

/// Bytes of the publisher of an entry in a checkpoint.
const PUBLISHER_BYTES: usize = 2;

/// Most bytes of all keys in a checkpoint, in base64.
pub(crate) const MAX_KEY_LOG_BYTES: usize =
    (MAX_IDEMPOTENCY_KEYS * (ENTRY_BYTES + PUBLISHER_BYTES)).div_ceil(3) * 4 + 8;

/// Entries in a chunk of the log, and so the most that one insertion copies.
const CHUNK_ENTRIES: u64 = 1_024;

/// The keys of applied updates, as hashes.
#[derive(Debug, Clone, Default)]
pub(crate) struct IdempotencyKeys {
    /// The number of each key's entry in the log.
    numbers: HashMap<u128, u64>,
    log: KeyLog,
    /// Number of the oldest entry that was too recent to be forgotten when the last key was looked up.
    first_recent: u64,
    /// The number of such entries of each publisher that has any.
    recent: HashMap<PublisherHash, usize>,
}

/// A hash of a publisher's name; all publishers without a name have the same. Two publishers with the same hash share
/// the keys that one may have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct PublisherHash(u16);

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
    pub(crate) time_millis: i64,
    pub(crate) key: u128,
    /// Hash of the requested change.
    pub(crate) fingerprint: u128,
    pub(crate) version: u64,
    pub(crate) publisher: PublisherHash,
}

/// The publishers of all entries, for a checkpoint that earlier versions read without them.
#[derive(Debug, Clone)]
pub(crate) struct KeyPublishers(KeyLog);

impl IdempotencyKeys {
    /// The entry of `key`, if it is remembered at `now`.
    pub(crate) fn get(&mut self, now: Timestamp, key: u128) -> Option<KeyEntry> {
        while let Some(oldest) = self.log.get(self.log.first)
            && oldest.age_millis(now) > KEY_RETENTION_MILLIS
        {
            self.forget_oldest();
        }
        while let Some(entry) = self.log.get(self.first_recent)
            && !entry.is_recent(now)
        {
            self.first_recent += 1;
            self.uncount(entry.publisher);
        }
        self.log.get(*self.numbers.get(&key)?)
    }

    /// The entry of `key`, if it would be remembered at `now`.
    pub(crate) fn peek(&self, now: Timestamp, key: u128) -> Option<KeyEntry> {
        let entry = self.log.get(*self.numbers.get(&key)?)?;
        (entry.age_millis(now) <= KEY_RETENTION_MILLIS).then_some(entry)
    }

    /// Returns whether the publisher can have no further key, after `pending` others, unless the log forgets one too
    /// early or leaves too few for other publishers.
    pub(crate) fn are_full(
        &self,
        now: Timestamp,
        publisher: Option<&PublisherName>,
        pending: usize,
    ) -> bool {
        let publisher = PublisherHash::from_name(publisher);
        let is_full = |own: usize, all: usize| {
            let free = (MAX_IDEMPOTENCY_KEYS - RESERVED_KEYS).saturating_sub(all + pending);
            own + pending >= KEYS_PER_FREE_KEY * free
        };
        let own = self.recent.get(&publisher).copied().unwrap_or(0);
        let all = usize::try_from(self.log.next - self.first_recent).unwrap_or(usize::MAX);
        if !is_full(own, all) {
            return false;
        }
        // Some may have become old enough since the last update with a key, which frees them.
        let entries = (self.first_recent..self.log.next).filter_map(|number| self.log.get(number));
        let old = entries.take_while(|entry| !entry.is_recent(now)).count();
        is_full(own, all - old)
    }

    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }

    pub(crate) fn insert(&mut self, entry: KeyEntry) {
        if self.log.len() >= MAX_IDEMPOTENCY_KEYS as u64 {
            self.forget_oldest();
        }
        self.numbers.insert(entry.key, self.log.next);
        *self.recent.entry(entry.publisher).or_default() += 1;
        self.log.push(entry);
    }

    /// The entries, for a checkpoint.
    pub(crate) fn log(&self) -> KeyLog {
        self.log.clone()
    }

    /// The keys of a checkpoint. An entry beyond `publishers` has none.
    pub(crate) fn restore(log: &KeyLog, publishers: &[PublisherHash]) -> Self {
        let mut keys = Self::default();
        let publishers =
            publishers.iter().copied().chain(std::iter::repeat(PublisherHash::from_name(None)));
        for (entry, publisher) in log.iter().zip(publishers) {
            keys.insert(KeyEntry { publisher, ..entry });
        }
        keys
    }

    fn forget_oldest(&mut self) {
        let Some(entry) = self.log.pop() else { return };
        self.numbers.remove(&entry.key);
        if self.first_recent < self.log.first {
            self.first_recent = self.log.first;
            self.uncount(entry.publisher);
        }
    }

    fn uncount(&mut self, publisher: PublisherHash) {
        if let Some(count) = self.recent.get_mut(&publisher) {
            *count -= 1;
            if *count == 0 {
                self.recent.remove(&publisher);
            }
        }
    }
}

/// The log has all; the rest makes it faster to read.
impl PartialEq for IdempotencyKeys {
    fn eq(&self, other: &Self) -> bool {
        self.log == other.log
    }
}

impl Eq for IdempotencyKeys {}

impl PublisherHash {
    pub(crate) fn from_name(publisher: Option<&PublisherName>) -> Self {
        let hash = publisher.map_or(0, |name| xxh3_64(name.as_str().as_bytes()));
        let [low, high, ..] = hash.to_le_bytes();
        Self(u16::from_le_bytes([low, high]))
    }
}

impl KeyEntry {
    fn age_millis(&self, now: Timestamp) -> i64 {
        now.as_millisecond().saturating_sub(self.time_millis)
    }

    /// True while the key must not be forgotten.
    fn is_recent(&self, now: Timestamp) -> bool {
        self.age_millis(now) < MIN_KEY_RETENTION_MILLIS
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

impl KeyPublishers {
    pub(crate) fn new(log: &KeyLog) -> Self {
        Self(log.clone())
    }

    /// True if no entry has a publisher with a name.
    pub(crate) fn are_absent(&self) -> bool {
        self.0.iter().all(|entry| entry.publisher == PublisherHash::from_name(None))
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
        for KeyEntry { time_millis, key, fingerprint, version, .. } in self.iter() {
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

impl Serialize for KeyPublishers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<_> =
            self.0.iter().flat_map(|entry| entry.publisher.0.to_le_bytes()).collect();
        serializer.serialize_str(&STANDARD.encode(bytes))
    }
}

/// Reads what [`KeyPublishers`] writes.
pub(crate) fn decode_publishers<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<PublisherHash>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let bytes = STANDARD.decode(text).map_err(de::Error::custom)?;
    let (hashes, _) = bytes.as_chunks();
    Ok(hashes.iter().map(|hash| PublisherHash(u16::from_le_bytes(*hash))).collect())
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
        publisher: PublisherHash::default(),
    })
}
