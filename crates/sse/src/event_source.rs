//! Decides when to reconnect, with which last event ID, and when to stop for good, by the rules of
//! an `EventSource`. It opens no connection and reads no clock: a program that has both asks it, and
//! decodes its streams through it.

use std::{sync::Arc, time::Duration};

use crate::decode::{DecodedEvents, Decoder};

/// Wait before the next request until a stream sets another. The standard leaves it to the client;
/// most browsers use this value.
const DEFAULT_RETRY: Duration = Duration::from_secs(3);

const MEDIA_TYPE: &str = "text/event-stream";

/// A client across many connections, by the rules of WHATWG HTML, section 9.2.
///
/// The caller follows redirects and reports only the last response. The request is a `GET` with
/// `Accept: text/event-stream` and, unless it is empty, the [last event ID](Self::last_event_id) as
/// `Last-Event-ID`.
///
/// ```
/// use std::time::Duration;
///
/// use sse::{EventSource, ReadyState};
///
/// let mut source = EventSource::new();
/// assert_eq!(source.handle_response(200, Some("text/event-stream")), ReadyState::Open);
/// let events: Vec<_> = source.feed(b"retry: 700\nid: 7\ndata: landed\n\ndata: ha").collect();
/// assert_eq!(events.len(), 1);
/// assert_eq!(source.handle_disconnect(), Some(Duration::from_millis(700)));
/// assert_eq!((source.ready_state(), source.last_event_id()), (ReadyState::Connecting, "7"));
/// assert_eq!(source.handle_response(204, None), ReadyState::Closed);
/// assert_eq!(source.handle_disconnect(), None);
/// ```
#[derive(Debug)]
pub struct EventSource {
    decoder: Decoder,
    state: ReadyState,
}

/// The state of an [`EventSource`], with the standard's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReadyState {
    /// The next request is to be made, now or after the wait, or has no response yet.
    Connecting = 0,
    /// The stream is being read.
    Open = 1,
    /// Final: no further request.
    Closed = 2,
}

impl EventSource {
    /// A client that has seen no event, before its first request.
    pub fn new() -> Self {
        Self::with_last_event_id("")
    }

    /// A client that has seen the event with this ID, for example in an earlier process.
    pub fn with_last_event_id(last_event_id: impl Into<Arc<str>>) -> Self {
        Self { decoder: Decoder::with_last_event_id(last_event_id), state: ReadyState::Connecting }
    }

    /// Sets the limit on the size of an event, as [`Decoder::with_max_event_bytes`].
    #[must_use]
    pub fn with_max_event_bytes(mut self, max_event_bytes: usize) -> Self {
        self.decoder = self.decoder.with_max_event_bytes(max_event_bytes);
        self
    }

    /// The current state.
    pub fn ready_state(&self) -> ReadyState {
        self.state
    }

    /// The value of `Last-Event-ID` for the next request; if empty, the header is omitted. It is the ID
    /// of the last event of any name, also of one that the caller does not know and skips.
    pub fn last_event_id(&self) -> &str {
        self.decoder.last_event_id()
    }

    /// Handles the head of a response. Only a 200 with an event stream is read; with any other the
    /// server asks the client not to come back, and the state becomes [`ReadyState::Closed`].
    pub fn handle_response(&mut self, status: u16, content_type: Option<&str>) -> ReadyState {
        if self.state != ReadyState::Closed {
            self.decoder.reconnect();
            let is_stream = status == 200 && content_type.is_some_and(is_event_stream);
            self.state = if is_stream { ReadyState::Open } else { ReadyState::Closed };
        }
        self.state
    }

    /// Decodes the next chunk of the body and returns the events that it completes. The body of a
    /// response that is not to be read is ignored.
    ///
    /// After an error the rest of the connection cannot be read: close it and call
    /// [`handle_disconnect`](Self::handle_disconnect).
    pub fn feed<'a>(&'a mut self, chunk: &'a [u8]) -> DecodedEvents<'a> {
        let is_open = self.state == ReadyState::Open;
        self.decoder.feed(if is_open { chunk } else { &[] })
    }

    /// Handles the end of a connection, or a failure to open one. Returns the wait before the next
    /// request; `None` if closed, when there is no next request.
    ///
    /// The last event ID and the wait are kept across connections that set neither. An incomplete
    /// event is discarded.
    pub fn handle_disconnect(&mut self) -> Option<Duration> {
        if self.state == ReadyState::Closed {
            return None;
        }
        self.decoder.reconnect();
        self.state = ReadyState::Connecting;
        Some(self.decoder.retry().unwrap_or(DEFAULT_RETRY))
    }

    /// Closes the client for good: no further event, no further request.
    pub fn close(&mut self) {
        self.state = ReadyState::Closed;
    }
}

impl Default for EventSource {
    fn default() -> Self {
        Self::new()
    }
}

/// Compares the essence of the media type, in any letter case, and ignores its parameters. A charset
/// has no effect, since the format is always UTF-8.
fn is_event_stream(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default();
    // HTTP whitespace only; `str::trim` would remove more.
    essence.trim_matches([' ', '\t', '\r', '\n']).eq_ignore_ascii_case(MEDIA_TYPE)
}
