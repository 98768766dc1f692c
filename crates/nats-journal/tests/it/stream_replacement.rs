use std::fs;
use std::path::Path;

use journal::{
    AppendError, Follow, FollowError, Journal, JournalOptions, OpenError, RecordId, Seq,
    StorageError,
};
use nats_journal::{NatsConfig, NatsJournal};
use testkit::fault_proxy::FaultProxy;
use testkit::nats::NatsServer;

use crate::harness::{append_at_last, config_for, in_time, numbered, one, open, stream};
use crate::records::{all_after, texts};

fn ids(journal: &NatsJournal, range: std::ops::RangeInclusive<u64>) -> Vec<RecordId> {
    range.map(|n| journal.epochs().record_id(Seq(n)).unwrap()).collect()
}

async fn told(journal: &NatsJournal, mut follower: impl Follow) -> FollowError {
    let error = loop {
        match follower.next().await {
            Err(e @ FollowError::Storage(StorageError::Replaced { .. })) => break e,
            Err(FollowError::Storage(StorageError::Unavailable { .. })) | Ok(_) => {}
            Err(e) => panic!("{e}"),
        }
    };
    assert!(matches!(
        journal.append(one("x")).await,
        Err(AppendError::Storage(StorageError::Replaced { .. }))
    ));
    assert!(matches!(journal.start_point().await, Err(StorageError::Replaced { .. })));
    error
}

#[tokio::test]
async fn a_stream_that_was_deleted_and_made_anew_is_another() {
    in_time(async {
        let server = NatsServer::start();
        let journal = open(&server).await;
        journal.append(numbered(0..5)).await.unwrap();
        let lost = ids(&journal, 0..=5);
        journal.checkpoint(Seq(3), "of old".into(), Seq(3)).await.unwrap();
        let follower = journal.follow(Seq(5));
        let client = async_nats::connect(server.url()).await.unwrap();
        async_nats::jetstream::new(client).delete_stream("flightboard").await.unwrap();

        let anew = open(&server).await;
        let error = told(&journal, follower).await;
        assert!(error.to_string().ends_with(" was replaced, or lost records that were read"));
        assert_eq!((anew.tail(), anew.start_point().await.unwrap()), (Seq::ZERO, None));
        anew.append(numbered(0..7)).await.unwrap();
        assert!(!lost.iter().any(|&id| anew.epochs().honours(id)));
    })
    .await;
}

/// No record tells it from the one before; its ids do.
#[tokio::test]
async fn an_empty_stream_that_was_made_anew_is_another_too() {
    in_time(async {
        let server = NatsServer::start();
        let journal = open(&server).await;
        let follower = journal.follow(Seq::ZERO);
        let empty = ids(&journal, 0..=0);
        let client = async_nats::connect(server.url()).await.unwrap();
        async_nats::jetstream::new(client).delete_stream("flightboard").await.unwrap();
        let anew = open(&server).await;
        assert!(!anew.epochs().honours(empty[0]));
        anew.append(one("x")).await.unwrap();
        told(&journal, follower).await;
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_is_deleted_is_told_in_time() {
    in_time(async {
        let server = NatsServer::start();
        let journal = open(&server).await;
        journal.append(one("x")).await.unwrap();
        let follower = journal.follow(Seq(1));
        let client = async_nats::connect(server.url()).await.unwrap();
        async_nats::jetstream::new(client).delete_stream("flightboard").await.unwrap();
        told(&journal, follower).await;
    })
    .await;
}

/// The created time of a stream is in its copy, so that alone tells nothing.
#[tokio::test]
async fn ids_of_what_a_restored_copy_lost_are_not_honoured() {
    for overtaken in [false, true] {
        in_time(async {
            let (mut server, copy) = (NatsServer::start(), tempfile::tempdir().unwrap());
            let journal = open(&server).await;
            journal.append(numbered(0..5)).await.unwrap();
            journal.checkpoint(Seq(3), "three".into(), Seq(3)).await.unwrap();
            let kept = ids(&journal, 0..=5);
            server.stop();
            copy_all(&server.store(), copy.path());
            server.restart();
            append_at_last(&journal, "5").await;
            journal.append(numbered(6..10)).await.unwrap();
            journal.checkpoint(Seq(8), "eight".into(), Seq(8)).await.unwrap();
            let lost = ids(&journal, 6..=10);
            let follower = journal.follow(Seq(10));

            server.stop();
            fs::remove_dir_all(server.store()).unwrap();
            copy_all(copy.path(), &server.store());
            server.restart();
            // Before the one that ran through it has looked, the numbers may be given again.
            let restored = open(&server).await;
            let check = |journal: &NatsJournal| {
                assert!(kept.iter().all(|&id| journal.epochs().honours(id)));
                assert!(!lost.iter().any(|&id| journal.epochs().honours(id)));
            };
            check(&restored);
            if overtaken {
                restored.append(numbered(100..110)).await.unwrap();
                check(&restored);
            }
            told(&journal, follower).await;
            let again = open(&server).await;
            again.append(numbered(200..210)).await.unwrap();
            check(&again);
            assert_eq!(again.start_point().await.unwrap().unwrap().state, "three");
        })
        .await;
    }
}

/// It is cut off meanwhile, so that the record it read last is still there when it looks again.
#[tokio::test]
async fn one_that_saw_nothing_of_what_was_lost_gives_no_id_of_it_again() {
    in_time(async {
        let (mut server, copy) = (NatsServer::start(), tempfile::tempdir().unwrap());
        let proxy = FaultProxy::start(server.address()).await.unwrap();
        let behind_it = NatsConfig::new(format!("nats://{}", proxy.address()).parse().unwrap());
        let cut_off = NatsJournal::open(&behind_it, JournalOptions::default()).await.unwrap();
        let journal = open(&server).await;
        append_at_last(&cut_off, "read by both").await;
        proxy.cut();
        server.stop();
        copy_all(&server.store(), copy.path());
        server.restart();
        append_at_last(&journal, "lost").await;
        let lost = ids(&journal, 2..=2)[0];
        drop(journal);

        server.stop();
        fs::remove_dir_all(server.store()).unwrap();
        copy_all(copy.path(), &server.store());
        server.restart();
        proxy.restore();
        assert_eq!(append_at_last(&cut_off, "another").await, Seq(2));
        assert!(!cut_off.epochs().honours(lost), "{lost}");
    })
    .await;
}

/// The bucket of checkpoints was not restored with the stream.
#[tokio::test]
async fn a_checkpoint_of_lost_records_is_not_begun_at() {
    in_time(async {
        let server = NatsServer::start();
        let journal = open(&server).await;
        journal.append(numbered(0..10)).await.unwrap();
        journal.checkpoint(Seq(4), "four".into(), Seq(4)).await.unwrap();
        journal.checkpoint(Seq(8), "eight".into(), Seq(4)).await.unwrap();
        drop(journal);
        // As after a restored copy: the same numbers, other records.
        let stream = stream(&server).await;
        let client = async_nats::connect(server.url()).await.unwrap();
        let jetstream = async_nats::jetstream::new(client);
        let bucket = jetstream.get_object_store("flightboard-checkpoints").await.unwrap();
        let mark = |seq| {
            let stream = stream.clone();
            async move { stream.get_raw_message(seq).await.unwrap().time.unix_timestamp_nanos() }
        };
        let (four, other) = (mark(4).await, mark(7).await);
        for object in ["4", "8"] {
            let name = find(&bucket, object).await;
            let info = bucket.info(&name).await.unwrap();
            let told = info.description.unwrap();
            assert_eq!(told == four.to_string(), object == "4");
            if object == "8" {
                let metadata = async_nats::jetstream::object_store::UpdateMetadata {
                    name: name.clone(),
                    description: Some(other.to_string()),
                    ..Default::default()
                };
                bucket.update_metadata(&name, metadata).await.unwrap();
            }
        }
        let journal = open(&server).await;
        journal.checkpoint(Seq(9), "nine".into(), Seq(8)).await.unwrap();
        let start = journal.start_point().await.unwrap().unwrap();
        assert_eq!((start.seq, &start.state[..]), (Seq(4), &b"four"[..]), "eight is not counted");
    })
    .await;
}

async fn find(bucket: &async_nats::jetstream::object_store::ObjectStore, end: &str) -> String {
    use futures_util::StreamExt;
    let mut all = bucket.list().await.unwrap();
    while let Some(object) = all.next().await {
        let name = object.unwrap().name;
        if name.ends_with(&format!("-{end}")) {
            return name;
        }
    }
    panic!("no checkpoint at {end}");
}

#[tokio::test]
async fn a_hole_is_told_and_never_skipped() {
    in_time(async {
        let server = NatsServer::start();
        let journal = open(&server).await;
        for n in 0..6 {
            journal.append(numbered(n * 2000..(n + 1) * 2000)).await.unwrap();
        }
        stream(&server).await.delete_message(500).await.unwrap();
        let read = all_after(&journal, Seq::ZERO).await;
        assert!(
            matches!(read, Err(FollowError::Pruned { after: Seq(499), kept_after: Seq(500) })),
            "{read:?}"
        );
        assert_eq!(texts(&all_after(&journal, Seq(500)).await.unwrap())[0], "500");
        let opened = NatsJournal::open(&config_for(&server), JournalOptions::default()).await;
        assert!(
            matches!(opened, Err(OpenError::Storage(StorageError::Replaced { .. }))),
            "{opened:?}"
        );
    })
    .await;
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_all(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
