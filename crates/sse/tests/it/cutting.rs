//! Properties of reading: any bytes, in any pieces, mean what the standard says.

use proptest::{collection::vec, prelude::*, sample::select};
use sse::{Decoder, Error};

use crate::{
    outcome::{Seen, cut, cuts, decode},
    standard::interpret,
};

/// What streams are made of, so that random ones come near every rule: names and almost-names,
/// separators, all line ends, whole, broken and forbidden UTF-8.
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
    fn any_stream_means_what_the_standard_says(stream in streams(), cuts in cuts()) {
        let expected = interpret(&stream);
        prop_assert_eq!(&decode([&stream[..]]).0, &expected);
        prop_assert_eq!(&decode(stream.chunks(1)).0, &expected);
        prop_assert_eq!(&decode(cut(&stream, &cuts)).0, &expected);
    }

    #[test]
    fn an_event_never_waits_for_the_byte_after_it(stream in streams()) {
        let (_, delivered) = decode(stream.chunks(1));
        for (at, count) in delivered.into_iter().enumerate() {
            prop_assert_eq!(count, interpret(&stream[..=at]).events.len());
        }
    }

    #[test]
    fn a_bound_is_reached_at_the_same_event_in_any_pieces(
        stream in streams(),
        cuts in cuts(),
        max_event_bytes in 0..40_usize,
    ) {
        let whole = decode_bounded([&stream[..]], max_event_bytes);
        prop_assert_eq!(&decode_bounded(stream.chunks(1), max_event_bytes), &whole);
        prop_assert_eq!(&decode_bounded(cut(&stream, &cuts), max_event_bytes), &whole);
    }

    #[test]
    fn events_not_taken_leave_the_decoder_at_the_end_of_the_piece(
        stream in streams(),
        cuts in cuts(),
        take in 0..3_usize,
    ) {
        let expected = interpret(&stream);
        let mut decoder = Decoder::new();
        for piece in cut(&stream, &cuts) {
            decoder.feed(piece).take(take).for_each(drop);
        }
        prop_assert_eq!(decoder.last_event_id(), expected.last_event_id);
    }
}

/// From tokens alone, or from any bytes among tokens.
fn streams() -> impl Strategy<Value = Vec<u8>> {
    let token = || select(&TOKENS[..]).prop_map(<[u8]>::to_vec);
    let tokens = vec(token(), 0..40).prop_map(|tokens| tokens.concat());
    let bytes = vec(prop_oneof![token(), vec(any::<u8>(), 0..4)], 0..40);
    prop_oneof![tokens, bytes.prop_map(|parts| parts.concat())]
}

/// The events up to the bound, and whether it was reached.
fn decode_bounded<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    max_bytes: usize,
) -> (Vec<Seen>, Result<(), Error>) {
    let mut decoder = Decoder::new().with_max_event_bytes(max_bytes);
    let mut events = Vec::new();
    for piece in pieces {
        for event in decoder.feed(piece) {
            match event {
                Ok(event) => events.push(event.into()),
                Err(error) => return (events, Err(error)),
            }
        }
    }
    (events, Ok(()))
}
