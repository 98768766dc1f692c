//! The journals under test, so that one suite runs against each of them.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use journal::{
    Clock, Import, ImportError, ImportSource, Journal, JournalOptions, MemoryImport, MemoryJournal,
    OpenError, SqliteImport, SqliteJournal, UnixMillis,
};
use nats_journal::{NatsConfig, NatsImport, NatsJournal};
use tempfile::TempDir;
use testkit::nats::NatsServer;

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
                crate::subject::in_time(super::$test::<::nats_journal::NatsJournal>()).await;
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
    type Import: Import<Journal = Self>;
    /// What it is kept in.
    type Place: Send + Sync + 'static;

    fn fresh(options: JournalOptions) -> impl Future<Output = Fresh<Self>> + Send;

    fn empty_place() -> Self::Place;

    fn import(
        place: &Self::Place,
        origin: &ImportSource,
    ) -> impl Future<Output = Result<Self::Import, ImportError>> + Send;
}

/// A journal that outlives the program.
pub(crate) trait Lasting: Subject {
    fn open(place: &Self::Place) -> impl Future<Output = Result<Self, OpenError>> + Send;

    fn open_read_only(place: &Self::Place) -> impl Future<Output = Result<Self, OpenError>> + Send;
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
    type Import = MemoryImport;
    type Place = ();

    async fn fresh(options: JournalOptions) -> Fresh<Self> {
        Fresh { journal: MemoryJournal::new(options), _kept_in: Box::new(()) }
    }

    fn empty_place() {}

    async fn import((): &(), origin: &ImportSource) -> Result<MemoryImport, ImportError> {
        Ok(MemoryJournal::import(origin.clone(), JournalOptions::default()))
    }
}

impl Subject for SqliteJournal {
    type Import = SqliteImport;
    type Place = (TempDir, PathBuf);

    async fn fresh(options: JournalOptions) -> Fresh<Self> {
        let (folder, path) = place();
        let journal = SqliteJournal::open(path, options).unwrap();
        Fresh { journal, _kept_in: Box::new(folder) }
    }

    fn empty_place() -> Self::Place {
        place()
    }

    async fn import(
        (_, path): &Self::Place,
        origin: &ImportSource,
    ) -> Result<SqliteImport, ImportError> {
        SqliteJournal::import(path, origin)
    }
}

impl Lasting for SqliteJournal {
    async fn open((_, path): &Self::Place) -> Result<Self, OpenError> {
        SqliteJournal::open(path, JournalOptions::default())
    }

    async fn open_read_only((_, path): &Self::Place) -> Result<Self, OpenError> {
        SqliteJournal::open_read_only(path)
    }
}

impl Subject for NatsJournal {
    type Import = NatsImport;
    type Place = NatsServer;

    async fn fresh(options: JournalOptions) -> Fresh<Self> {
        let server = NatsServer::start();
        let journal = NatsJournal::open(&at(&server), options).await.unwrap();
        Fresh { journal, _kept_in: Box::new(server) }
    }

    fn empty_place() -> NatsServer {
        NatsServer::start()
    }

    async fn import(server: &NatsServer, origin: &ImportSource) -> Result<NatsImport, ImportError> {
        NatsImport::begin(&at(server), origin).await
    }
}

impl Lasting for NatsJournal {
    async fn open(server: &NatsServer) -> Result<Self, OpenError> {
        NatsJournal::open(&at(server), JournalOptions::default()).await
    }

    async fn open_read_only(server: &NatsServer) -> Result<Self, OpenError> {
        NatsJournal::open_read_only(&at(server)).await
    }
}

fn at(server: &NatsServer) -> NatsConfig {
    NatsConfig::new(server.url().parse().unwrap())
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
