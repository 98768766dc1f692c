//! Turns fields into events, by "interpreting an event stream" of the standard, and keeps the state
//! that outlives a connection. It knows neither sockets nor clocks, nor when to reconnect:
//! [`EventSource`](crate::EventSource) decides that.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use crate::line::{FieldName, LineReader, StreamLine};

/// Default limit on the size of an event: larger than any plausible event, and small beside the
/// memory of a machine that follows a board.
pub const DEFAULT_MAX_EVENT_BYTES: usize = 64 * 1024 * 1024;

/// Decodes an event stream that arrives in chunks of any size.
///
/// An event is complete when its blank line has been read, even if that line ends with a CR that an
/// LF may follow. Fields that have no blank line when the connection ends are discarded.
#[derive(Debug)]
pub struct Decoder {
    lines: LineReader,
    buffer: EventBuffer,
    last_event_id: Arc<str>,
    retry: Option<Duration>,
    max_event_bytes: usize,
    has_overflowed: bool,
}

/// A decoded event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodedEvent {
    /// The event type; `message` if the stream names none.
    pub event: String,
    /// The payload, its lines joined by LF. It may contain NUL.
    pub data: String,
    /// The last event ID at this event, possibly set by an earlier event; `""` without one.
    /// Shared, because a copy per event would let one long ID make a stream expensive to decode.
    pub last_event_id: Arc<str>,
}

/// The events that one chunk completes, decoded lazily.
///
/// The decoder always consumes the whole chunk: dropping this iterator drops the remaining events.
#[derive(Debug)]
#[must_use = "dropping the iterator drops the events"]
pub struct DecodedEvents<'a> {
    decoder: &'a mut Decoder,
    input: &'a [u8],
}

/// An event exceeds the decoder's limit. The rest of the connection cannot be decoded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("an event is larger than {max_bytes} bytes")]
pub struct EventTooLarge {
    /// The limit.
    pub max_bytes: usize,
}

/// The fields of the current event: the data, event type and last event ID buffers of the standard.
#[derive(Debug, Default)]
struct EventBuffer {
    /// `None` until the first data line. An event needs one, which may be empty.
    data: Option<String>,
    event: String,
    /// Becomes the last event ID at the blank line, not before.
    id: Option<String>,
}

impl Decoder {
    /// A decoder for a first connection, limited to [`DEFAULT_MAX_EVENT_BYTES`].
    pub fn new() -> Self {
        Self::with_last_event_id("")
    }

    /// A decoder for a connection that was opened with this last event ID, which holds until the
    /// stream sets another.
    pub fn with_last_event_id(last_event_id: impl Into<Arc<str>>) -> Self {
        Self {
            lines: LineReader::new(),
            buffer: EventBuffer::default(),
            last_event_id: last_event_id.into(),
            retry: None,
            max_event_bytes: DEFAULT_MAX_EVENT_BYTES,
            has_overflowed: false,
        }
    }

    /// Sets the limit on the size of an event: its data, type and ID, and the value of the current
    /// line. Comments and unknown fields do not count, since they are not buffered. The decoder
    /// allocates at most a small multiple of this limit.
    #[must_use]
    pub fn with_max_event_bytes(mut self, max_event_bytes: usize) -> Self {
        self.max_event_bytes = max_event_bytes;
        self
    }

    /// Decodes the next chunk of the stream and returns the events that it completes.
    ///
    /// An [`EventTooLarge`] error is the last item, and is returned for each further chunk until
    /// [`reconnect`](Self::reconnect).
    pub fn feed<'a>(&'a mut self, chunk: &'a [u8]) -> DecodedEvents<'a> {
        DecodedEvents { decoder: self, input: chunk }
    }

    /// Prepares for the stream of a new connection. The last event ID and the reconnection time are
    /// kept; an incomplete line, an incomplete event and its ID are discarded.
    pub fn reconnect(&mut self) {
        self.discard_incomplete();
        self.has_overflowed = false;
    }

    /// The value of `Last-Event-ID` for the next connection; if empty, the header is omitted.
    pub fn last_event_id(&self) -> &str {
        &self.last_event_id
    }

    /// The last reconnection time that the stream has set. A number that exceeds 64 bits is
    /// saturated.
    pub fn retry(&self) -> Option<Duration> {
        self.retry
    }

    fn next_event(&mut self, input: &mut &[u8]) -> Result<Option<DecodedEvent>, EventTooLarge> {
        if self.has_overflowed {
            return Err(self.overflow());
        }
        loop {
            let max_value_bytes = self.max_event_bytes.saturating_sub(self.buffer.len());
            let Ok(line) = self.lines.next(input, max_value_bytes) else {
                return Err(self.overflow());
            };
            match line {
                None => return Ok(None),
                Some(StreamLine::Blank) => {
                    if let Some(event) = self.dispatch() {
                        return Ok(Some(event));
                    }
                }
                Some(StreamLine::Field(field, value)) => self.set(field, value),
                Some(StreamLine::Ignored) => {}
            }
            // Again: lossy UTF-8 decoding and the LF between data lines add bytes.
            if self.buffer.len() > self.max_event_bytes {
                return Err(self.overflow());
            }
        }
    }

    fn set(&mut self, field: FieldName, value: String) {
        match field {
            FieldName::Data => self.buffer.add_data(value),
            FieldName::Event => self.buffer.event = value,
            FieldName::Id if value.contains('\0') => {}
            FieldName::Id => self.buffer.id = Some(value),
            FieldName::Retry => self.retry = parse_millis(&value).or(self.retry),
        }
    }

    /// Handles a blank line. An ID takes effect even without data, in which case there is no event.
    fn dispatch(&mut self) -> Option<DecodedEvent> {
        let EventBuffer { data, event, id } = mem::take(&mut self.buffer);
        if let Some(id) = id {
            self.last_event_id = id.into();
        }
        Some(DecodedEvent {
            data: data?,
            event: if event.is_empty() { "message".to_owned() } else { event },
            last_event_id: Arc::clone(&self.last_event_id),
        })
    }

    /// Frees the buffers and refuses further chunks, which would begin in the middle of an event.
    fn overflow(&mut self) -> EventTooLarge {
        self.discard_incomplete();
        self.has_overflowed = true;
        EventTooLarge { max_bytes: self.max_event_bytes }
    }

    fn discard_incomplete(&mut self) {
        self.lines = LineReader::new();
        self.buffer = EventBuffer::default();
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Iterator for DecodedEvents<'_> {
    type Item = Result<DecodedEvent, EventTooLarge>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.input.is_empty() {
            return None;
        }
        let event = self.decoder.next_event(&mut self.input);
        if event.is_err() {
            self.input = &[];
        }
        event.transpose()
    }
}

impl Drop for DecodedEvents<'_> {
    fn drop(&mut self) {
        self.for_each(drop);
    }
}

impl EventBuffer {
    fn add_data(&mut self, line: String) {
        match &mut self.data {
            None => self.data = Some(line),
            Some(data) => {
                data.push('\n');
                data.push_str(&line);
            }
        }
    }

    fn len(&self) -> usize {
        let data = self.data.as_ref().map_or(0, String::len);
        let id = self.id.as_ref().map_or(0, String::len);
        data + self.event.len() + id
    }
}

/// Parses ASCII digits; a sign or a space makes the value invalid. The standard does not define the
/// effect of an empty value; it is treated as invalid here, and an invalid value changes nothing.
fn parse_millis(value: &str) -> Option<Duration> {
    if value.is_empty() {
        return None;
    }
    let millis = value.bytes().try_fold(0_u64, |millis, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        Some(millis.saturating_mul(10).saturating_add(digit))
    })?;
    Some(Duration::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::{Decoder, EventBuffer};

    const MAX_EVENT_BYTES: usize = 1_000;

    /// The capacity of a buffer may be twice its length, and the line's buffer keeps its capacity when
    /// its bytes have moved to the event's buffer.
    const MAX_ALLOCATED_BYTES: usize = 2 * 2 * MAX_EVENT_BYTES;

    /// They grow in different ways: endlessly, by repetition, or threefold by lossy UTF-8 decoding.
    const CHUNKS: [&[u8]; 20] = [
        b"data",
        b"event",
        b"id",
        b"retry",
        b":",
        b" ",
        b"\0",
        b"\r",
        b"\n",
        b"\n\n",
        b"data\n",
        b"data: line\n",
        b"event: type\n",
        b"id: 12345\n",
        b"data: whole\n\n",
        b"id: alone\n\n",
        b": a comment without an end ",
        b"data: a value without an end ",
        b"retry: 0000000000",
        b"\xEF\xBB\xBF\xFF\xFE\xF0\x9F",
    ];

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn allocated_memory_is_bounded(
            repeats in vec((select(&CHUNKS[..]), 1..1_000_usize), 1..20),
            raw in vec(any::<u8>(), 0..100),
        ) {
            let mut decoder = Decoder::new().with_max_event_bytes(MAX_EVENT_BYTES);
            for (chunk, times) in repeats {
                for _ in 0..times {
                    decoder.feed(chunk).for_each(drop);
                    prop_assert!(allocated_bytes(&decoder) <= MAX_ALLOCATED_BYTES);
                }
                decoder.feed(&chunk.repeat(times)).for_each(drop);
                prop_assert!(allocated_bytes(&decoder) <= MAX_ALLOCATED_BYTES);
                decoder.feed(&raw).for_each(drop);
                prop_assert!(allocated_bytes(&decoder) <= MAX_ALLOCATED_BYTES);
                if decoder.has_overflowed {
                    decoder.reconnect();
                }
            }
        }
    }

    fn allocated_bytes(decoder: &Decoder) -> usize {
        let EventBuffer { data, event, id } = &decoder.buffer;
        decoder.lines.capacity()
            + event.capacity()
            + data.as_ref().map_or(0, String::capacity)
            + id.as_ref().map_or(0, String::capacity)
    }
}
