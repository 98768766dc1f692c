//! What a stream comes to, in the words of the case file, and ways to cut one.

use proptest::{collection::vec, prelude::*, sample::Index};
use serde::Deserialize;
use sse::{Decoded, Decoder};

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Outcome {
    pub(crate) events: Vec<Seen>,
    pub(crate) retry: Option<u64>,
    pub(crate) last_event_id: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Seen {
    #[serde(rename = "type")]
    pub(crate) event: String,
    pub(crate) data: String,
    pub(crate) last_event_id: String,
}

impl From<Decoded> for Seen {
    fn from(Decoded { event, data, last_event_id }: Decoded) -> Self {
        Self { event, data, last_event_id: last_event_id.to_string() }
    }
}

/// The outcome of a stream in these pieces, and how many events were out after each.
pub(crate) fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Outcome, Vec<usize>) {
    let mut decoder = Decoder::new();
    let mut events = Vec::new();
    let mut delivered = Vec::new();
    for piece in pieces {
        events.extend(decoder.feed(piece).map(|event| Seen::from(event.expect("a small event"))));
        delivered.push(events.len());
    }
    let retry = decoder.retry().map(|time| time.as_millis().try_into().expect("64 bits"));
    let last_event_id = decoder.last_event_id().to_owned();
    (Outcome { events, retry, last_event_id }, delivered)
}

/// Places to cut at, for a stream of any length.
pub(crate) fn cuts() -> impl Strategy<Value = Vec<Index>> {
    vec(any::<Index>(), 0..40)
}

/// The stream cut at these places. Two cuts at one place make an empty piece.
pub(crate) fn cut<'a>(bytes: &'a [u8], cuts: &[Index]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    places.sort_unstable();
    places.push(bytes.len());
    let mut start = 0;
    places.into_iter().map(|end| &bytes[std::mem::replace(&mut start, end)..end]).collect()
}
