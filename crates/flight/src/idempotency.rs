//! Idempotency keys seen of late.

use std::collections::{HashMap, VecDeque};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Most keys remembered, of all boards together; the oldest is forgotten first.
pub const MAX_IDEMPOTENCY_KEYS: usize = 131_072;

/// How long a key is remembered.
const KEY_RETENTION: SignedDuration = SignedDuration::from_hours(24);

/// Bytes of one key in a checkpoint: time, name, what was fingerprint, version.
const ENTRY_BYTES: usize = 8 + 16 + 16 + 8;

/// The keys of updates that were carried out, by fingerprint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct IdempotencyKeys {
    by_name: HashMap<u128, KeyEntry>,
    by_age: VecDeque<(Timestamp, u128)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyEntry {
    pub(crate) fingerprint: u128,
    pub(crate) version: u64,
}

impl IdempotencyKeys {
    /// What was done under the name, if it is remembered at `now`.
    pub(crate) fn get(&mut self, now: Timestamp, name: u128) -> Option<KeyEntry> {
        while let Some((seen, _)) = self.by_age.front()
            && now.duration_since(*seen) > KEY_RETENTION
        {
            self.forget_oldest();
        }
        self.by_name.get(&name).copied()
    }

    pub(crate) fn insert(&mut self, now: Timestamp, name: u128, seen: KeyEntry) {
        if self.by_age.len() >= MAX_IDEMPOTENCY_KEYS {
            self.forget_oldest();
        }
        self.by_age.push_back((now, name));
        self.by_name.insert(name, seen);
    }

    fn forget_oldest(&mut self) {
        if let Some((_, name)) = self.by_age.pop_front() {
            self.by_name.remove(&name);
        }
    }
}

/// One text, since a hundred thousand keys would make most of a checkpoint as JSON objects.
impl Serialize for IdempotencyKeys {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::with_capacity(self.by_age.len() * ENTRY_BYTES);
        for (time, name) in &self.by_age {
            let Some(KeyEntry { fingerprint, version }) = self.by_name.get(name) else { continue };
            bytes.extend(time.as_millisecond().to_le_bytes());
            bytes.extend(name.to_le_bytes());
            bytes.extend(fingerprint.to_le_bytes());
            bytes.extend(version.to_le_bytes());
        }
        serializer.serialize_str(&STANDARD.encode(bytes))
    }
}

impl<'de> Deserialize<'de> for IdempotencyKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD.decode(text).map_err(de::Error::custom)?;
        let mut keys = Self::default();
        let (entries, rest) = bytes.as_chunks::<ENTRY_BYTES>();
        for entry in entries {
            let (time, name, seen) = read(entry).ok_or_else(|| de::Error::custom("bad time"))?;
            keys.insert(time, name, seen);
        }
        if rest.is_empty() { Ok(keys) } else { Err(de::Error::custom("cut short")) }
    }
}

fn read(entry: &[u8; ENTRY_BYTES]) -> Option<(Timestamp, u128, KeyEntry)> {
    let (time, rest) = entry.split_first_chunk()?;
    let (name, rest) = rest.split_first_chunk()?;
    let (fingerprint, rest) = rest.split_first_chunk()?;
    let (version, _) = rest.split_first_chunk()?;
    let time = Timestamp::from_millisecond(i64::from_le_bytes(*time)).ok()?;
    let seen = KeyEntry {
        fingerprint: u128::from_le_bytes(*fingerprint),
        version: u64::from_le_bytes(*version),
    };
    Some((time, u128::from_le_bytes(*name), seen))
}
