//! The contract of all journals, for this one.

use journal::{ImportError, ImportSource, JournalOptions, OpenError};
use nats_journal::{NatsConfig, NatsImport, NatsJournal};
use testkit::journal_contract::{DurableFixture, JournalFixture};
use testkit::nats::NatsServer;

mod nats {
    testkit::journal_contract! { durable crate::contract::NatsFixture }
}

struct NatsFixture;

impl JournalFixture for NatsFixture {
    type Journal = NatsJournal;
    type Import = NatsImport;
    type Location = NatsServer;

    fn new_location() -> NatsServer {
        NatsServer::start()
    }

    async fn open(server: &NatsServer, options: JournalOptions) -> Result<NatsJournal, OpenError> {
        NatsJournal::open(&config(server), options).await
    }

    async fn import(server: &NatsServer, source: &ImportSource) -> Result<NatsImport, ImportError> {
        NatsImport::begin(&config(server), source).await
    }
}

impl DurableFixture for NatsFixture {
    async fn open_read_only(server: &NatsServer) -> Result<NatsJournal, OpenError> {
        NatsJournal::open_read_only(&config(server)).await
    }
}

fn config(server: &NatsServer) -> NatsConfig {
    NatsConfig::new(server.url().parse().unwrap())
}
