//! Any bytes in any chunks decode as in the reference decoder.

use proptest::{collection::vec, prelude::*, sample::select};
use sse::{Decoder, EventTooLarge};

use crate::{
    decode_result::{EventRecord, decode, split, splits},
    reference_decoder::interpret,
};

/// Tokens from which random streams reach every rule: known and similar names, separators, all line
/// ends, and valid, truncated and invalid UTF-8.
const TOKENS: [&[u8]; 35] = [
    b"data",
    b"event",
    b"id",
    b"retry",
    b"data: ",
    b"event:",
    b"id: ",
    b"retry: ",
    b"Data",
    b"dat",
    b"datax",
    b"unknown-name",
    b":",
    b": ",
    b" ",
    b"\t",
    b"\0",
    b"0",
    b"12",
    b"99999999999999999999999",
    b"-",
    b"x",
    b"\n",
    b"\n",
    b"\n\n",
    b"\r",
    b"\r",
    b"\r\n",
    b"\r\n\r\n",
    b"\xEF\xBB\xBF",
    b"\xEF\xBB",
    b"\xC2\x85",
    b"\xE2\x80\xA8",
    b"\xF0\x9F\x98\x80",
    b"\xF0\x9F",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn chunks_do_not_change_the_result(stream in streams(), splits in splits()) {
        let expected = interpret(&stream);
        prop_assert_eq!(&decode([&stream[..]]).0, &expected);
        prop_assert_eq!(&decode(stream.chunks(1)).0, &expected);
        prop_assert_eq!(&decode(split(&stream, &splits)).0, &expected);
    }

    #[test]
    fn blank_line_completes_an_event(stream in streams()) {
        let (_, delivered) = decode(stream.chunks(1));
        for (index, count) in delivered.into_iter().enumerate() {
            prop_assert_eq!(count, interpret(&stream[..=index]).events.len());
        }
    }

    #[test]
    fn chunks_do_not_change_the_overflow(
        stream in streams(),
        splits in splits(),
        max_event_bytes in 0..40_usize,
    ) {
        let whole = decode_limited([&stream[..]], max_event_bytes);
        prop_assert_eq!(&decode_limited(stream.chunks(1), max_event_bytes), &whole);
        prop_assert_eq!(&decode_limited(split(&stream, &splits), max_event_bytes), &whole);
    }

    #[test]
    fn dropped_events_are_decoded(
        stream in streams(),
        splits in splits(),
        take in 0..3_usize,
    ) {
        let expected = interpret(&stream);
        let mut decoder = Decoder::new();
        for chunk in split(&stream, &splits) {
            decoder.feed(chunk).take(take).for_each(drop);
        }
        prop_assert_eq!(decoder.last_event_id(), expected.last_event_id);
    }
}

/// Streams of tokens, or of tokens and random bytes.
fn streams() -> impl Strategy<Value = Vec<u8>> {
    let token = || select(&TOKENS[..]).prop_map(<[u8]>::to_vec);
    let tokens = vec(token(), 0..40).prop_map(|tokens| tokens.concat());
    let bytes = vec(prop_oneof![token(), vec(any::<u8>(), 0..4)], 0..40);
    prop_oneof![tokens, bytes.prop_map(|parts| parts.concat())]
}

/// Returns the events up to the size limit, and an error if the limit was exceeded.
fn decode_limited<'a>(
    chunks: impl IntoIterator<Item = &'a [u8]>,
    max_bytes: usize,
) -> (Vec<EventRecord>, Result<(), EventTooLarge>) {
    let mut decoder = Decoder::new().with_max_event_bytes(max_bytes);
    let mut events = Vec::new();
    for chunk in chunks {
        for event in decoder.feed(chunk) {
            match event {
                Ok(event) => events.push(event.into()),
                Err(error) => return (events, Err(error)),
            }
        }
    }
    (events, Ok(()))
}
