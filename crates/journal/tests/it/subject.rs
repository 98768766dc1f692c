//! The journals under test, so that one suite runs against each of them.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use e2e::nats::NatsServer;
use journal::{
    Clock, Error, Follow, Journal, MemoryJournal, Options, Record, Seq, SqliteJournal, UnixMillis,
};
use nats::{NatsJournal, Place};
use tempfile::TempDir;

/// Makes a `#[tokio::test]` of each function, once for each kind of journal. One that waits for what
/// never comes fails instead of hanging.
macro_rules! for_each_journal {
    ($($test:ident)*) => {
        mod memory {
            $(#[tokio::test] async fn $test() {
                crate::subject::in_time(super::$test::<journal::MemoryJournal>()).await;
            })*
        }
        mod sqlite {
            $(#[tokio::test] async fn $test() {
                crate::subject::in_time(super::$test::<journal::SqliteJournal>()).await;
            })*
        }
        mod nats {
            $(#[tokio::test] async fn $test() {
                crate::subject::in_time(super::$test::<::nats::NatsJournal>()).await;
            })*
        }
    };
}
pub(crate) use for_each_journal;

pub(crate) async fn in_time(test: impl Future<Output = ()>) {
    tokio::time::timeout(PATIENCE, test).await.expect("nothing has come of it in two minutes");
}

const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) trait Subject: Journal + Sized {
    fn fresh(options: Options) -> impl Future<Output = Fresh<Self>> + Send;
}

/// A new journal. What it is kept in, if there is such a thing, goes after it.
pub(crate) struct Fresh<J> {
    journal: J,
    _kept_in: Box<dyn Send + Sync>,
}

impl<J> Deref for Fresh<J> {
    type Target = J;

    fn deref(&self) -> &J {
        &self.journal
    }
}

impl Subject for MemoryJournal {
    async fn fresh(options: Options) -> Fresh<Self> {
        Fresh { journal: MemoryJournal::new(options), _kept_in: Box::new(()) }
    }
}

impl Subject for SqliteJournal {
    async fn fresh(options: Options) -> Fresh<Self> {
        let (folder, path) = place();
        let journal = SqliteJournal::open(path, options).unwrap();
        Fresh { journal, _kept_in: Box::new(folder) }
    }
}

impl Subject for NatsJournal {
    async fn fresh(options: Options) -> Fresh<Self> {
        let server = NatsServer::start();
        let place = Place::at(server.url().parse().unwrap());
        let journal = NatsJournal::open(&place, options).await.unwrap();
        Fresh { journal, _kept_in: Box::new(server) }
    }
}

/// A folder, and where a journal can be in it.
pub(crate) fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("board.db");
    (folder, path)
}

/// A clock that stands still until it is set.
#[derive(Clone, Default)]
pub(crate) struct Hands(Arc<AtomicU64>);

impl Hands {
    pub(crate) fn set(&self, millis: u64) {
        self.0.store(millis, Ordering::SeqCst);
    }

    pub(crate) fn clock(&self) -> Clock {
        let hands = self.clone();
        Clock::new(move || UnixMillis(hands.0.load(Ordering::SeqCst)))
    }
}

/// Payloads that tell their place: "0", "1", …
pub(crate) fn numbered(range: std::ops::Range<usize>) -> Vec<Bytes> {
    range.map(|n| Bytes::from(n.to_string())).collect()
}

pub(crate) fn one(text: &str) -> Vec<Bytes> {
    vec![Bytes::copy_from_slice(text.as_bytes())]
}

pub(crate) fn zeros(bytes: usize) -> Vec<Bytes> {
    vec![Bytes::from(vec![0; bytes])]
}

/// All records after a position, up to the present tail.
pub(crate) async fn all_after(journal: &impl Journal, after: Seq) -> Result<Vec<Record>, Error> {
    let (mut follower, tail) = (journal.follow(after), journal.tail());
    let mut records = Vec::new();
    while records.last().map_or(after, |record: &Record| record.seq) < tail {
        records.extend(follower.next().await?);
    }
    Ok(records)
}

pub(crate) fn texts(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| String::from_utf8(record.payload.to_vec()).unwrap()).collect()
}

/// Numbers follow each other without a hole, beginning after `after`.
pub(crate) fn assert_consecutive(after: Seq, records: &[Record]) {
    let seqs: Vec<_> = records.iter().map(|record| record.seq.0).collect();
    let expected: Vec<_> = (after.0 + 1..).take(records.len()).collect();
    assert_eq!(seqs, expected);
}
