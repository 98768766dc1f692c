//! The encoded bytes, invalid fields, and the round trip through the decoder.

use proptest::{collection::vec, option, prelude::*, sample::select};
use sse::{Event, InvalidField};

use crate::decode_result::{DecodeResult, EventRecord, decode, split, splits};

#[test]
fn events_have_these_bytes() {
    let message = |data| Event { data, ..Event::default() };
    let table = [
        (message("a"), "data: a\n\n"),
        (message(""), "data: \n\n"),
        (message(" a "), "data:  a \n\n"),
        (message("a\nb\rc\r\nd"), "data: a\ndata: b\ndata: c\ndata: d\n\n"),
        (message("\n"), "data: \ndata: \n\n"),
        (message("a\r\n"), "data: a\ndata: \n\n"),
        (message("a\r\r\nb"), "data: a\ndata: \ndata: b\n\n"),
        (message("a\n\rb"), "data: a\ndata: \ndata: b\n\n"),
        (message("a\0b\u{2028}c\u{FEFF}"), "data: a\0b\u{2028}c\u{FEFF}\n\n"),
        (Event { id: Some("7"), event: Some("e"), data: "a" }, "id: 7\nevent: e\ndata: a\n\n"),
        (Event { id: Some(""), event: Some(""), data: "a" }, "id: \nevent: \ndata: a\n\n"),
        (Event { id: Some(" é:"), event: None, data: "a" }, "id:  é:\ndata: a\n\n"),
    ];
    for (event, expected) in table {
        let mut out = b"before".to_vec();
        event.encode(&mut out).expect("valid fields");
        assert_eq!(String::from_utf8_lossy(&out), format!("before{expected}"), "{event:?}");
    }
}

#[test]
fn invalid_fields_append_nothing() {
    for character in ['\r', '\n', '\0'] {
        for value in [format!("{character}"), format!("é{character}\u{7}"), format!("a{character}")]
        {
            let id = Event { id: Some(&value), event: Some("e"), data: "a" };
            let event = Event { id: Some("7"), event: Some(&value), data: "a" };
            for (event, field) in [(id, "id"), (event, "event")] {
                let mut out = b"before".to_vec();
                assert_eq!(
                    event.encode(&mut out),
                    Err(InvalidField { field, character }),
                    "{event:?}",
                );
                assert_eq!(out, b"before", "{event:?}");
            }
        }
    }
    assert_eq!(
        InvalidField { field: "id", character: '\n' }.to_string(),
        r"id contains '\n', which an event stream cannot carry in this field",
    );
}

#[test]
fn retry_and_comment_have_these_bytes() {
    let mut out = Vec::new();
    sse::encode_retry(0, &mut out);
    sse::encode_retry(u64::MAX, &mut out);
    sse::encode_comment("", &mut out);
    sse::encode_comment(" data: a\r\nb\rc\n", &mut out);
    assert_eq!(
        String::from_utf8_lossy(&out),
        "retry: 0\nretry: 18446744073709551615\n:\n: data: a\n:b\n:c\n:\n",
    );
}

#[derive(Debug, Clone)]
enum StreamBlock {
    Event { id: Option<String>, event: Option<String>, data: String },
    Retry(u64),
    Comment(String),
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn encoded_blocks_decode_from_any_chunks(blocks in vec(block(), 0..8), splits in splits()) {
        let mut stream = Vec::new();
        let mut expected = DecodeResult::default();
        for block in blocks {
            encode(block, &mut stream, &mut expected);
        }
        prop_assert_eq!(&decode([&stream[..]]).0, &expected);
        prop_assert_eq!(&decode(stream.chunks(1)).0, &expected);
        prop_assert_eq!(&decode(split(&stream, &splits)).0, &expected);
    }
}

fn encode(block: StreamBlock, stream: &mut Vec<u8>, expected: &mut DecodeResult) {
    match block {
        StreamBlock::Event { id, event, data } => {
            Event { id: id.as_deref(), event: event.as_deref(), data: &data }
                .encode(stream)
                .expect("valid fields");
            if let Some(id) = id {
                expected.last_event_id = id;
            }
            expected.events.push(EventRecord {
                event: event.filter(|event| !event.is_empty()).unwrap_or("message".into()),
                data: data.replace("\r\n", "\n").replace('\r', "\n"),
                last_event_id: expected.last_event_id.clone(),
            });
        }
        StreamBlock::Retry(millis) => {
            sse::encode_retry(millis, stream);
            expected.retry = Some(millis);
        }
        StreamBlock::Comment(text) => sse::encode_comment(&text, stream),
    }
}

fn block() -> impl Strategy<Value = StreamBlock> {
    let event = (option::of(one_line()), option::of(one_line()), text())
        .prop_map(|(id, event, data)| StreamBlock::Event { id, event, data });
    prop_oneof![
        4 => event,
        1 => any::<u64>().prop_map(StreamBlock::Retry),
        1 => text().prop_map(StreamBlock::Comment),
    ]
}

/// Any text; often one with the tokens of the format.
fn text() -> impl Strategy<Value = String> {
    const TOKENS: [&str; 12] =
        ["\r", "\n", "\r\n", " ", ":", "\0", "\u{FEFF}", "\u{85}", "data: ", "id", "é😀", "x"];
    let tokens = vec(select(&TOKENS[..]), 0..12).prop_map(|tokens| tokens.concat());
    prop_oneof![tokens, any::<String>()]
}

fn one_line() -> impl Strategy<Value = String> {
    text().prop_map(|text| text.replace(['\r', '\n', '\0'], ""))
}
