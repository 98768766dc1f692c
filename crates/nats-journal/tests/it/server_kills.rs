//! Whatever was answered is there once and in order, and what was not answered once or never.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use journal::{AppendError, Follow, FollowError, Journal, JournalOptions, Seq, StorageError};
use nats_journal::{NatsConfig, NatsJournal};
use testkit::nats::{NatsServer, find_leader, wait_until_replicated};
use tokio::task::JoinHandle;

use crate::harness::{append_at_last, check, follow_to_the_end, in_time, named, open};

type Answered = Vec<(Seq, String)>;

/// Appends one after another until it is told, each again under its id until it is answered.
fn append_on(
    journal: &Arc<NatsJournal>,
    appender: usize,
    enough: &Arc<AtomicBool>,
) -> JoinHandle<Answered> {
    let (journal, enough) = (Arc::clone(journal), Arc::clone(enough));
    tokio::spawn(async move {
        let mut answered = Vec::new();
        for turn in 0.. {
            if enough.load(Ordering::Relaxed) {
                break;
            }
            let texts = [0, 1, 2].map(|n| format!("{appender} {turn} {n}"));
            let payloads = || texts.iter().map(|text| named(text, text)).collect();
            let seqs = loop {
                match journal.append_records(payloads()).await {
                    Ok(seqs) => break seqs,
                    Err(
                        AppendError::Storage(StorageError::Unavailable { .. })
                        | AppendError::OutcomeUnknown { .. },
                    ) => {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    Err(e) => panic!("{e:?}"),
                }
            };
            assert!(seqs.is_sorted(), "{seqs:?}");
            answered.extend(seqs.into_iter().zip(texts));
            // As many as there are to be read again, not as many as a machine can.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        answered
    })
}

/// Waits for so many more records.
async fn more(journal: &NatsJournal, count: u64) {
    let enough = Seq(journal.tail().0 + count);
    while journal.tail() < enough {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn end(
    replicas: &[Arc<NatsJournal>],
    appending: Vec<JoinHandle<Answered>>,
    following: JoinHandle<Vec<journal::Record>>,
    enough: &AtomicBool,
) {
    enough.store(true, Ordering::Relaxed);
    let mut answered = Vec::new();
    for appender in appending {
        let its = appender.await.unwrap();
        assert!(
            its.is_sorted_by_key(|&(seq, _)| seq),
            "an appender's records are not in its order"
        );
        answered.extend(its);
    }
    append_at_last(&replicas[0], "end").await;
    let seen = following.await.unwrap();
    check(&seen, &answered);
    for replica in replicas {
        assert_eq!(follow_to_the_end(replica.follow(Seq::ZERO)).await, seen);
        let ids: Vec<_> =
            seen.iter().map(|record| replica.epochs().record_id(record.seq)).collect();
        let first: Vec<_> =
            seen.iter().map(|record| replicas[0].epochs().record_id(record.seq)).collect();
        assert_eq!(ids, first);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_in_the_middle_of_appends_loses_and_repeats_nothing() {
    in_time(async {
        let mut server = NatsServer::start();
        let replicas = [Arc::new(open(&server).await), Arc::new(open(&server).await)];
        let enough = Arc::new(AtomicBool::new(false));
        let following = tokio::spawn(follow_to_the_end(replicas[1].follow(Seq::ZERO)));
        let appending = (0..8).map(|n| append_on(&replicas[n % 2], n, &enough)).collect();
        for _ in 0..4 {
            more(&replicas[0], 300).await;
            server.kill();
            server.restart();
        }
        more(&replicas[0], 300).await;
        end(&replicas, appending, following, &enough).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_whose_stream_leader_is_killed_loses_and_repeats_nothing() {
    in_time(async {
        let mut servers = NatsServer::cluster::<3>();
        let urls = servers.each_ref().map(NatsServer::url).join(",");
        let config = NatsConfig { replicas: 3, ..NatsConfig::new(urls.parse().unwrap()) };
        let open =
            async || Arc::new(NatsJournal::open(&config, JournalOptions::default()).await.unwrap());
        let replicas = [open().await, open().await];
        let enough = Arc::new(AtomicBool::new(false));
        let following = tokio::spawn(follow_to_the_end(replicas[1].follow(Seq::ZERO)));
        let appending = (0..8).map(|n| append_on(&replicas[n % 2], n, &enough)).collect();
        for _ in 0..3 {
            more(&replicas[0], 300).await;
            let leader = find_leader(&servers);
            servers[leader].kill();
            more(&replicas[0], 300).await;
            servers[leader].restart();
            wait_until_replicated(&servers);
        }
        end(&replicas, appending, following, &enough).await;
    })
    .await;
}

/// Both ends of a follower's way: one that reads history while the server dies.
#[tokio::test]
async fn a_follower_far_behind_goes_on_after_a_restart() {
    in_time(async {
        let mut server = NatsServer::start();
        let journal = open(&server).await;
        for n in 0..10 {
            journal.append(crate::harness::numbered(n * 2000..(n + 1) * 2000)).await.unwrap();
        }
        let (mut follower, mut seen) = (journal.follow(Seq::ZERO), Vec::new());
        seen.extend(follower.next().await.unwrap());
        server.kill();
        server.restart();
        while seen.len() < 20_000 {
            match follower.next().await {
                Ok(batch) => seen.extend(batch),
                Err(e) => assert!(
                    matches!(e, FollowError::Storage(StorageError::Unavailable { .. })),
                    "{e:?}"
                ),
            }
        }
        crate::records::assert_consecutive(Seq::ZERO, &seen);
    })
    .await;
}
