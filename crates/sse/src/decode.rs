//! From fields to events, by "interpreting an event stream" of the standard, and what a follower
//! keeps when a connection ends. It knows neither sockets nor clocks, nor when to come back:
//! [`EventSource`](crate::EventSource) does.

use std::{mem, sync::Arc, time::Duration};

use crate::Error;
use crate::line::{Field, Line, Lines};

/// The bound of a decoder that was not given another: no honest event is larger, and one is small
/// beside the memory of any machine that follows a board.
pub const DEFAULT_MAX_EVENT_BYTES: usize = 64 * 1024 * 1024;

/// Reads an event stream that arrives in pieces of any size.
///
/// An event is out as soon as its blank line has been read, even where that line ends in a CR that
/// an LF may yet follow. What has no blank line when the connection ends was never an event.
#[derive(Debug)]
pub struct Decoder {
    lines: Lines,
    block: Block,
    last_event_id: Arc<str>,
    retry: Option<Duration>,
    max_event_bytes: usize,
    state: State,
}

/// An event as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The event's type; `message` where the stream named none.
    pub event: String,
    /// The payload, its lines joined by LF. It may hold NUL.
    pub data: String,
    /// The last event ID as of this event, which an earlier event may have set; `""` for none.
    /// Shared, since a copy for each event would let one long ID make a stream costly to read.
    pub last_event_id: Arc<str>,
}

/// The events of one piece of a stream, read as they are asked for.
///
/// The piece counts as read in any case: events that were not taken are dropped with this iterator,
/// and the decoder stands where the piece ends.
#[derive(Debug)]
#[must_use = "events that are not taken are lost"]
pub struct Events<'a> {
    decoder: &'a mut Decoder,
    input: &'a [u8],
}

impl Decoder {
    /// A decoder for a first connection, bound by [`DEFAULT_MAX_EVENT_BYTES`].
    pub fn new() -> Self {
        Self::resuming("")
    }

    /// A decoder for a connection that was opened with this last event ID, which stands until the
    /// stream sets another.
    pub fn resuming(last_event_id: impl Into<Arc<str>>) -> Self {
        Self {
            lines: Lines::new(),
            block: Block::default(),
            last_event_id: last_event_id.into(),
            retry: None,
            max_event_bytes: DEFAULT_MAX_EVENT_BYTES,
            state: State::Reading,
        }
    }

    /// Sets how many bytes an unfinished event may have: its data, type and ID and the value of the
    /// line being read. Comments and unknown fields do not count, since they are not kept. The
    /// memory in use is at most a small multiple of this.
    #[must_use]
    pub fn with_max_event_bytes(mut self, max_event_bytes: usize) -> Self {
        self.max_event_bytes = max_event_bytes;
        self
    }

    /// Takes the next piece of the stream and gives the events that it completes.
    ///
    /// The only error is [`Error::EventTooLarge`]. It is the last item, and comes again with every
    /// further piece until [`reconnect`](Self::reconnect).
    pub fn feed<'a>(&'a mut self, bytes: &'a [u8]) -> Events<'a> {
        Events { decoder: self, input: bytes }
    }

    /// Makes ready for the stream of a new connection. The last event ID and the reconnection time
    /// stay; half a line, half an event and an ID without its blank line are forgotten.
    pub fn reconnect(&mut self) {
        self.forget_unfinished();
        self.state = State::Reading;
    }

    /// What to send as `Last-Event-ID` with the next connection; nothing if empty.
    pub fn last_event_id(&self) -> &str {
        &self.last_event_id
    }

    /// The reconnection time that the stream asked for last. A number too large for 64 bits counts
    /// as the largest of them.
    pub fn retry(&self) -> Option<Duration> {
        self.retry
    }

    fn next_event(&mut self, input: &mut &[u8]) -> Result<Option<Decoded>, Error> {
        if matches!(self.state, State::Overflowed) {
            return Err(self.overflow());
        }
        loop {
            let room = self.max_event_bytes.saturating_sub(self.block.len());
            let Ok(line) = self.lines.next(input, room) else {
                return Err(self.overflow());
            };
            match line {
                None => return Ok(None),
                Some(Line::Blank) => {
                    if let Some(event) = self.dispatch() {
                        return Ok(Some(event));
                    }
                }
                Some(Line::Field(field, value)) => self.set(field, value),
                Some(Line::Ignored) => {}
            }
            if self.block.len() > self.max_event_bytes {
                return Err(self.overflow());
            }
        }
    }

    fn set(&mut self, field: Field, value: String) {
        match field {
            Field::Data => self.block.add_data(value),
            Field::Event => self.block.event = value,
            Field::Id if value.contains('\0') => {}
            Field::Id => self.block.id = Some(value),
            Field::Retry => self.retry = parse_millis(&value).or(self.retry),
        }
    }

    /// The end of a block: its ID counts even if it has no data, and is then no event.
    fn dispatch(&mut self) -> Option<Decoded> {
        let Block { data, event, id } = mem::take(&mut self.block);
        if let Some(id) = id {
            self.last_event_id = id.into();
        }
        Some(Decoded {
            data: data?,
            event: if event.is_empty() { "message".to_owned() } else { event },
            last_event_id: Arc::clone(&self.last_event_id),
        })
    }

    /// Stays overflowed, since what follows would be the middle of an event. Its bytes are let go.
    fn overflow(&mut self) -> Error {
        self.forget_unfinished();
        self.state = State::Overflowed;
        Error::EventTooLarge { max_bytes: self.max_event_bytes }
    }

    fn forget_unfinished(&mut self) {
        self.lines = Lines::new();
        self.block = Block::default();
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Iterator for Events<'_> {
    type Item = Result<Decoded, Error>;

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

impl Drop for Events<'_> {
    fn drop(&mut self) {
        self.for_each(drop);
    }
}

#[derive(Debug)]
enum State {
    Reading,
    Overflowed,
}

/// The fields of the event being read.
#[derive(Debug, Default)]
struct Block {
    /// `None` until a data line has come: one empty line makes an event, none makes no event.
    data: Option<String>,
    event: String,
    /// It becomes the last event ID at the blank line, and not before.
    id: Option<String>,
}

impl Block {
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

/// Digits and nothing else, not even a sign. The standard leaves open what no digits at all would
/// mean; here they change nothing.
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

    use super::{Block, Decoder, State};

    const MAX_EVENT_BYTES: usize = 1_000;

    /// A buffer may have grown to twice what it holds, and the line's keeps its size when its bytes
    /// have gone to the event's.
    const MOST_HELD_BYTES: usize = 2 * 2 * MAX_EVENT_BYTES;

    /// Each has its own way to grow: without end, by repetition, or threefold when decoded.
    const PIECES: [&[u8]; 20] = [
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
        fn memory_stays_bounded_whatever_is_repeated(
            repeats in vec((select(&PIECES[..]), 1..1_000_usize), 1..20),
            raw in vec(any::<u8>(), 0..100),
        ) {
            let mut decoder = Decoder::new().with_max_event_bytes(MAX_EVENT_BYTES);
            for (piece, times) in repeats {
                for _ in 0..times {
                    decoder.feed(piece).for_each(drop);
                    prop_assert!(held_bytes(&decoder) <= MOST_HELD_BYTES);
                }
                decoder.feed(&piece.repeat(times)).for_each(drop);
                prop_assert!(held_bytes(&decoder) <= MOST_HELD_BYTES);
                decoder.feed(&raw).for_each(drop);
                prop_assert!(held_bytes(&decoder) <= MOST_HELD_BYTES);
                if matches!(decoder.state, State::Overflowed) {
                    decoder.reconnect();
                }
            }
        }
    }

    fn held_bytes(decoder: &Decoder) -> usize {
        let Block { data, event, id } = &decoder.block;
        decoder.lines.capacity()
            + event.capacity()
            + data.as_ref().map_or(0, String::capacity)
            + id.as_ref().map_or(0, String::capacity)
    }
}
