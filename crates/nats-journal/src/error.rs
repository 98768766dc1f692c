//! What servers say, as the caller can act on it.

use std::error::Error as _;
use std::sync::Arc;

use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::{self, ErrorCode};
use journal::Cause;

/// An error, or a clause, as a cause.
pub(crate) fn to_cause(
    source: impl Into<Box<dyn std::error::Error + Send + Sync + 'static>>,
) -> Cause {
    Arc::from(source.into())
}

/// Why a journal was not opened.
#[derive(Clone, Debug)]
pub(crate) enum NatsOpenError {
    /// It may be another time.
    Transient(Cause),
    /// It cannot be, as it was asked for.
    Permanent(Cause),
}

impl From<Cause> for NatsOpenError {
    fn from(cause: Cause) -> Self {
        NatsOpenError::Transient(cause)
    }
}

/// Why a message was not acknowledged.
#[derive(Clone, Debug)]
pub(crate) enum PublishFailure {
    /// Another record came before it. It was not written.
    Conflict,
    /// Servers have no room. It was not written.
    NoSpace(Cause),
    /// Servers cannot take it now. It was not written.
    Rejected(Cause),
    /// Nothing was heard. It may have been written.
    Unacknowledged(Cause),
}

impl From<PublishError> for PublishFailure {
    fn from(error: PublishError) -> Self {
        match error.kind() {
            PublishErrorKind::WrongLastSequence | PublishErrorKind::WrongLastMessageId => {
                return PublishFailure::Conflict;
            }
            // Nobody was there to take it.
            PublishErrorKind::StreamNotFound | PublishErrorKind::MaxPayloadExceeded => {
                return PublishFailure::Rejected(to_cause(error));
            }
            _ => {}
        }
        let code = error.source().and_then(|said| said.downcast_ref::<jetstream::Error>());
        match code.map(jetstream::Error::error_code) {
            Some(code) if NO_ROOM.contains(&code) => PublishFailure::NoSpace(to_cause(error)),
            // The same message is on its way.
            Some(ErrorCode::STREAM_DUPLICATE_MESSAGE_CONFLICT) | None => {
                PublishFailure::Unacknowledged(to_cause(error))
            }
            Some(_) => PublishFailure::Rejected(to_cause(error)),
        }
    }
}

/// An account's or a server's limits, or its disk.
const NO_ROOM: [ErrorCode; 6] = [
    ErrorCode::ACCOUNT_RESOURCES_EXCEEDED,
    ErrorCode::INSUFFICIENT_RESOURCES,
    ErrorCode::MEMORY_RESOURCES_EXCEEDED,
    ErrorCode::STORAGE_RESOURCES_EXCEEDED,
    ErrorCode::STREAM_STORE_FAILED,
    ErrorCode::STREAM_MAX_STREAM_BYTES_EXCEEDED,
];
