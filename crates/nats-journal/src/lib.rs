//! A journal in NATS JetStream, shared by any number of programs: the replicas of one server. Each of them
//! appends records and reads all records. It needs NATS 2.9 or newer, and in a cluster 2.12 or newer (see
//! [Not guaranteed](#not-guaranteed)).
//!
//! ```no_run
//! use journal::{Follow, Journal, NewRecord, JournalOptions, Seq};
//! use nats_journal::{NatsConfig, NatsJournal};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = NatsConfig { replicas: 3, ..NatsConfig::new("nats://a,b,c".parse()?) };
//! let journal = NatsJournal::open(&config, JournalOptions::default()).await?;
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
//! # Layout in JetStream
//! A record is one message of the stream `<prefix>`, with a subject below `<prefix>.`; its sequence number
//! is the stream's. Its time, its epoch and its deduplication id are headers, so that all replicas read the
//! same values. The object store bucket `<prefix>-checkpoints` holds the checkpoints, and the stream
//! `<prefix>-probe` the last message that a probe wrote.
//!
//! # Guaranteed
//! **An acknowledged record is kept, once and under its number**, through the death of any server as long
//! as a majority remains, and through a rolling restart of all servers: a server writes a message to its
//! file before it acknowledges the message, and with `replicas: 3` two servers have written it. *Written
//! does not mean synced.* By default a server syncs its files every two minutes, so if all servers lose
//! power at once, or a standalone server does, the last minutes can be lost. Since NATS 2.10 the line
//! `sync_interval: always` in the `jetstream` block makes a server sync before it acknowledges; 2.9 has no
//! such line.
//!
//! **After [`AppendError::OutcomeUnknown`](::journal::AppendError::OutcomeUnknown) the records of the append are stored once or not
//! at all**, or only the first of them are, even if the append is repeated under the same ids within
//! [`DEDUPLICATION_WINDOW`]. After any other error no record of the append is stored. Either error arrives
//! within about [`APPEND_TIMEOUT`].
//!
//! **The records of an append keep their order.** Records of other replicas may come between them on a
//! replicated stream, and on any stream if the append was repeated.
//!
//! **No record is skipped.** Each read of the stream starts at the last record read, which must still be
//! the same one; the nanosecond at which the stream stored it identifies it. A delivery that was missed is
//! read again. A gap in the stream is an error ([`FollowError::Pruned`](::journal::FollowError::Pruned) to a follower
//! that reads history); it is never stepped over.
//!
//! **An id names one record.** The first epoch is derived from the name of the stream and the time of its
//! creation. Each later opening starts a new epoch with its first record, and so does each read that had to
//! be restarted. After a stream was recreated or restored from an older copy, therefore, no record gets the
//! id of a lost record, whichever replicas kept running meanwhile. A replica that had read more than the
//! stream now has fails with [`StorageError::Replaced`](::journal::StorageError::Replaced): at once if the connection
//! broke, as it does when a stream is restored; otherwise within [`RECHECK_INTERVAL`]; and not before
//! [`TRUNCATION_GRACE`] if the stream is only shorter, because servers that come back may not have all
//! records yet. Until then it rejects appends.
//!
//! # Not guaranteed
//! - **A cluster of NATS before 2.12 whose leader is suspended for longer than an election takes, and then
//!   resumes.** Its followers accept entries of the old leader along with those of the new one: two records
//!   can share a number, and acknowledged records can be lost. The journal detects this as it detects a
//!   restored stream; opening such a journal logs a warning. Observed with 2.9.10 and 2.10.26, but not with
//!   2.11.11, 2.12.8 and 2.15.1. 2.9.10 loses as much when all servers are killed at once, or one soon after
//!   another came back.
//! - A restored copy of an *empty* stream: a replica that opens it writes in the first epoch again.
//! - A stream that is restored and written to while connections stay up, by replicas that had not read the
//!   lost end: they may reuse its numbers in the same epoch.
//! - A bucket that is older than its stream may lack the checkpoint at which the stream begins. Copy the
//!   bucket first, then the stream, and restore both.
//! - A message that any other client publishes under these subjects is a record to every replica. Allow
//!   only the server's user to publish there.

/// Servers, credentials, TLS, and the streams to create.
mod config;

/// Checks of the credentials file and the CA file.
mod auth_files;

/// Timeouts and intervals of the connection.
mod timing;

/// The connection, which reconnects on its own.
mod connection;

/// Explanations of connection and permission failures.
mod diagnostics;

/// Internal errors by phase: opening, publishing, querying and reading the stream.
mod error;

/// Names and configurations of the streams and the bucket.
mod layout;

/// The streams and the bucket of a journal.
mod streams;

/// Opening the connection and the streams, with retries.
mod open;

/// Subjects and deduplication ids.
mod subject;

/// Headers of a record, and the fingerprint that identifies it.
mod headers;

/// The number of records in flight.
mod pipeline;

/// Appends and probes waiting to be written.
mod queue;

/// The limit on the bytes in use.
mod quota;

/// Checks that an append would succeed.
mod probe;

/// The task that writes.
mod writer;

/// The position of a reader in the stream.
mod cursor;

/// One continuous read of the stream.
mod reader;

/// The task that reads the stream, restarting after errors.
mod tailer;

/// State shared by the writer, the tailer and all followers.
mod shared;

/// Reads of records older than the recent ones in memory.
mod history;

/// Followers of the journal.
mod follower;

/// Checkpoints in their bucket.
mod checkpoints;

/// Dropping old checkpoints and old records.
mod prune;

/// Copying another journal into a stream.
mod import;

/// The journal itself.
mod journal;

pub use crate::auth_files::{check_ca_file, check_credentials_file};
pub use crate::config::{
    MAX_PREFIX_BYTES, NatsConfig, ParseNatsConfigError, ServerList, StreamPrefix, StreamStorage,
    TlsMode,
};
pub use crate::follower::NatsFollower;
pub use crate::import::NatsImport;
pub use crate::journal::NatsJournal;
pub use crate::layout::DEDUPLICATION_WINDOW;
pub use crate::pipeline::{IN_FLIGHT_BYTES, IN_FLIGHT_RECORDS};
pub use crate::subject::MAX_SUBJECT_BYTES;
pub use crate::tailer::{RECHECK_INTERVAL, TRUNCATION_GRACE};
pub use crate::timing::{APPEND_TIMEOUT, ELECTION_TIMEOUT, MAX_RECONNECT_DELAY};
pub use crate::writer::MAX_CONFLICTS;
