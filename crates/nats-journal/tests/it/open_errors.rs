use std::time::Duration;

use journal::{JournalOptions, OpenError};
use nats_journal::{ELECTION_TIMEOUT, NatsConfig, NatsJournal};
use rstest::rstest;
use testkit::nats::NatsServer;

use crate::harness::{TEST_TIMEOUT, config_for};

pub(crate) async fn open_error(config: &NatsConfig) -> String {
    // The first attempt fails for the reason under test; further ones would only repeat it.
    let config = NatsConfig { connect_timeout: Duration::ZERO, ..config.clone() };
    full_message(&NatsJournal::open(&config, JournalOptions::default()).await.unwrap_err())
}

/// The error with all its causes.
pub(crate) fn full_message(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    [error.to_string()]
        .into_iter()
        .chain(causes.map(ToString::to_string))
        .collect::<Vec<_>>()
        .join(": ")
}

#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn unreachable_server_is_reported() {
    let config = NatsConfig::new("nats://127.0.0.1:1".parse().unwrap());
    let message = open_error(&config).await;
    let expected = "cannot read or write the journal flightboard at nats://127.0.0.1:1: ";
    assert!(message.starts_with(expected), "{message}");
}

#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn missing_credentials_file_is_reported() {
    let server = NatsServer::start();
    let credentials = Some("/nowhere/to/be.creds".into());
    let message = open_error(&NatsConfig { credentials, ..config_for(&server) }).await;
    assert!(message.contains("/nowhere/to/be.creds"), "{message}");
}

#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn stream_with_limits_is_rejected() {
    let server = NatsServer::start();
    let client = async_nats::connect(server.url()).await.unwrap();
    let config = async_nats::jetstream::stream::Config {
        name: "flightboard".to_owned(),
        subjects: vec!["flightboard.>".to_owned()],
        max_messages: 1000,
        ..Default::default()
    };
    async_nats::jetstream::new(client).create_stream(config).await.unwrap();
    let message = open_error(&config_for(&server)).await;
    let expected = "the stream flightboard cannot be used: its limits would discard records";
    assert!(message.ends_with(expected), "{message}");
}

#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn standalone_server_rejects_replicas_at_once() {
    let server = NatsServer::start();
    let started = tokio::time::Instant::now();
    let config = NatsConfig { replicas: 3, ..config_for(&server) };
    let error = NatsJournal::open(&config, JournalOptions::default()).await.unwrap_err();
    assert!(matches!(error, OpenError::Incompatible { .. }), "{error:?}");
    let message = full_message(&error);
    assert!(message.contains("with these settings: ") && message.contains("replicas"), "{message}");
    assert!(started.elapsed() < ELECTION_TIMEOUT, "{:?}", started.elapsed());
}
