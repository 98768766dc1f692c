//! A journal in NATS JetStream, for as many programs at once as have it open: replicas of one server, each
//! of which takes appends and reads all records. It needs NATS 2.9 or newer, and
//! as a cluster 2.12: see what is not promised.
//!
//! ```no_run
//! use journal::{Follow, Journal, NewRecord, JournalOptions, Seq};
//! use nats_journal::{NatsConfig, NatsJournal};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let place = NatsConfig { replicas: 3, ..NatsConfig::new("nats://a,b,c".parse()?) };
//! let journal = NatsJournal::open(&place, JournalOptions::default()).await?;
//! let landing = NewRecord {
//!     payload: "landing".into(),
//!     subject: vec!["main".into(), "I768".into()],
//!     dedup_id: Some("I768 is landing".into()),
//! };
//! let seqs = journal.append_records(vec![landing]).await?;
//! let records = journal.follow(Seq::ZERO).next().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What is kept where
//! A record is one message of the stream `<prefix>`, under the subject `<prefix>.<key>`, and its number is
//! the stream's. Its time, its epoch and its id are headers, so that all replicas read the same. The
//! bucket `<prefix>-checkpoints` has the checkpoints, and the stream `<prefix>-probe` what a probe wrote
//! last.
//!
//! # What is promised
//! **What was acknowledged is there, once and under its number**, through the death of any server that
//! leaves a majority, and through the restart of all one after another: a server writes a message to its
//! file before it acknowledges it, and with `replicas: 3` two have. *Written is not synced.* A server syncs its files
//! every two minutes if it is not told otherwise, so when the power of all of them fails at once, or that
//! of a server that stands alone, the last minutes can be lost. Since NATS 2.10 the line `sync_interval:
//! always` in its `jetstream` block makes it sync before it acknowledges; 2.9 has no such line.
//!
//! **What was answered with [`Error::Unknown`](::journal::Error::Unknown) is there once or never**, or a
//! beginning of it, also when it is appended again under the same ids within [`DEDUPLICATION_WINDOW`]. Any
//! other refusal left nothing of that append. Both come within about [`APPEND_TIMEOUT`].
//!
//! **The records of an append stand in its order.** Records of another replica may come between them on
//! replicated streams, and anywhere once an append was repeated.
//!
//! **Nothing is skipped.** A look at the stream begins with the record that was read last, which has to
//! be the same one: the nanosecond at which the stream took it tells. A missing delivery is read again, a
//! hole in the stream is told ([`Error::Removed`](::journal::Error::Removed) to who reads history), and
//! never stepped over.
//!
//! **An id names one record.** The first epoch is made of the stream's name and the time at which it was
//! made; each opening after that begins another with its first record, and so does each look that had to
//! be begun anew. So after a stream was made anew or put back to an older copy, no record is given an id
//! that a lost one had, whoever ran through it. A program that had read more than there is now is told
//! ([`Error::Replaced`](::journal::Error::Replaced)): at once when the connection broke, as it does when
//! a stream is put back; else within [`RECHECK_INTERVAL`]; and not before [`TRUNCATION_GRACE`] where the stream is
//! only shorter, since servers that come back may not have all yet. Until then it refuses to write.
//!
//! # What is not
//! - **A cluster of NATS before 2.12 whose leader stands still for longer than an election takes, and then
//!   goes on.** Its followers take entries of the old leader beside those of the new one: a number can have
//!   two records, and what was acknowledged can be lost. It is noticed like a stream that was put back;
//!   opening such a journal says so in the log. Seen with 2.9.10 and 2.10.26, and not with 2.11.11, 2.12.8
//!   and 2.15.1. 2.9.10 loses as much when all servers are killed at once, or one soon after another came
//!   back.
//! - A copy of a stream that was *empty* is put back: who then opens it writes in the first epoch again.
//! - A stream is put back and written on, without a break of the connection, by programs that had not read
//!   the end that was lost: they may use its numbers in the same epoch.
//! - A bucket older than its stream can lack the checkpoint from which the stream begins. Copy the bucket
//!   first, then the stream; and put both back.
//! - A message that somebody else publishes under these subjects is a record to all. Let only the
//!   server's user publish there.

/// Where it is kept.
mod config;

/// The files that it names.
mod auth_files;

/// The connection, which comes back by itself.
mod connection;

/// Why it does not, in words.
mod diagnostics;

/// Timeouts and intervals.
mod timing;

/// Opening the connection and the streams.
mod open;

/// The position of a reader.
mod cursor;

/// What there is of it in JetStream.
mod streams;

/// What a record is filed under.
mod subject;

/// What a message carries beside its payload.
mod headers;

/// What waits to be written.
mod queue;

/// The one task that writes.
mod writer;

/// One look at the stream, for as long as nothing is wrong with it.
mod reader;

/// The one task that reads, look after look.
mod tailer;

/// What those two and all followers share.
mod shared;

/// What lies behind the recent records.
mod history;

/// Checkpoints in their bucket.
mod checkpoints;

/// What is let go.
mod prune;

/// Copying another journal.
mod import;

/// What servers say, as the caller can act on it.
mod error;

/// The journal, of all these.
mod journal;

pub use crate::auth_files::{check_ca_file, check_credentials_file};
pub use crate::config::{
    MAX_PREFIX_BYTES, NatsConfig, ParseNatsConfigError, ServerList, StreamPrefix, StreamStorage,
    TlsMode,
};
pub use crate::import::NatsImport;
pub use crate::journal::{NatsFollower, NatsJournal};
pub use crate::queue::{IN_FLIGHT_BYTES, IN_FLIGHT_RECORDS};
pub use crate::streams::DEDUPLICATION_WINDOW;
pub use crate::subject::MAX_SUBJECT_BYTES;
pub use crate::tailer::{RECHECK_INTERVAL, TRUNCATION_GRACE};
pub use crate::timing::{APPEND_TIMEOUT, ELECTION_TIMEOUT, MAX_RECONNECT_DELAY};
pub use crate::writer::MAX_CONFLICTS;
