use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use journal::{Journal, JournalOptions, Seq};
use nats_journal::{NatsConfig, NatsJournal};
use testkit::nats::NatsServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{
    append_at_last, check, follow_to_the_end, in_time, numbered, one, open, stream,
};
use crate::records::all_after;

#[tokio::test]
async fn replicas_see_each_others_records_under_equal_ids() {
    in_time(async {
        let server = NatsServer::start();
        let (one_replica, other) = (open(&server).await, open(&server).await);
        let empty = one_replica.epochs().record_id(Seq::ZERO).unwrap();
        assert_eq!(other.epochs().record_id(Seq::ZERO), Some(empty), "before the first record");
        let following = tokio::spawn(follow_to_the_end(other.follow(Seq::ZERO)));
        for n in 0..20 {
            let replica = if n % 2 == 0 { &one_replica } else { &other };
            assert_eq!(replica.append(numbered(n..n + 1)).await.unwrap(), [Seq(n as u64 + 1)]);
        }
        append_at_last(&one_replica, "end").await;
        let seen = following.await.unwrap();
        assert_eq!(seen, all_after(&one_replica, Seq::ZERO).await.unwrap());
        // A third that opens after records were written begins an epoch; all see it alike.
        let third = open(&server).await;
        third.append(one("late")).await.unwrap();
        append_at_last(&one_replica, "later").await;
        append_at_last(&other, "last").await;
        append_at_last(&third, "and least").await;
        let ids: Vec<_> = (0..=25).map(|n| third.epochs().record_id(Seq(n))).collect();
        for replica in [&one_replica, &other] {
            let also: Vec<_> = (0..=25).map(|n| replica.epochs().record_id(Seq(n))).collect();
            assert_eq!(also[..25], ids[..25]);
        }
        let epoch = |n: usize| ids[n].unwrap().epoch;
        assert_eq!(epoch(0), epoch(21));
        assert_ne!(epoch(21), epoch(22));
        assert_eq!(epoch(22), epoch(25));
    })
    .await;
}

/// Nothing of others comes between the records of one append, however many write at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_is_one_run_whoever_else_writes() {
    in_time(async {
        let server = NatsServer::start();
        let mut appending = Vec::new();
        let mut replicas = Vec::new();
        for replica in 0..3 {
            let journal = Arc::new(open(&server).await);
            for appender in 0..4 {
                let journal = Arc::clone(&journal);
                appending.push(tokio::spawn(async move {
                    let mut answers = Vec::new();
                    for turn in 0..30 {
                        let text = |n| format!("{replica} {appender} {turn} {n}");
                        let texts: Vec<_> = (0..3).map(text).collect();
                        let payloads = texts.iter().cloned().map(Into::into).collect();
                        let seqs = journal.append(payloads).await.unwrap();
                        assert_eq!(seqs[2].0 - seqs[0].0, 2, "{seqs:?}");
                        answers.extend(seqs.into_iter().zip(texts));
                    }
                    answers
                }));
            }
            replicas.push(journal);
        }
        let mut answered = Vec::new();
        for appending in appending {
            answered.extend(appending.await.unwrap());
        }
        append_at_last(&replicas[0], "end").await;
        for replica in replicas {
            let records = follow_to_the_end(replica.follow(Seq::ZERO)).await;
            assert_eq!(records.len(), 3 * 4 * 30 * 3 + 1);
            check(&records, &answered);
        }
    })
    .await;
}

/// One that is near and hardly pauses would otherwise always be first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_far_away_gets_in_all_the_same() {
    in_time(async {
        let server = NatsServer::start();
        let far = far_from(server.address()).await;
        let config = NatsConfig::new(format!("nats://{far}").parse().unwrap());
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
    })
    .await;
}

/// An address from which everything takes its time to the server and back.
async fn far_from(server: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let (from, to) = near.into_split();
            let (back, there) = TcpStream::connect(server).await.unwrap().into_split();
            tokio::spawn(carry(from, there));
            tokio::spawn(carry(back, to));
        }
    });
    address
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        tokio::time::sleep(DISTANCE).await;
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

/// Many times as long as the busy one pauses.
const DISTANCE: Duration = Duration::from_millis(30);
