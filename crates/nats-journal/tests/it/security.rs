//! Servers that want TLS and users: what is let in, with which rights, and what is said of the rest. Each is a
//! real server, with certificates and users of the test.

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
use testkit::nats::NatsServer;
use testkit::nats::security::NatsSecurity;
use testkit::nats::users::NatsPermissions;
use tokio::time::Instant;

use crate::harness::{append_at_last, config_for, in_time, named, one};
use crate::open_errors::{refusal, said};
use crate::records::{all_after, texts};

/// A place that is reached by this URL, with what its servers want.
fn at(url: &str, ca_file: Option<PathBuf>, credentials: Option<PathBuf>) -> NatsConfig {
    NatsConfig { ca_file, credentials, ..NatsConfig::new(url.parse().unwrap()) }
}

/// The place as a new user with these rights reaches it.
fn of_user(guard: &NatsSecurity, server: &NatsServer, rights: &NatsPermissions) -> NatsConfig {
    NatsConfig { credentials: Some(guard.create_user(rights).1), ..config_for(server) }
}

async fn open_at(config: &NatsConfig) -> NatsJournal {
    NatsJournal::open(config, JournalOptions::default()).await.unwrap()
}

/// The port of a server, under the name of the machine.
fn by_name(server: &NatsServer, scheme: &str) -> String {
    format!("{scheme}://localhost:{}", server.address().port())
}

#[tokio::test]
async fn with_an_authority_and_credentials_a_journal_goes_on_after_the_servers_restart() {
    in_time(async {
        let guard = NatsSecurity::new();
        let mut server = NatsServer::start_with_config(&guard.config());
        let (_, credentials) = guard.create_user(&NatsPermissions::minimal());
        for url in [server.tls_url(), by_name(&server, "tls")] {
            let config = at(&url, Some(guard.ca_file()), Some(credentials.clone()));
            let journal = open_at(&config).await;
            let before = journal.tail();
            let mut follow = journal.follow(before);
            journal.append(one("before")).await.unwrap();
            server.stop();
            journal.append(one("refused")).await.unwrap_err();
            server.restart();
            let after = format!("after, at {url}");
            append_at_last(&journal, &after).await;
            journal.probe().await.unwrap();
            let followed = follow.next().await.unwrap();
            assert_eq!(texts(&followed)[0], "before");
            let records = texts(&all_after(&journal, before).await.unwrap());
            assert!(records[0] == "before" && *records.last().unwrap() == after, "{records:?}");
        }
    })
    .await;
}

/// The address does not say so; it cannot be opened without the authority.
#[tokio::test]
async fn a_server_that_wants_tls_is_given_it_whatever_the_address_says() {
    in_time(async {
        let guard = NatsSecurity::new();
        let server = NatsServer::start_with_config(&guard.tls_config(&["127.0.0.1"]));
        let open = open_at(&at(&server.url(), Some(guard.ca_file()), None)).await;
        open.append(one("encrypted")).await.unwrap();
        let refusal = refusal(&at(&server.url(), None, None)).await;
        assert!(refusal.contains("its certificate is not signed by a known CA"), "{refusal}");
    })
    .await;
}

/// All that can be asked of a journal, with as much as makes servers wait for the reader.
async fn do_everything(
    config: &NatsConfig,
    copy: &NatsConfig,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let journal = NatsJournal::open(config, JournalOptions::default()).await?;
    let large = |of: usize| Bytes::from(vec![b'x'; of]);
    let records = (RECENT_BYTES / LARGE) + 8;
    for _ in 0..records {
        journal.append(vec![large(LARGE)]).await?;
    }
    journal.probe().await?;
    assert_eq!(all_after(&journal, Seq::ZERO).await?.len(), records, "those behind the recent too");
    let far_ahead = Clock::new(|| UnixMillis(u64::MAX));
    let keep = Some(Duration::ZERO);
    let options =
        JournalOptions { keep, keep_bytes: Some(1 << 30), clock: far_ahead, max_bytes: None };
    let another = NatsJournal::open(config, options).await?;
    assert_eq!(another.tail(), journal.tail());
    for seq in [3, 5] {
        another.checkpoint(Seq(seq), large(STATE), Seq(seq)).await?;
    }
    assert_eq!(journal.latest_checkpoint().await?, Seq(5));
    let start = journal.start_point().await?.unwrap();
    assert_eq!((start.seq, start.state.len()), (Seq(5), STATE));
    let gone = all_after(&another, Seq::ZERO).await;
    let gone = gone.map(|records| records.len());
    assert!(matches!(gone, Err(FollowError::Pruned { kept_after: Seq(5), .. })), "{gone:?}");
    for journal in [journal, another] {
        journal.close().await;
    }

    let original = NatsJournal::open_read_only(config).await?;
    let mut import = NatsImport::begin(copy, &ImportSource::of(&original).await?).await?;
    let copied = |record| ImportRecord { record, subject: vec!["main".into()] };
    let records = all_after(&original, Seq(5)).await?;
    import.write(records.into_iter().map(copied).collect()).await?;
    let copy = import.finish(Some(start)).await?;
    assert_eq!(copy.tail(), original.tail());
    Ok(())
}

const LARGE: usize = 700_000;

const STATE: usize = 3 << 20;

const _: () = assert!(LARGE < MAX_BATCH_BYTES);

/// Each of them is needed, by who makes a journal, keeps it small, and copies another into it.
#[tokio::test]
async fn a_user_with_the_rights_that_are_told_can_do_everything_and_with_one_less_cannot() {
    in_time(async {
        let guard = NatsSecurity::new();
        let server = NatsServer::start_with_config(&guard.operator.config());
        let NatsPermissions { publish, subscribe } = NatsPermissions::minimal();
        let left_out = publish.iter().chain(&subscribe).map(Some).chain([None]);
        let tried = left_out.zip(0..).map(|(left_out, number)| {
            let [prefix, copy] = ["a", "copy"].map(|name| format!("{name}{number}"));
            let rights = |prefix: &str| {
                let rights = NatsPermissions::minimal_for(prefix);
                let subject = left_out.map(|subject| subject.replace("flightboard", prefix));
                subject.iter().fold(rights, |rights, subject| rights.without(subject))
            };
            let (_, credentials) = guard.create_user(&rights(&prefix).and(rights(&copy)));
            let [here, there] = [prefix, copy].map(|prefix| NatsConfig {
                credentials: Some(credentials.clone()),
                prefix: prefix.parse().unwrap(),
                ..config_for(&server)
            });
            let doing = tokio::spawn(async move { do_everything(&here, &there).await });
            async move { (left_out, tokio::time::timeout(DONE_WITHIN, doing).await) }
        });
        for (left_out, done) in join_all(tried).await {
            let can = matches!(done, Ok(Ok(Ok(()))));
            assert_eq!(can, left_out.is_none(), "without {left_out:?}: {done:?}");
        }
    })
    .await;
}

/// What is done in a few seconds where it can be done.
const DONE_WITHIN: Duration = Duration::from_secs(30);

/// Who only goes on with what is there needs less.
#[tokio::test]
async fn a_user_who_makes_no_streams_needs_no_right_to_it() {
    in_time(async {
        let guard = NatsSecurity::new();
        let server = NatsServer::start_with_config(&guard.operator.config());
        let config = |rights: &NatsPermissions| of_user(&guard, &server, rights);
        drop(open_at(&config(&NatsPermissions::minimal())).await);
        let mut fewer = NatsPermissions::minimal();
        fewer.publish.retain(|right| !right.contains("STREAM.CREATE") && !right.contains("UPDATE"));
        let journal = open_at(&config(&fewer)).await;
        journal.append(one("written")).await.unwrap();
        journal.checkpoint(Seq(1), "state".into(), Seq(1)).await.unwrap();
        assert_eq!(open_at(&config(&fewer)).await.latest_checkpoint().await.unwrap(), Seq(1));
    })
    .await;
}

#[tokio::test]
async fn why_nobody_is_let_in_is_told() {
    in_time(async {
        let (guard, other) = (NatsSecurity::new(), NatsSecurity::new());
        let wanting = NatsServer::start_with_config(&guard.config());
        let misnamed = NatsServer::start_with_config(&guard.tls_config(&["another.example"]));
        let plain = NatsServer::start();
        let asking = NatsServer::start_with_config(&guard.mutual_tls_config());
        let known = || Some(guard.ca_file());
        let (_, user) = guard.create_user(&NatsPermissions::minimal());
        let (_, stranger) = other.create_user(&NatsPermissions::minimal());
        let url = wanting.tls_url();
        let mixed = format!("{},tls://127.0.0.1:1", plain.url());
        let not_in = "the user is unknown, or credentials are missing or wrong";
        // All authorities of tests have the same name, as a new one in the place of an old one has.
        let cases = [
            (at(&url, known(), None), not_in),
            (at(&url, known(), Some(stranger)), not_in),
            (
                at(&url, Some(other.ca_file()), Some(user.clone())),
                "its certificate is not signed by a known CA",
            ),
            (at(&misnamed.tls_url(), known(), None), "its certificate is for another host name"),
            (
                at(&plain.tls_url(), known(), None),
                "TLS was requested, but the server does not use it",
            ),
            (at(&asking.tls_url(), known(), None), "it requires a client certificate"),
        ];
        let asked = cases.map(|(config, words)| async move {
            let refusal = refusal(&config).await;
            assert!(refusal.contains(words), "{words}: {refusal}");
            assert!(refusal.contains("cannot read or write the journal "), "{refusal}");
        });
        // One of these cannot be reached, and to the other the first one's wish holds too.
        let mixed = at(&mixed, known(), None);
        let mixed = NatsJournal::open(&mixed, JournalOptions::default());
        let (_, mixed) = join(join_all(asked), mixed).await;
        assert!(matches!(mixed, Err(OpenError::Storage(_))), "{mixed:?}");
    })
    .await;
}

#[tokio::test]
async fn a_right_that_is_missing_is_told() {
    in_time(async {
        let guard = NatsSecurity::new();
        let server = NatsServer::start_with_config(&guard.operator.config());
        let config = |rights: &NatsPermissions| of_user(&guard, &server, rights);
        let without = |right: &str| config(&NatsPermissions::minimal().without(right));
        let asked = Instant::now();
        let refusal = refusal(&without("$JS.API.STREAM.INFO.flightboard")).await;
        assert!(
            asked.elapsed() < APPEND_TIMEOUT,
            "it is not asked for again: {:?}",
            asked.elapsed()
        );
        assert!(refusal.contains("$JS.API.STREAM.INFO.flightboard"), "{refusal}");
        let violation = "error from the server: nats: Permissions Violation for Publish to ";
        assert!(refusal.contains(violation), "{refusal}");

        drop(open_at(&config(&NatsPermissions::minimal())).await);
        let journal = open_at(&without("flightboard.>")).await;
        let refusal = said(&journal.append_records(vec![named("a", "b")]).await.unwrap_err());
        assert!(refusal.contains(&format!("{violation}\"flightboard.main.I768\"")), "{refusal}");
    })
    .await;
}

/// What a file of credentials has is read when a journal is opened, and kept as long as it is open.
#[tokio::test]
async fn credentials_that_were_replaced_are_taken_at_the_next_opening() {
    in_time(async {
        let mut guard = NatsSecurity::new();
        let mut server = NatsServer::start_with_config(&guard.operator.config());
        let (old, file) = guard.create_user(&NatsPermissions::minimal());
        let config = NatsConfig { credentials: Some(file.clone()), ..config_for(&server) };
        let journal = open_at(&config).await;
        append_at_last(&journal, "by the old one").await;

        let (new, _) = guard.create_user(&NatsPermissions::minimal());
        fs::write(&file, new.credentials()).unwrap();
        guard.operator.revoke(&old);
        server.stop();
        server.set_extra_config(&guard.operator.config());
        server.restart();
        let refusal = loop {
            let refusal = said(&journal.append(one("refused")).await.unwrap_err());
            if refusal.contains("the user is unknown, or credentials are missing or wrong") {
                break refusal;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        assert!(refusal.contains(&format!(": {}: ", server.address())), "{refusal}");

        let journal = open_at(&config).await;
        append_at_last(&journal, "by the new one").await;
        let records = all_after(&journal, Seq::ZERO).await.unwrap();
        assert_eq!(texts(&records), ["by the old one", "by the new one"]);
    })
    .await;
}

/// Whoever has certificates of another authority needs no restart of the program.
#[tokio::test]
async fn authorities_that_were_replaced_are_taken_at_the_next_connection() {
    in_time(async {
        let (old, new) = (NatsSecurity::new(), NatsSecurity::new());
        let mut server = NatsServer::start_with_config(&old.tls_config(&["127.0.0.1"]));
        let file = old.ca_file();
        let journal = open_at(&at(&server.tls_url(), Some(file.clone()), None)).await;
        append_at_last(&journal, "before").await;
        fs::copy(new.ca_file(), file).unwrap();
        journal.append(one("on the same connection")).await.unwrap();
        server.stop();
        server.set_extra_config(&new.tls_config(&["127.0.0.1"]));
        server.restart();
        append_at_last(&journal, "after").await;
    })
    .await;
}

#[tokio::test]
async fn a_user_may_be_named_by_an_address() {
    in_time(async {
        let user = "authorization { user: \"me\", password: \"a+b c%\" }\n";
        let cases = [
            (user, "me:a+b%20c%25", "me:a+b"),
            ("authorization { token: \"s3cret\" }\n", "s3cret", "secret"),
        ];
        let tried = cases.map(|(config, good, wrong)| async move {
            let server = NatsServer::start_with_config(config);
            let config = |who: &str| at(&format!("nats://{who}@{}", server.address()), None, None);
            open_at(&config(good)).await.append(one("written")).await.unwrap();
            let refusal = refusal(&config(wrong)).await;
            assert!(
                refusal.contains("the user is unknown, or credentials are missing or wrong"),
                "{refusal}"
            );
            assert!(!refusal.contains(wrong), "{refusal}");
        });
        join_all(tried).await;
    })
    .await;
}
