//! Checkpoints: objects of a bucket, one for each position, written by whichever replica is due.
//!
//! An object is named for the stream and the position, and says which record that is: the bucket may be
//! older or newer than the stream, when one of them was restored. It holds the epochs up to its position
//! before the state, so that a start has the ids of all records, also of those that it does not read.

use std::collections::HashSet;

use async_nats::jetstream::object_store::ObjectMetadata;
use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures_util::StreamExt;
use journal::{Cause, Epoch, Seq};
use tokio::io::AsyncReadExt;

use crate::error::to_cause;
use crate::headers::Fingerprint;
use crate::streams::JournalStreams;

/// One that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredCheckpoint {
    pub(crate) seq: Seq,
    /// Of the record at its position, if that was still there.
    fingerprint: Option<Fingerprint>,
}

/// What a checkpoint holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CheckpointContents {
    pub(crate) runs: Vec<(Epoch, Seq)>,
    pub(crate) state: Bytes,
}

/// All of this stream, in order, but for those that are known to be of other records.
pub(crate) async fn list(
    streams: &JournalStreams,
    foreign: &HashSet<Seq>,
) -> Result<Vec<StoredCheckpoint>, Cause> {
    let mut objects = streams.checkpoints.list().await.map_err(to_cause)?;
    let mut kept = Vec::new();
    while let Some(object) = objects.next().await {
        let object = object.map_err(to_cause)?;
        let prefix = prefix(streams);
        let seq = object.name.strip_prefix(&prefix).and_then(|seq| seq.parse().ok()).map(Seq);
        if let Some(seq) = seq.filter(|seq| !foreign.contains(seq)) {
            let fingerprint = object.description.as_deref().and_then(Fingerprint::parse);
            kept.push(StoredCheckpoint { seq, fingerprint });
        }
    }
    kept.sort_by_key(|kept| kept.seq);
    Ok(kept)
}

/// Those of the given ones that are not of this stream's records: of records that it lost, though others
/// may have their numbers now.
pub(crate) async fn foreign(
    streams: &JournalStreams,
    all: &[StoredCheckpoint],
    tail: Seq,
) -> Result<HashSet<Seq>, Cause> {
    let mut foreign = HashSet::new();
    for kept in all {
        let found = if kept.seq <= tail { streams.fingerprint(kept.seq.0).await? } else { None };
        let differs =
            found.zip(kept.fingerprint).is_some_and(|(found, fingerprint)| found != fingerprint);
        if differs || kept.seq > tail {
            foreign.insert(kept.seq);
        }
    }
    Ok(foreign)
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
    let mut bytes = BytesMut::with_capacity(contents.state.len() + 12 * contents.runs.len() + 5);
    bytes.put_u8(FORMAT);
    bytes.put_u32(u32::try_from(contents.runs.len()).unwrap_or(u32::MAX));
    for (epoch, first) in &contents.runs {
        bytes.put_u32(epoch.0);
        bytes.put_u64(first.0);
    }
    bytes.put(&contents.state[..]);
    bytes.freeze()
}

fn decode(mut bytes: Bytes) -> Option<CheckpointContents> {
    if bytes.try_get_u8().ok()? != FORMAT {
        return None;
    }
    let count = bytes.try_get_u32().ok()?;
    let run = |_| Some((Epoch(bytes.try_get_u32().ok()?), Seq(bytes.try_get_u64().ok()?)));
    let runs = (0..count).map(run).collect::<Option<_>>()?;
    Some(CheckpointContents { runs, state: bytes })
}

/// The first byte of an object. Raised by whoever changes what follows.
const FORMAT: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded_and_what_is_cut_is_not() {
        let runs = vec![(Epoch(7), Seq(1)), (Epoch(u32::MAX), Seq(u64::MAX))];
        let contents = CheckpointContents { runs, state: Bytes::from_static(b"state") };
        let bytes = encode(&contents);
        assert_eq!(decode(bytes.clone()), Some(contents));
        for length in 0..bytes.len() - b"state".len() {
            assert_eq!(decode(bytes.slice(..length)), None, "{length}");
        }
        assert_eq!(decode(Bytes::from_static(b"\x02\0\0\0\0")), None, "a format of the future");
    }
}
