//! Acknowledged records are stored once and in order, unacknowledged ones once or not at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use journal::{AppendError, Follow, FollowError, Journal, JournalOptions, Seq, StorageError};
use nats_journal::{NatsConfig, NatsJournal};
use rstest::rstest;
use testkit::nats::{NatsServer, find_leader, wait_until_replicated};
use tokio::task::JoinHandle;

use crate::harness::{
    TEST_TIMEOUT, append_when_available, check_records, new_record, open, read_to_end_record,
};

type Acknowledged = Vec<(Seq, String)>;

/// Appends until `stop` is set, repeating each append under its ids until it is acknowledged.
fn spawn_appender(
    journal: &Arc<NatsJournal>,
    appender: usize,
    stop: &Arc<AtomicBool>,
) -> JoinHandle<Acknowledged> {
    let (journal, stop) = (Arc::clone(journal), Arc::clone(stop));
    tokio::spawn(async move {
        let mut acknowledged = Vec::new();
        for round in 0.. {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let texts = [0, 1, 2].map(|n| format!("{appender} {round} {n}"));
            let payloads = || texts.iter().map(|text| new_record(text, text)).collect();
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
            acknowledged.extend(seqs.into_iter().zip(texts));
            // Limits the number of records that the test has to read afterwards.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        acknowledged
    })
}

/// Waits for `count` more records.
async fn wait_for_records(journal: &NatsJournal, count: u64) {
    let target = Seq(journal.tail().0 + count);
    while journal.tail() < target {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Stops the appenders and checks all records on each replica.
async fn stop_and_check(
    replicas: &[Arc<NatsJournal>],
    appenders: Vec<JoinHandle<Acknowledged>>,
    follower: JoinHandle<Vec<journal::Record>>,
    stop: &AtomicBool,
) {
    stop.store(true, Ordering::Relaxed);
    let mut acknowledged = Vec::new();
    for appender in appenders {
        let records = appender.await.unwrap();
        assert!(
            records.is_sorted_by_key(|&(seq, _)| seq),
            "records of an appender are not in its order"
        );
        acknowledged.extend(records);
    }
    append_when_available(&replicas[0], "end").await;
    let seen = follower.await.unwrap();
    check_records(&seen, &acknowledged);
    for replica in replicas {
        assert_eq!(read_to_end_record(replica.follow(Seq::ZERO)).await, seen);
        let ids: Vec<_> =
            seen.iter().map(|record| replica.epochs().record_id(record.seq)).collect();
        let first: Vec<_> =
            seen.iter().map(|record| replicas[0].epochs().record_id(record.seq)).collect();
        assert_eq!(ids, first);
    }
}

#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_server_loses_no_record() {
    let mut server = NatsServer::start();
    let replicas = [Arc::new(open(&server).await), Arc::new(open(&server).await)];
    let stop = Arc::new(AtomicBool::new(false));
    let follower = tokio::spawn(read_to_end_record(replicas[1].follow(Seq::ZERO)));
    let appenders = (0..8).map(|n| spawn_appender(&replicas[n % 2], n, &stop)).collect();
    for _ in 0..4 {
        wait_for_records(&replicas[0], 300).await;
        server.kill();
        server.restart();
    }
    wait_for_records(&replicas[0], 300).await;
    stop_and_check(&replicas, appenders, follower, &stop).await;
}

#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_cluster_leader_loses_no_record() {
    let mut servers = NatsServer::cluster::<3>();
    let urls = servers.each_ref().map(NatsServer::url).join(",");
    let config = NatsConfig { replicas: 3, ..NatsConfig::new(urls.parse().unwrap()) };
    let open =
        async || Arc::new(NatsJournal::open(&config, JournalOptions::default()).await.unwrap());
    let replicas = [open().await, open().await];
    let stop = Arc::new(AtomicBool::new(false));
    let follower = tokio::spawn(read_to_end_record(replicas[1].follow(Seq::ZERO)));
    let appenders = (0..8).map(|n| spawn_appender(&replicas[n % 2], n, &stop)).collect();
    for _ in 0..3 {
        wait_for_records(&replicas[0], 300).await;
        let leader = find_leader(&servers);
        servers[leader].kill();
        wait_for_records(&replicas[0], 300).await;
        servers[leader].restart();
        wait_until_replicated(&servers);
    }
    stop_and_check(&replicas, appenders, follower, &stop).await;
}

/// The follower reads history while the server is killed.
#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn lagging_follower_survives_server_restart() {
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
    testkit::journal_contract::records::assert_consecutive(Seq::ZERO, &seen);
}
