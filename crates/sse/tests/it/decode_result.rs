//! The result of decoding a stream, in the terms of the case file, and ways to split a stream.

use proptest::{collection::vec, prelude::*, sample::Index};
use serde::Deserialize;
use sse::{DecodedEvent, Decoder};

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DecodeResult {
    pub(crate) events: Vec<EventRecord>,
    pub(crate) retry: Option<u64>,
    pub(crate) last_event_id: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct EventRecord {
    #[serde(rename = "type")]
    pub(crate) event: String,
    pub(crate) data: String,
    pub(crate) last_event_id: String,
}

impl From<DecodedEvent> for EventRecord {
    fn from(DecodedEvent { event, data, last_event_id }: DecodedEvent) -> Self {
        Self { event, data, last_event_id: last_event_id.to_string() }
    }
}

/// Decodes a stream from its chunks. Also returns the number of events complete after each chunk.
pub(crate) fn decode<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (DecodeResult, Vec<usize>) {
    let mut decoder = Decoder::new();
    let mut events = Vec::new();
    let mut delivered = Vec::new();
    for chunk in chunks {
        let decoded = decoder.feed(chunk).map(|event| event.expect("below the size limit"));
        events.extend(decoded.map(EventRecord::from));
        delivered.push(events.len());
    }
    let retry = decoder.retry().map(|time| time.as_millis().try_into().expect("64 bits"));
    let last_event_id = decoder.last_event_id().to_owned();
    (DecodeResult { events, retry, last_event_id }, delivered)
}

/// Positions to split a stream of any length at.
pub(crate) fn splits() -> impl Strategy<Value = Vec<Index>> {
    vec(any::<Index>(), 0..40)
}

/// Splits the stream at these positions. Two equal positions give an empty chunk.
pub(crate) fn split<'a>(bytes: &'a [u8], splits: &[Index]) -> Vec<&'a [u8]> {
    let mut ends: Vec<usize> = splits.iter().map(|split| split.index(bytes.len() + 1)).collect();
    ends.sort_unstable();
    ends.push(bytes.len());
    let mut start = 0;
    ends.into_iter().map(|end| &bytes[std::mem::replace(&mut start, end)..end]).collect()
}
