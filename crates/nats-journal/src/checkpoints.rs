//! Checkpoints: objects of a bucket, one per sequence number, written by any replica.
//!
//! The name of an object contains the identity of the stream and the number, and its description the
//! fingerprint of that record: if only the bucket or only the stream was restored, one is older than the
//! other. The epochs up to the number precede the state, so that a replica knows the ids of all records,
//! including those before the checkpoint, which it does not read.

use std::collections::HashSet;

use async_nats::jetstream::object_store::ObjectMetadata;
use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures_util::StreamExt;
use journal::{Cause, Epoch, Seq};
use tokio::io::AsyncReadExt;

use crate::error::to_cause;
use crate::headers::Fingerprint;
use crate::streams::JournalStreams;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredCheckpoint {
    pub(crate) seq: Seq,
    /// Of the record with this number, if it was still stored when the checkpoint was written.
    fingerprint: Option<Fingerprint>,
}

/// The decoded contents of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CheckpointContents {
    pub(crate) epoch_starts: Vec<(Epoch, Seq)>,
    pub(crate) state: Bytes,
}

/// Lists the checkpoints of this stream in order, without those known to be orphaned.
pub(crate) async fn list(
    streams: &JournalStreams,
    orphaned: &HashSet<Seq>,
) -> Result<Vec<StoredCheckpoint>, Cause> {
    let mut objects = streams.checkpoints.list().await.map_err(to_cause)?;
    let mut checkpoints = Vec::new();
    while let Some(object) = objects.next().await {
        let object = object.map_err(to_cause)?;
        let prefix = prefix(streams);
        let seq = object.name.strip_prefix(&prefix).and_then(|seq| seq.parse().ok()).map(Seq);
        if let Some(seq) = seq.filter(|seq| !orphaned.contains(seq)) {
            let fingerprint = object.description.as_deref().and_then(Fingerprint::parse);
            checkpoints.push(StoredCheckpoint { seq, fingerprint });
        }
    }
    checkpoints.sort_by_key(|checkpoint| checkpoint.seq);
    Ok(checkpoints)
}

/// Finds the checkpoints of records that the stream has lost; other records may have their numbers now.
pub(crate) async fn find_orphaned(
    streams: &JournalStreams,
    all: &[StoredCheckpoint],
    tail: Seq,
) -> Result<HashSet<Seq>, Cause> {
    let mut orphaned = HashSet::new();
    for checkpoint in all {
        let stored = if checkpoint.seq <= tail {
            streams.fingerprint(checkpoint.seq.0).await?
        } else {
            None
        };
        let differs =
            stored.zip(checkpoint.fingerprint).is_some_and(|(stored, written)| stored != written);
        if differs || checkpoint.seq > tail {
            orphaned.insert(checkpoint.seq);
        }
    }
    Ok(orphaned)
}

pub(crate) async fn put(
    streams: &JournalStreams,
    seq: Seq,
    contents: &CheckpointContents,
) -> Result<StoredCheckpoint, Cause> {
    let fingerprint = if seq == Seq::ZERO { None } else { streams.fingerprint(seq.0).await? };
    let metadata = ObjectMetadata {
        name: name(streams, seq),
        description: fingerprint.map(Fingerprint::to_text),
        ..ObjectMetadata::default()
    };
    let bytes = encode(contents);
    streams.checkpoints.put(metadata, &mut &bytes[..]).await.map_err(to_cause)?;
    Ok(StoredCheckpoint { seq, fingerprint })
}

pub(crate) async fn get(streams: &JournalStreams, seq: Seq) -> Result<CheckpointContents, Cause> {
    let mut object = streams.checkpoints.get(name(streams, seq)).await.map_err(to_cause)?;
    let mut bytes = Vec::with_capacity(object.info().size);
    object.read_to_end(&mut bytes).await.map_err(to_cause)?;
    decode(bytes.into()).ok_or_else(|| to_cause(format!("the checkpoint at {seq} is damaged")))
}

pub(crate) async fn remove(streams: &JournalStreams, seq: Seq) -> Result<(), Cause> {
    streams.checkpoints.delete(name(streams, seq)).await.map_err(to_cause)
}

fn name(streams: &JournalStreams, seq: Seq) -> String {
    format!("{}{seq}", prefix(streams))
}

fn prefix(streams: &JournalStreams) -> String {
    format!("{}-", streams.identity.epoch())
}

fn encode(contents: &CheckpointContents) -> Bytes {
    let mut bytes =
        BytesMut::with_capacity(contents.state.len() + 12 * contents.epoch_starts.len() + 5);
    bytes.put_u8(FORMAT_VERSION);
    bytes.put_u32(u32::try_from(contents.epoch_starts.len()).unwrap_or(u32::MAX));
    for (epoch, first) in &contents.epoch_starts {
        bytes.put_u32(epoch.0);
        bytes.put_u64(first.0);
    }
    bytes.put(&contents.state[..]);
    bytes.freeze()
}

fn decode(mut bytes: Bytes) -> Option<CheckpointContents> {
    if bytes.try_get_u8().ok()? != FORMAT_VERSION {
        return None;
    }
    let count = bytes.try_get_u32().ok()?;
    let epoch_start = |_| Some((Epoch(bytes.try_get_u32().ok()?), Seq(bytes.try_get_u64().ok()?)));
    let epoch_starts = (0..count).map(epoch_start).collect::<Option<_>>()?;
    Some(CheckpointContents { epoch_starts, state: bytes })
}

/// The first byte of an object. Increment it when the encoding of the rest changes.
const FORMAT_VERSION: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_round_trip_and_truncation_fails() {
        let epoch_starts = vec![(Epoch(7), Seq(1)), (Epoch(u32::MAX), Seq(u64::MAX))];
        let contents = CheckpointContents { epoch_starts, state: Bytes::from_static(b"state") };
        let bytes = encode(&contents);
        assert_eq!(decode(bytes.clone()), Some(contents));
        for length in 0..bytes.len() - b"state".len() {
            assert_eq!(decode(bytes.slice(..length)), None, "{length}");
        }
        assert_eq!(decode(Bytes::from_static(b"\x02\0\0\0\0")), None, "a newer format");
    }
}
