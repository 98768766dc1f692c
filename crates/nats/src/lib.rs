//! A journal in NATS JetStream, for as many programs at once as have it open.

/// Where it is kept.
mod place;

/// The connection, which comes back by itself.
mod link;

/// What there is of it in JetStream.
mod streams;

/// What a record is filed under.
mod subject;

/// What a message carries beside its payload.
mod stamp;

/// What waits to be written.
mod queue;

/// The one task that writes.
mod writer;

/// One look at the stream, for as long as nothing is wrong with it.
mod reading;

/// The one task that reads, look after look.
mod tail;

/// What those two and all followers share.
mod ends;

/// What lies behind the recent records.
mod history;

/// Checkpoints in their bucket.
mod checkpoints;

/// What is let go.
mod retain;

/// What servers say, as the caller can act on it.
mod fault;

/// The journal, of all these.
mod journal;

pub use crate::ends::{RECENT_BYTES, RECENT_RECORDS};
pub use crate::journal::{NatsFollow, NatsJournal, OPENED_WITHIN};
pub use crate::link::{MAX_RECONNECT_WAIT, PATIENCE};
pub use crate::place::{MAX_PREFIX_BYTES, ParsePlaceError, Place, Prefix, Servers, Storage, Tls};
pub use crate::queue::{IN_FLIGHT_BYTES, IN_FLIGHT_RECORDS, QUEUE_APPENDS, QUEUE_BYTES};
pub use crate::streams::DEDUPLICATED_FOR;
pub use crate::subject::MAX_KEY_BYTES;
pub use crate::tail::{COMPARED_EVERY, LESS_FOR};
pub use crate::writer::LOST_RACES;
