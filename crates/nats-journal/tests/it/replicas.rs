use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use journal::{Journal, JournalOptions, Seq};
use nats_journal::{NatsConfig, NatsJournal};
use rstest::rstest;
use testkit::nats::NatsServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{
    TEST_TIMEOUT, append_when_available, check_records, numbered, open, read_to_end_record, single,
    stream,
};
use testkit::journal_contract::records::all_after;

#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn replicas_share_records_and_ids() {
    let server = NatsServer::start();
    let one_replica = open(&server).await;
    let other = open(&server).await;
    let empty = one_replica.epochs().record_id(Seq::ZERO).unwrap();
    assert_eq!(other.epochs().record_id(Seq::ZERO), Some(empty), "before the first record");
    let follower = tokio::spawn(read_to_end_record(other.follow(Seq::ZERO)));
    for n in 0..20 {
        let replica = if n % 2 == 0 { &one_replica } else { &other };
        assert_eq!(replica.append(numbered(n..n + 1)).await.unwrap(), [Seq(n as u64 + 1)]);
    }
    append_when_available(&one_replica, "end").await;
    let seen = follower.await.unwrap();
    assert_eq!(seen, all_after(&one_replica, Seq::ZERO).await.unwrap());
    // A replica that opens a stream with records begins an epoch, and all replicas know it.
    let third = open(&server).await;
    third.append(single("late")).await.unwrap();
    append_when_available(&one_replica, "later").await;
    append_when_available(&other, "last").await;
    append_when_available(&third, "and least").await;
    let ids: Vec<_> = (0..=25).map(|n| third.epochs().record_id(Seq(n))).collect();
    for replica in [&one_replica, &other] {
        let also: Vec<_> = (0..=25).map(|n| replica.epochs().record_id(Seq(n))).collect();
        assert_eq!(also[..25], ids[..25]);
    }
    let epoch = |n: usize| ids[n].unwrap().epoch;
    assert_eq!(epoch(0), epoch(21));
    assert_ne!(epoch(21), epoch(22));
    assert_eq!(epoch(22), epoch(25));
}

/// The records of an append are not interleaved with those of other writers.
#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn append_is_contiguous_among_writers() {
    let server = NatsServer::start();
    let mut appenders = Vec::new();
    let mut replicas = Vec::new();
    for replica in 0..3 {
        let journal = Arc::new(open(&server).await);
        for appender in 0..4 {
            let journal = Arc::clone(&journal);
            appenders.push(tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                for round in 0..30 {
                    let text = |n| format!("{replica} {appender} {round} {n}");
                    let texts: Vec<_> = (0..3).map(text).collect();
                    let payloads = texts.iter().cloned().map(Into::into).collect();
                    let seqs = journal.append(payloads).await.unwrap();
                    assert_eq!(seqs[2].0 - seqs[0].0, 2, "{seqs:?}");
                    acknowledged.extend(seqs.into_iter().zip(texts));
                }
                acknowledged
            }));
        }
        replicas.push(journal);
    }
    let mut acknowledged = Vec::new();
    for appender in appenders {
        acknowledged.extend(appender.await.unwrap());
    }
    append_when_available(&replicas[0], "end").await;
    for replica in replicas {
        let records = read_to_end_record(replica.follow(Seq::ZERO)).await;
        assert_eq!(records.len(), 3 * 4 * 30 * 3 + 1);
        check_records(&records, &acknowledged);
    }
}

/// Without [`nats_journal::MAX_CONFLICTS`], a near writer that hardly pauses would always be first.
#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn distant_replica_is_not_starved() {
    let server = NatsServer::start();
    let proxy = start_delaying_proxy(server.address()).await;
    let config = NatsConfig::new(format!("nats://{proxy}").parse().unwrap());
    let journal = NatsJournal::open(&config, JournalOptions::default()).await.unwrap();
    let stream = stream(&server).await;
    let client = async_nats::connect(server.url()).await.unwrap();
    let busy = tokio::spawn(async move {
        loop {
            client.publish("flightboard.busy", "busy".into()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    let seqs = journal.append(numbered(0..1)).await.unwrap();
    busy.abort();
    assert_eq!(stream.get_raw_message(seqs[0].0).await.unwrap().payload, "0");
}

/// An address that forwards to the server with a delay in both directions.
async fn start_delaying_proxy(server: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let (from, to) = near.into_split();
            let (back, there) = TcpStream::connect(server).await.unwrap().into_split();
            tokio::spawn(forward_with_delay(from, there));
            tokio::spawn(forward_with_delay(back, to));
        }
    });
    address
}

async fn forward_with_delay(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        tokio::time::sleep(ONE_WAY_DELAY).await;
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

/// Many times the pause of the busy writer.
const ONE_WAY_DELAY: Duration = Duration::from_millis(30);
