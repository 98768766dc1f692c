//! The one error type of the crate. Reading refuses nothing but size, since the standard gives
//! every sequence of bytes a meaning.

use thiserror::Error;

/// Why an event was not written, or a stream not read on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// The caller's `id` or `event` holds a character that would end its line or lose the field.
    #[error("field {field} holds {character:?}, which the event stream cannot carry there")]
    Unwritable {
        /// The field's name on the wire: `id` or `event`.
        field: &'static str,
        /// The first such character: CR, LF or NUL.
        character: char,
    },

    /// The peer's event outgrew the decoder's bound. Nothing more is read from this connection.
    #[error("an event is larger than {max_bytes} bytes")]
    EventTooLarge {
        /// The bound that was set.
        max_bytes: usize,
    },
}
