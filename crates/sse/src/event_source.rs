//! When a follower comes back, with which last event ID, and when never again: the rules of an
//! `EventSource`. It opens no connection and knows no clock. A program with both asks it, and reads
//! the streams through it.

use std::{sync::Arc, time::Duration};

use crate::decode::{Decoder, Events};

/// The wait before the next request until a stream asks for another. The standard leaves it open;
/// this is what most browsers take.
const DEFAULT_RETRY: Duration = Duration::from_secs(3);

const MEDIA_TYPE: &str = "text/event-stream";

/// A follower over many connections, by the rules of WHATWG HTML, section 9.2.
///
/// Redirects are the caller's to follow; what is told here is the last answer. The request is a
/// `GET` with `Accept: text/event-stream` and, unless it is empty, the
/// [last event ID](Self::last_event_id) as `Last-Event-ID`.
///
/// ```
/// use std::time::Duration;
///
/// use sse::{EventSource, ReadyState};
///
/// let mut source = EventSource::new();
/// assert_eq!(source.answered(200, Some("text/event-stream")), ReadyState::Open);
/// let events: Vec<_> = source.feed(b"retry: 700\nid: 7\ndata: landed\n\ndata: ha").collect();
/// assert_eq!(events.len(), 1);
/// assert_eq!(source.lost(), Some(Duration::from_millis(700)));
/// assert_eq!((source.ready_state(), source.last_event_id()), (ReadyState::Connecting, "7"));
/// assert_eq!(source.answered(204, None), ReadyState::Closed);
/// assert_eq!(source.lost(), None);
/// ```
#[derive(Debug)]
pub struct EventSource {
    decoder: Decoder,
    state: ReadyState,
}

/// Where an [`EventSource`] stands, with the standard's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReadyState {
    /// A request is to be made, now or after the wait, or has no answer yet.
    Connecting = 0,
    /// The stream is being read.
    Open = 1,
    /// For good: no request is made any more.
    Closed = 2,
}

impl EventSource {
    /// One that has seen nothing, about to make its first request.
    pub fn new() -> Self {
        Self::resuming("")
    }

    /// One that has seen the event of this ID, as an earlier one or a stored place says.
    pub fn resuming(last_event_id: impl Into<Arc<str>>) -> Self {
        Self { decoder: Decoder::resuming(last_event_id), state: ReadyState::Connecting }
    }

    /// Where it stands.
    pub fn ready_state(&self) -> ReadyState {
        self.state
    }

    /// What to send as `Last-Event-ID` with the next request; nothing if empty.
    pub fn last_event_id(&self) -> &str {
        self.decoder.last_event_id()
    }

    /// The head of an answer has come. Only a 200 with an event stream is read; anything else is
    /// the server's wish that it shall not come back, and closes it for good.
    pub fn answered(&mut self, status: u16, content_type: Option<&str>) -> ReadyState {
        if self.state != ReadyState::Closed {
            self.decoder.reconnect();
            let is_stream = status == 200 && content_type.is_some_and(is_event_stream);
            self.state = if is_stream { ReadyState::Open } else { ReadyState::Closed };
        }
        self.state
    }

    /// Takes the next bytes of the body and gives the events that they complete. Those of a body
    /// that is not to be read are passed over.
    ///
    /// After an error nothing more can be read from this connection: end it, and tell that it is
    /// [lost](Self::lost).
    pub fn feed<'a>(&'a mut self, bytes: &'a [u8]) -> Events<'a> {
        let is_read = self.state == ReadyState::Open;
        self.decoder.feed(if is_read { bytes } else { &[] })
    }

    /// The connection ended, in whatever way, or could not be made: how long to wait before the
    /// next request. `None` once closed: there is no next one.
    ///
    /// The last event ID and the wait stay, also over connections that set neither. What had begun
    /// and was not ended is forgotten.
    pub fn lost(&mut self) -> Option<Duration> {
        if self.state == ReadyState::Closed {
            return None;
        }
        self.decoder.reconnect();
        self.state = ReadyState::Connecting;
        Some(self.decoder.retry().unwrap_or(DEFAULT_RETRY))
    }

    /// Ends it for good: no further event, no further request.
    pub fn close(&mut self) {
        self.state = ReadyState::Closed;
    }
}

impl Default for EventSource {
    fn default() -> Self {
        Self::new()
    }
}

/// By the essence of the media type: in any letter case, whatever its parameters say. A charset
/// changes nothing, since the format is always UTF-8.
fn is_event_stream(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default();
    // The space of HTTP; what Rust trims by default is more.
    essence.trim_matches([' ', '\t', '\r', '\n']).eq_ignore_ascii_case(MEDIA_TYPE)
}
