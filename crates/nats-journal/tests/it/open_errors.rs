use journal::{JournalOptions, OpenError};
use nats_journal::{ELECTION_TIMEOUT, NatsConfig, NatsJournal};
use testkit::nats::NatsServer;

use crate::harness::{config_for, in_time};

pub(crate) async fn refusal(config: &NatsConfig) -> String {
    said(&NatsJournal::open(config, JournalOptions::default()).await.unwrap_err())
}

pub(crate) fn said(refusal: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(refusal.source(), |&error| error.source());
    [refusal.to_string()]
        .into_iter()
        .chain(causes.map(ToString::to_string))
        .collect::<Vec<_>>()
        .join(": ")
}

#[tokio::test]
async fn nobody_there_is_told() {
    in_time(async {
        let config = NatsConfig::new("nats://127.0.0.1:1".parse().unwrap());
        let refusal = refusal(&config).await;
        let expected = "cannot read or write the journal flightboard at nats://127.0.0.1:1: ";
        assert!(refusal.starts_with(expected), "{refusal}");
    })
    .await;
}

#[tokio::test]
async fn a_file_of_credentials_that_is_not_there_is_told() {
    in_time(async {
        let server = NatsServer::start();
        let credentials = Some("/nowhere/to/be.creds".into());
        let refusal = refusal(&NatsConfig { credentials, ..config_for(&server) }).await;
        assert!(refusal.contains("/nowhere/to/be.creds"), "{refusal}");
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_lets_records_go_by_itself_is_not_used() {
    in_time(async {
        let server = NatsServer::start();
        let client = async_nats::connect(server.url()).await.unwrap();
        let config = async_nats::jetstream::stream::Config {
            name: "flightboard".to_owned(),
            subjects: vec!["flightboard.>".to_owned()],
            max_messages: 1000,
            ..Default::default()
        };
        async_nats::jetstream::new(client).create_stream(config).await.unwrap();
        let refusal = refusal(&config_for(&server)).await;
        let expected = "the stream flightboard cannot be used: its limits would discard records";
        assert!(refusal.ends_with(expected), "{refusal}");
    })
    .await;
}

#[tokio::test]
async fn replicas_that_a_server_alone_cannot_give_are_told_at_once() {
    in_time(async {
        let server = NatsServer::start();
        let asked = tokio::time::Instant::now();
        let config = NatsConfig { replicas: 3, ..config_for(&server) };
        let refusal = NatsJournal::open(&config, JournalOptions::default()).await.unwrap_err();
        assert!(matches!(refusal, OpenError::Incompatible { .. }), "{refusal:?}");
        let said = said(&refusal);
        assert!(said.contains("with these settings: ") && said.contains("replicas"), "{said}");
        assert!(asked.elapsed() < ELECTION_TIMEOUT, "{:?}", asked.elapsed());
    })
    .await;
}
