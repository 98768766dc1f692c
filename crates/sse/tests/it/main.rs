//! The event-stream format from the outside: bytes in, events out, and the reverse.

mod cases;
mod chunking;
mod decode;
mod decode_result;
mod encode;
mod event_source;
mod reference_decoder;
