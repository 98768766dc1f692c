//! The event-stream format, from the outside: bytes in, events out, and back.

mod cases;
mod cutting;
mod decode;
mod encode;
mod event_source;
mod outcome;
mod standard;
