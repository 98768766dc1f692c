use std::fs;
use std::path::Path;

use journal::{
    AppendError, Follow, FollowError, Journal, JournalOptions, OpenError, RecordId, Seq,
    StorageError,
};
use nats_journal::{NatsConfig, NatsJournal};
use rstest::rstest;
use testkit::fault_proxy::FaultProxy;
use testkit::nats::NatsServer;

use crate::harness::{
    TEST_TIMEOUT, append_when_available, config_for, numbered, open, single, stream,
};
use testkit::journal_contract::records::{all_after, texts};

fn ids(journal: &NatsJournal, range: std::ops::RangeInclusive<u64>) -> Vec<RecordId> {
    range.map(|n| journal.epochs().record_id(Seq(n)).unwrap()).collect()
}

/// Waits until the follower learns that the journal was replaced. Then all operations fail likewise.
async fn wait_replaced(journal: &NatsJournal, mut follower: impl Follow) -> FollowError {
    let error = loop {
        match follower.next().await {
            Err(e @ FollowError::Storage(StorageError::Replaced { .. })) => break e,
            Err(FollowError::Storage(StorageError::Unavailable { .. })) | Ok(_) => {}
            Err(e) => panic!("{e}"),
        }
    };
    assert!(matches!(
        journal.append(single("x")).await,
        Err(AppendError::Storage(StorageError::Replaced { .. }))
    ));
    assert!(matches!(journal.start_point().await, Err(StorageError::Replaced { .. })));
    error
}

#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn recreated_stream_replaces_the_journal() {
    let server = NatsServer::start();
    let journal = open(&server).await;
    journal.append(numbered(0..5)).await.unwrap();
    let lost = ids(&journal, 0..=5);
    journal.checkpoint(Seq(3), "before".into(), Seq(3)).await.unwrap();
    let follower = journal.follow(Seq(5));
    let client = async_nats::connect(server.url()).await.unwrap();
    async_nats::jetstream::new(client).delete_stream("flightboard").await.unwrap();

    let recreated = open(&server).await;
    let error = wait_replaced(&journal, follower).await;
    assert!(error.to_string().ends_with(" was replaced, or lost records that were read"));
    assert_eq!((recreated.tail(), recreated.start_point().await.unwrap()), (Seq::ZERO, None));
    recreated.append(numbered(0..7)).await.unwrap();
    assert!(!lost.iter().any(|&id| recreated.epochs().honours(id)));
}

/// Without records, only the ids of the two streams differ.
#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn recreated_empty_stream_replaces_the_journal() {
    let server = NatsServer::start();
    let journal = open(&server).await;
    let follower = journal.follow(Seq::ZERO);
    let empty = ids(&journal, 0..=0);
    let client = async_nats::connect(server.url()).await.unwrap();
    async_nats::jetstream::new(client).delete_stream("flightboard").await.unwrap();
    let recreated = open(&server).await;
    assert!(!recreated.epochs().honours(empty[0]));
    recreated.append(single("x")).await.unwrap();
    wait_replaced(&journal, follower).await;
}

#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn deleted_stream_is_reported() {
    let server = NatsServer::start();
    let journal = open(&server).await;
    journal.append(single("x")).await.unwrap();
    let follower = journal.follow(Seq(1));
    let client = async_nats::connect(server.url()).await.unwrap();
    async_nats::jetstream::new(client).delete_stream("flightboard").await.unwrap();
    wait_replaced(&journal, follower).await;
}

/// Changes to the restored stream before the replica that read the lost records notices.
enum RestoredStream {
    Unchanged,
    Overwritten,
}

/// A copy has the creation time of the original stream, so only the records can differ.
#[rstest]
#[case::unchanged(RestoredStream::Unchanged)]
#[case::overwritten(RestoredStream::Overwritten)]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn restored_copy_forgets_lost_ids(#[case] restored_stream: RestoredStream) {
    let (mut server, copy) = (NatsServer::start(), tempfile::tempdir().unwrap());
    let journal = open(&server).await;
    journal.append(numbered(0..5)).await.unwrap();
    journal.checkpoint(Seq(3), "three".into(), Seq(3)).await.unwrap();
    let kept = ids(&journal, 0..=5);
    server.stop();
    copy_all(&server.store(), copy.path());
    server.restart();
    append_when_available(&journal, "5").await;
    journal.append(numbered(6..10)).await.unwrap();
    journal.checkpoint(Seq(8), "eight".into(), Seq(8)).await.unwrap();
    let lost = ids(&journal, 6..=10);
    let follower = journal.follow(Seq(10));

    server.stop();
    fs::remove_dir_all(server.store()).unwrap();
    copy_all(copy.path(), &server.store());
    server.restart();
    // The numbers of lost records may be reused before the replica that read them has noticed.
    let restored = open(&server).await;
    let check = |journal: &NatsJournal| {
        assert!(kept.iter().all(|&id| journal.epochs().honours(id)));
        assert!(!lost.iter().any(|&id| journal.epochs().honours(id)));
    };
    check(&restored);
    if matches!(restored_stream, RestoredStream::Overwritten) {
        restored.append(numbered(100..110)).await.unwrap();
        check(&restored);
    }
    wait_replaced(&journal, follower).await;
    let again = open(&server).await;
    again.append(numbered(200..210)).await.unwrap();
    check(&again);
    assert_eq!(again.start_point().await.unwrap().unwrap().state, "three");
}

/// The replica is cut off meanwhile, so the last record that it read is still stored when it reads again.
#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn unaware_replica_reuses_no_lost_id() {
    let (mut server, copy) = (NatsServer::start(), tempfile::tempdir().unwrap());
    let proxy = FaultProxy::start(server.address()).await.unwrap();
    let config = NatsConfig::new(format!("nats://{}", proxy.address()).parse().unwrap());
    let cut_off = NatsJournal::open(&config, JournalOptions::default()).await.unwrap();
    let journal = open(&server).await;
    append_when_available(&cut_off, "read by both").await;
    proxy.cut();
    server.stop();
    copy_all(&server.store(), copy.path());
    server.restart();
    append_when_available(&journal, "lost").await;
    let lost = ids(&journal, 2..=2)[0];
    drop(journal);

    server.stop();
    fs::remove_dir_all(server.store()).unwrap();
    copy_all(copy.path(), &server.store());
    server.restart();
    proxy.restore();
    assert_eq!(append_when_available(&cut_off, "another").await, Seq(2));
    assert!(!cut_off.epochs().honours(lost), "{lost}");
}

/// The stream was restored without the bucket of checkpoints.
#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn checkpoint_of_lost_records_is_ignored() {
    let server = NatsServer::start();
    let journal = open(&server).await;
    journal.append(numbered(0..10)).await.unwrap();
    journal.checkpoint(Seq(4), "four".into(), Seq(4)).await.unwrap();
    journal.checkpoint(Seq(8), "eight".into(), Seq(4)).await.unwrap();
    drop(journal);
    // As after restoring a copy: the same numbers, other records.
    let stream = stream(&server).await;
    let client = async_nats::connect(server.url()).await.unwrap();
    let jetstream = async_nats::jetstream::new(client);
    let bucket = jetstream.get_object_store("flightboard-checkpoints").await.unwrap();
    let fingerprint = |seq| {
        let stream = stream.clone();
        async move { stream.get_raw_message(seq).await.unwrap().time.unix_timestamp_nanos() }
    };
    let four = fingerprint(4).await;
    let other = fingerprint(7).await;
    for object in ["4", "8"] {
        let name = find_checkpoint(&bucket, object).await;
        let info = bucket.info(&name).await.unwrap();
        let description = info.description.unwrap();
        assert_eq!(description == four.to_string(), object == "4");
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
    assert_eq!(
        (start.seq, &start.state[..]),
        (Seq(4), &b"four"[..]),
        "the checkpoint at 8 is ignored"
    );
}

async fn find_checkpoint(
    bucket: &async_nats::jetstream::object_store::ObjectStore,
    suffix: &str,
) -> String {
    use futures_util::StreamExt;
    let mut all = bucket.list().await.unwrap();
    while let Some(object) = all.next().await {
        let name = object.unwrap().name;
        if name.ends_with(&format!("-{suffix}")) {
            return name;
        }
    }
    panic!("no checkpoint at {suffix}");
}

#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn gap_is_reported_and_never_skipped() {
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
    assert!(matches!(opened, Err(OpenError::Storage(StorageError::Replaced { .. }))), "{opened:?}");
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
