//! Reconnecting and the size limit, which the case file does not cover.

use std::time::Duration;

use sse::{DecodedEvent, Decoder, EventTooLarge};

#[test]
fn reconnect_discards_incomplete_fields() {
    let incomplete =
        ["data: half", "data: half\n", "event: half\n", "id: half\n", "dat", "\u{FEFF}", ": half"];
    for incomplete in incomplete {
        let mut decoder = Decoder::new();
        let first = format!("id: 7\nretry: 1500\ndata: first\n\n{incomplete}");
        decoder.feed(first.as_bytes()).for_each(drop);
        decoder.reconnect();
        assert_eq!(decoder.last_event_id(), "7", "{incomplete:?}");
        assert_eq!(decoder.retry(), Some(Duration::from_millis(1500)), "{incomplete:?}");

        let events = events(&mut decoder, b"\xEF\xBB\xBFdata: next\n\n");
        assert_eq!(events, [Ok(decoded("message", "next", "7"))], "{incomplete:?}");
    }
}

#[test]
fn reconnect_discards_partial_line() {
    let mut decoder = Decoder::new();
    decoder.feed(b"data: \xF0\x9F").for_each(drop);
    decoder.reconnect();
    assert_eq!(events(&mut decoder, b"\x98data: a\n\n"), []);

    decoder.feed(b"data: a\r").for_each(drop);
    decoder.reconnect();
    assert_eq!(
        events(&mut decoder, b"\n\xEF\xBB\xBFdata: a\n\ndata: b\n\n"),
        [Ok(decoded("message", "b", ""))],
        "the first LF ends a line, so the byte order mark is not at the start",
    );
}

#[test]
fn resumed_id_holds_until_replaced() {
    let mut decoder = Decoder::with_last_event_id("41");
    assert_eq!(decoder.last_event_id(), "41");
    assert_eq!(
        events(&mut decoder, b"data: a\n\nid: 42\ndata: b\n\nid\ndata: c\n\n"),
        [
            Ok(decoded("message", "a", "41")),
            Ok(decoded("message", "b", "42")),
            Ok(decoded("message", "c", "")),
        ],
    );
}

#[test]
fn events_are_limited_in_size() {
    let too_large = Err(EventTooLarge { max_bytes: 8 });
    let fitting = [
        ("data: 12345678\n\n", decoded("message", "12345678", "")),
        ("data:12345678\n\n", decoded("message", "12345678", "")),
        ("data: 1234\ndata: 678\n\n", decoded("message", "1234\n678", "")),
        ("event: 12\nid: 34\ndata: 5678\n\n", decoded("12", "5678", "34")),
        ("data\u{FEFF}: unknown, so not buffered\ndata: a\n\n", decoded("message", "a", "")),
        (": comments are not buffered\ndata: a\n\n", decoded("message", "a", "")),
        ("data: \u{FFFD}\u{FFFD}\n\n", decoded("message", "\u{FFFD}\u{FFFD}", "")),
    ];
    for (stream, event) in fitting {
        let mut decoder = Decoder::new().with_max_event_bytes(8);
        let twice = stream.repeat(2);
        let decoded = events(&mut decoder, twice.as_bytes());
        assert_eq!((decoded.len(), &decoded[0]), (2, &Ok(event)), "{stream:?}");
    }
    let too_long: [&[u8]; 7] = [
        b"data: 123456789\n\n",
        b"data: 1234\ndata: 5678\n\n",
        b"data: 1\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\n\n",
        b"event: 12\nid: 34\ndata: 56789\n\n",
        b"event: 123456789",
        b"retry: 000000001",
        b"data: \xFF\xFF\xFF\n\n",
    ];
    for stream in too_long {
        let mut decoder = Decoder::new().with_max_event_bytes(8);
        let stream = [b"data: a\n\n", stream].concat();
        assert_eq!(
            events(&mut decoder, &stream),
            [Ok(decoded("message", "a", "")), too_large.clone()],
            "{}",
            stream.escape_ascii(),
        );
    }
}

#[test]
fn overflow_lasts_until_reconnect() {
    let too_large = EventTooLarge { max_bytes: 4 };
    assert_eq!(too_large.to_string(), "an event is larger than 4 bytes");

    let mut decoder = Decoder::new().with_max_event_bytes(4);
    assert_eq!(events(&mut decoder, b"id: 1\ndata: 2\n\ndata: 34567").len(), 2);
    assert_eq!(events(&mut decoder, b""), []);
    assert_eq!(events(&mut decoder, b"\n\ndata: b\n\n"), [Err(too_large)]);

    decoder.reconnect();
    assert_eq!(events(&mut decoder, b"data: c\n\n"), [Ok(decoded("message", "c", "1"))]);
}

#[test]
fn retry_saturates_at_64_bits() {
    let mut decoder = Decoder::new();
    for (value, millis) in [("18446744073709551615", u64::MAX), ("36893488147419103232", u64::MAX)]
    {
        decoder.feed(format!("retry: 5\nretry: {value}\n").as_bytes()).for_each(drop);
        assert_eq!(decoder.retry(), Some(Duration::from_millis(millis)), "{value}");
    }
}

#[test]
fn retry_without_digits_is_ignored() {
    let mut decoder = Decoder::new();
    for line in ["retry\n", "retry:\n", "retry: \n", "retry: +1\n", "retry: 1 \n"] {
        decoder.feed(line.as_bytes()).for_each(drop);
        assert_eq!(decoder.retry(), None, "{line:?}");
    }
}

#[test]
fn ten_mebibyte_event_is_allowed() {
    let data = "0123456789abcdef".repeat(10 * 64 * 1024);
    let mut decoder = Decoder::new();
    let stream = format!("data: {data}\n\n");
    let events: Vec<_> =
        stream.as_bytes().chunks(1_500).flat_map(|chunk| events(&mut decoder, chunk)).collect();
    assert!(events == [Ok(decoded("message", &data, ""))]);
}

fn events(decoder: &mut Decoder, bytes: &[u8]) -> Vec<Result<DecodedEvent, EventTooLarge>> {
    decoder.feed(bytes).collect()
}

fn decoded(event: &str, data: &str, last_event_id: &str) -> DecodedEvent {
    DecodedEvent { event: event.into(), data: data.into(), last_event_id: last_event_id.into() }
}
