//! TLS, credentials and permissions, and the errors for wrong ones. The servers are real; their certificates
//! and users are the test's.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{join, join_all};
use journal::{
    Clock, Follow, FollowError, Import, ImportRecord, ImportSource, Journal, JournalOptions,
    MAX_BATCH_BYTES, OpenError, RECENT_BYTES, Seq, UnixMillis,
};
use nats_journal::{APPEND_TIMEOUT, NatsConfig, NatsImport, NatsJournal};
use rstest::rstest;
use testkit::nats::NatsServer;
use testkit::nats::security::NatsSecurity;
use testkit::nats::users::NatsPermissions;
use tokio::time::Instant;

use crate::harness::{TEST_TIMEOUT, append_when_available, config_for, new_record, single};
use crate::open_errors::{full_message, open_error};
use testkit::journal_contract::records::{all_after, texts};

fn config_of(url: &str, ca_file: Option<PathBuf>, credentials: Option<PathBuf>) -> NatsConfig {
    NatsConfig { ca_file, credentials, ..NatsConfig::new(url.parse().unwrap()) }
}

/// The configuration of a new user with these permissions.
fn config_of_user(
    security: &NatsSecurity,
    server: &NatsServer,
    permissions: &NatsPermissions,
) -> NatsConfig {
    NatsConfig { credentials: Some(security.create_user(permissions).1), ..config_for(server) }
}

async fn open_at(config: &NatsConfig) -> NatsJournal {
    NatsJournal::open(config, JournalOptions::default()).await.unwrap()
}

/// The URL of a server by host name.
fn host_name_url(server: &NatsServer, scheme: &str) -> String {
    format!("{scheme}://localhost:{}", server.address().port())
}

#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn secured_journal_survives_server_restart() {
    let security = NatsSecurity::generate();
    let mut server = NatsServer::start_with_config(&security.config());
    let (_, credentials) = security.create_user(&NatsPermissions::minimal());
    for url in [server.tls_url(), host_name_url(&server, "tls")] {
        let config = config_of(&url, Some(security.ca_file()), Some(credentials.clone()));
        let journal = open_at(&config).await;
        let before = journal.tail();
        let mut follow = journal.follow(before);
        journal.append(single("before")).await.unwrap();
        server.stop();
        journal.append(single("rejected")).await.unwrap_err();
        server.restart();
        let after = format!("after, at {url}");
        append_when_available(&journal, &after).await;
        journal.probe().await.unwrap();
        let followed = follow.next().await.unwrap();
        assert_eq!(texts(&followed)[0], "before");
        let records = texts(&all_after(&journal, before).await.unwrap());
        assert!(records[0] == "before" && *records.last().unwrap() == after, "{records:?}");
    }
}

/// The address does not request TLS, but the connection uses it: it fails without the CA file.
#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn server_can_require_tls() {
    let security = NatsSecurity::generate();
    let server = NatsServer::start_with_config(&security.tls_config(&["127.0.0.1"]));
    let open = open_at(&config_of(&server.url(), Some(security.ca_file()), None)).await;
    open.append(single("encrypted")).await.unwrap();
    let message = open_error(&config_of(&server.url(), None, None)).await;
    assert!(message.contains("its certificate is not signed by a known CA"), "{message}");
}

/// Uses every operation of a journal, with enough bytes that the servers use flow control.
async fn use_every_operation(
    config: &NatsConfig,
    copy: &NatsConfig,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let journal = NatsJournal::open(config, JournalOptions::default()).await?;
    let payload = |bytes: usize| Bytes::from(vec![b'x'; bytes]);
    let records = (RECENT_BYTES / LARGE_PAYLOAD_BYTES) + 8;
    for _ in 0..records {
        journal.append(vec![payload(LARGE_PAYLOAD_BYTES)]).await?;
    }
    journal.probe().await?;
    assert_eq!(
        all_after(&journal, Seq::ZERO).await?.len(),
        records,
        "including those no longer in memory"
    );
    let far_ahead = Clock::new(|| UnixMillis(u64::MAX));
    let keep = Some(Duration::ZERO);
    let options =
        JournalOptions { keep, keep_bytes: Some(1 << 30), clock: far_ahead, max_bytes: None };
    let another = NatsJournal::open(config, options).await?;
    assert_eq!(another.tail(), journal.tail());
    for seq in [3, 5] {
        another.checkpoint(Seq(seq), payload(STATE_BYTES), Seq(seq)).await?;
    }
    assert_eq!(journal.latest_checkpoint().await?, Seq(5));
    let start = journal.start_point().await?.unwrap();
    assert_eq!((start.seq, start.state.len()), (Seq(5), STATE_BYTES));
    let pruned = all_after(&another, Seq::ZERO).await;
    let pruned = pruned.map(|records| records.len());
    assert!(matches!(pruned, Err(FollowError::Pruned { kept_after: Seq(5), .. })), "{pruned:?}");
    for journal in [journal, another] {
        journal.close().await;
    }

    let original = NatsJournal::open_read_only(config).await?;
    let mut import = NatsImport::begin(copy, &ImportSource::read(&original).await?).await?;
    let import_record = |record| ImportRecord { record, subject: vec!["main".into()] };
    let records = all_after(&original, Seq(5)).await?;
    import.write(records.into_iter().map(import_record).collect()).await?;
    let copy = import.finish(Some(start)).await?;
    assert_eq!(copy.tail(), original.tail());
    Ok(())
}

const LARGE_PAYLOAD_BYTES: usize = 700_000;

const STATE_BYTES: usize = 3 << 20;

const _: () = assert!(LARGE_PAYLOAD_BYTES < MAX_BATCH_BYTES);

/// Leaves out one permission at a time: each is necessary to create, prune or import a journal.
#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn documented_permissions_are_sufficient_and_necessary() {
    let security = NatsSecurity::generate();
    let server = NatsServer::start_with_config(&security.operator.config());
    let start = |missing: Option<&str>, number: usize| {
        let prefixes = [format!("source{number}"), format!("copy{number}")];
        let [source, copy] = prefixes.each_ref().map(|prefix| {
            let permissions = NatsPermissions::minimal_for(prefix);
            let missing = missing.map(|subject| subject.replace("flightboard", prefix));
            missing.iter().fold(permissions, |permissions, subject| permissions.without(subject))
        });
        let (_, credentials) = security.create_user(&source.and(copy));
        let [source, copy] = prefixes.map(|prefix| NatsConfig {
            credentials: Some(credentials.clone()),
            prefix: prefix.parse().unwrap(),
            ..config_for(&server)
        });
        tokio::spawn(async move { use_every_operation(&source, &copy).await })
    };
    let started = Instant::now();
    let NatsPermissions { publish, subscribe } = NatsPermissions::minimal();
    let permitted = start(None, 0);
    let denied: Vec<_> = publish
        .iter()
        .chain(&subscribe)
        .zip(1..)
        .map(|(missing, number)| (missing, start(Some(missing), number)))
        .collect();
    permitted.await.unwrap().unwrap();
    // All of them do the same work at the same time, so the others would be done by then, too. Most of
    // them wait for ELECTION_TIMEOUT.
    let deadline = started + 2 * started.elapsed() + Duration::from_secs(5);
    for (missing, attempt) in denied {
        let outcome = tokio::time::timeout_at(deadline, attempt).await;
        let succeeded = matches!(outcome, Ok(Ok(Ok(()))));
        assert!(!succeeded, "it works without {missing}");
    }
}

/// A user that only opens existing streams needs no permission to create or update them.
#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn existing_streams_need_fewer_permissions() {
    let security = NatsSecurity::generate();
    let server = NatsServer::start_with_config(&security.operator.config());
    let config = |permissions: &NatsPermissions| config_of_user(&security, &server, permissions);
    drop(open_at(&config(&NatsPermissions::minimal())).await);
    let mut reduced = NatsPermissions::minimal();
    reduced.publish.retain(|permission| {
        !permission.contains("STREAM.CREATE") && !permission.contains("UPDATE")
    });
    let journal = open_at(&config(&reduced)).await;
    journal.append(single("written")).await.unwrap();
    journal.checkpoint(Seq(1), "state".into(), Seq(1)).await.unwrap();
    assert_eq!(open_at(&config(&reduced)).await.latest_checkpoint().await.unwrap(), Seq(1));
}

#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn connect_errors_are_explained() {
    let (security, other) = (NatsSecurity::generate(), NatsSecurity::generate());
    let secured = NatsServer::start_with_config(&security.config());
    let misnamed = NatsServer::start_with_config(&security.tls_config(&["another.example"]));
    let plain = NatsServer::start();
    let mutual_tls = NatsServer::start_with_config(&security.mutual_tls_config());
    let ca_file = || Some(security.ca_file());
    let (_, user) = security.create_user(&NatsPermissions::minimal());
    let (_, stranger) = other.create_user(&NatsPermissions::minimal());
    let url = secured.tls_url();
    let mixed = format!("{},tls://127.0.0.1:1", plain.url());
    let rejected_user = "the user is unknown, or credentials are missing or wrong";
    // The CAs of both have the same name, as when a new CA replaces an old one.
    let cases = [
        (config_of(&url, ca_file(), None), rejected_user),
        (config_of(&url, ca_file(), Some(stranger)), rejected_user),
        (
            config_of(&url, Some(other.ca_file()), Some(user.clone())),
            "its certificate is not signed by a known CA",
        ),
        (
            config_of(&misnamed.tls_url(), ca_file(), None),
            "its certificate is for another host name",
        ),
        (
            config_of(&plain.tls_url(), ca_file(), None),
            "TLS was requested, but the server does not use it",
        ),
        (config_of(&mutual_tls.tls_url(), ca_file(), None), "it requires a client certificate"),
    ];
    let checks = cases.map(|(config, expected)| async move {
        let message = open_error(&config).await;
        assert!(message.contains(expected), "{expected}: {message}");
        assert!(message.contains("cannot read or write the journal "), "{message}");
    });
    // The second address requests TLS for the first server too, which does not use it.
    let mixed = config_of(&mixed, ca_file(), None);
    let mixed = NatsJournal::open(&mixed, JournalOptions::default());
    let (_, mixed) = join(join_all(checks), mixed).await;
    assert!(matches!(mixed, Err(OpenError::Storage(_))), "{mixed:?}");
}

#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn missing_permission_is_reported() {
    let security = NatsSecurity::generate();
    let server = NatsServer::start_with_config(&security.operator.config());
    let config = |permissions: &NatsPermissions| config_of_user(&security, &server, permissions);
    let without = |permission: &str| config(&NatsPermissions::minimal().without(permission));
    let started = Instant::now();
    let message = open_error(&without("$JS.API.STREAM.INFO.flightboard")).await;
    assert!(started.elapsed() < APPEND_TIMEOUT, "it was retried for {:?}", started.elapsed());
    assert!(message.contains("$JS.API.STREAM.INFO.flightboard"), "{message}");
    let violation = "error from the server: nats: Permissions Violation for Publish to ";
    assert!(message.contains(violation), "{message}");

    drop(open_at(&config(&NatsPermissions::minimal())).await);
    let journal = open_at(&without("flightboard.>")).await;
    let message =
        full_message(&journal.append_records(vec![new_record("a", "b")]).await.unwrap_err());
    assert!(message.contains(&format!("{violation}\"flightboard.main.I768\"")), "{message}");
}

/// The credentials file is read when a journal is opened, not at each reconnect.
#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn open_reads_replaced_credentials() {
    let mut security = NatsSecurity::generate();
    let mut server = NatsServer::start_with_config(&security.operator.config());
    let (old, file) = security.create_user(&NatsPermissions::minimal());
    let config = NatsConfig { credentials: Some(file.clone()), ..config_for(&server) };
    let journal = open_at(&config).await;
    append_when_available(&journal, "by the old one").await;

    let (new, _) = security.create_user(&NatsPermissions::minimal());
    fs::write(&file, new.credentials()).unwrap();
    security.operator.revoke(&old);
    server.stop();
    server.set_extra_config(&security.operator.config());
    server.restart();
    let message = loop {
        let message = full_message(&journal.append(single("rejected")).await.unwrap_err());
        if message.contains("the user is unknown, or credentials are missing or wrong") {
            break message;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert!(message.contains(&format!(": {}: ", server.address())), "{message}");

    let journal = open_at(&config).await;
    append_when_available(&journal, "by the new one").await;
    let records = all_after(&journal, Seq::ZERO).await.unwrap();
    assert_eq!(texts(&records), ["by the old one", "by the new one"]);
}

/// The CA file is read at each connection, so the program needs no restart when the CA changes.
#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn reconnect_reads_replaced_ca_file() {
    let (old, new) = (NatsSecurity::generate(), NatsSecurity::generate());
    let mut server = NatsServer::start_with_config(&old.tls_config(&["127.0.0.1"]));
    let file = old.ca_file();
    let journal = open_at(&config_of(&server.tls_url(), Some(file.clone()), None)).await;
    append_when_available(&journal, "before").await;
    fs::copy(new.ca_file(), file).unwrap();
    journal.append(single("on the same connection")).await.unwrap();
    server.stop();
    server.set_extra_config(&new.tls_config(&["127.0.0.1"]));
    server.restart();
    append_when_available(&journal, "after").await;
}

#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn address_may_contain_credentials() {
    let user = "authorization { user: \"me\", password: \"a+b c%\" }\n";
    let cases = [
        (user, "me:a+b%20c%25", "me:a+b"),
        ("authorization { token: \"s3cret\" }\n", "s3cret", "secret"),
    ];
    let checks = cases.map(|(config, good, wrong)| async move {
        let server = NatsServer::start_with_config(config);
        let config =
            |who: &str| config_of(&format!("nats://{who}@{}", server.address()), None, None);
        open_at(&config(good)).await.append(single("written")).await.unwrap();
        let message = open_error(&config(wrong)).await;
        assert!(
            message.contains("the user is unknown, or credentials are missing or wrong"),
            "{message}"
        );
        assert!(!message.contains(wrong), "{message}");
    });
    join_all(checks).await;
}
