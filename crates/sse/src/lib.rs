//! The event-stream format (`text/event-stream`) of the WHATWG HTML standard, section 9.2: encoding,
//! decoding, and the rules of reconnecting. It opens no connection, reads no clock, and gives no
//! event a meaning: bytes go in and events come out, or the reverse.
//!
//! The server uses only the encoder, and `flightboard doctor` the [`Decoder`]. The client half
//! ([`Decoder`], [`EventSource`]) is also the oracle of the tests, which read the server's streams
//! through it, and the client crate will be built on it.
//!
//! ```
//! use sse::{Decoder, Event};
//!
//! let mut bytes = Vec::new();
//! sse::encode_retry(3_000, &mut bytes);
//! Event { id: Some("7"), event: Some("note"), data: "two\nlines" }.encode(&mut bytes)?;
//!
//! let mut decoder = Decoder::new();
//! for chunk in bytes.chunks(5) {
//!     for event in decoder.feed(chunk) {
//!         let event = event?;
//!         assert_eq!((event.event.as_str(), event.data.as_str()), ("note", "two\nlines"));
//!     }
//! }
//! assert_eq!(decoder.last_event_id(), "7");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

/// Encodes events, comments and the reconnection time.
mod encode;

/// Splits chunks of bytes into lines, and lines into fields.
mod line;

/// Turns fields into events, and keeps the state that outlives a connection.
mod decode;

/// Decides when to reconnect, and when to stop for good.
mod event_source;

pub use decode::{DEFAULT_MAX_EVENT_BYTES, DecodedEvent, DecodedEvents, Decoder, EventTooLarge};
pub use encode::{Event, InvalidField, encode_comment, encode_retry};
pub use event_source::{EventSource, ReadyState};
