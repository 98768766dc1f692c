//! The event-stream format (`text/event-stream`) of the WHATWG HTML standard, section 9.2: what a
//! server writes, what a follower reads, and when it comes back. It opens no connection, measures no
//! time and gives no event a meaning; bytes come in and events go out, or the other way round.
//!
//! ```
//! use sse::{Decoder, Event};
//!
//! let mut bytes = Vec::new();
//! sse::retry(3_000, &mut bytes);
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
//! # Ok::<(), sse::Error>(())
//! ```

/// Writing: events, comments and the reconnection time, as bytes.
mod encode;

/// Reading, first half: bytes in any pieces become lines, and lines become fields.
mod line;

/// Reading, second half: fields become events, and what outlives a connection is kept.
mod decode;

/// Following over many connections: when to come back, and when never again.
mod event_source;

/// What either side may refuse.
mod error;

pub use decode::{DEFAULT_MAX_EVENT_BYTES, Decoded, Decoder, Events};
pub use encode::{Event, comment, retry};
pub use error::Error;
pub use event_source::{EventSource, ReadyState};
