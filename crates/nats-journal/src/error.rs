//! Internal errors, one enum per phase: opening, publishing, querying the state of the stream, reading it.
//! Variants are named for the reaction of the caller.

use std::error::Error as _;
use std::sync::Arc;

use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::{self, ErrorCode, stream};
use journal::Cause;

/// Makes a shareable cause of an error or a text.
pub(crate) fn to_cause(
    source: impl Into<Box<dyn std::error::Error + Send + Sync + 'static>>,
) -> Cause {
    Arc::from(source.into())
}

/// Opening failed.
#[derive(Clone, Debug)]
pub(crate) enum NatsOpenError {
    /// Retry.
    Transient(Cause),
    /// Retrying does not help: the configuration does not fit.
    Permanent(Cause),
}

impl From<Cause> for NatsOpenError {
    fn from(cause: Cause) -> Self {
        NatsOpenError::Transient(cause)
    }
}

/// A message was not acknowledged.
#[derive(Clone, Debug)]
pub(crate) enum PublishFailure {
    /// The message was not stored: another record came first.
    Conflict,
    /// The message was not stored: the servers have no space.
    NoSpace(Cause),
    /// The message was not stored: the servers cannot accept it now.
    Rejected(Cause),
    /// No answer arrived. The message may have been stored.
    Unacknowledged(Cause),
}

impl From<PublishError> for PublishFailure {
    fn from(error: PublishError) -> Self {
        match error.kind() {
            PublishErrorKind::WrongLastSequence | PublishErrorKind::WrongLastMessageId => {
                return PublishFailure::Conflict;
            }
            // "No responders": no server received the message for the stream.
            PublishErrorKind::StreamNotFound | PublishErrorKind::MaxPayloadExceeded => {
                return PublishFailure::Rejected(to_cause(error));
            }
            _ => {}
        }
        let response = error.source().and_then(|source| source.downcast_ref::<jetstream::Error>());
        match response.map(jetstream::Error::error_code) {
            Some(code) if NO_SPACE_CODES.contains(&code) => {
                PublishFailure::NoSpace(to_cause(error))
            }
            // An earlier copy of this message is still being stored.
            Some(ErrorCode::STREAM_DUPLICATE_MESSAGE_CONFLICT) | None => {
                PublishFailure::Unacknowledged(to_cause(error))
            }
            Some(_) => PublishFailure::Rejected(to_cause(error)),
        }
    }
}

/// The stream does not have the expected state.
#[derive(Debug)]
pub(crate) enum StreamStatus {
    /// No such stream, or its servers have not loaded it yet.
    NotFound,
    /// A stream of the same name that was created at another time, with its state.
    Recreated(stream::State),
    /// No answer arrived.
    Unreachable(Cause),
}

impl From<StreamStatus> for Cause {
    fn from(status: StreamStatus) -> Self {
        match status {
            StreamStatus::Unreachable(cause) => cause,
            other => to_cause(StreamReadError::from(other)),
        }
    }
}

/// A read of the stream ended.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum StreamReadError {
    /// The records are intact: read again.
    #[error("{0}")]
    Interrupted(Cause),
    /// The stream seems to have fewer records than were read. A server may not have caught up yet.
    #[error("{0}")]
    Truncated(&'static str),
    /// The stream has other records than were read.
    #[error("{0}")]
    Diverged(&'static str),
}

impl From<StreamStatus> for StreamReadError {
    fn from(status: StreamStatus) -> Self {
        match status {
            StreamStatus::NotFound => StreamReadError::Truncated("the stream does not exist"),
            StreamStatus::Recreated(_) => StreamReadError::Diverged("the stream was recreated"),
            StreamStatus::Unreachable(cause) => StreamReadError::Interrupted(cause),
        }
    }
}

/// Limits of an account or of a server, or a full disk.
const NO_SPACE_CODES: [ErrorCode; 6] = [
    ErrorCode::ACCOUNT_RESOURCES_EXCEEDED,
    ErrorCode::INSUFFICIENT_RESOURCES,
    ErrorCode::MEMORY_RESOURCES_EXCEEDED,
    ErrorCode::STORAGE_RESOURCES_EXCEEDED,
    ErrorCode::STREAM_STORE_FAILED,
    ErrorCode::STREAM_MAX_STREAM_BYTES_EXCEEDED,
];
