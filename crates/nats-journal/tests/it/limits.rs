use journal::{
    AppendError, Journal, JournalOptions, MAX_PAYLOAD_BYTES, NewRecord, QUEUE_APPENDS, QUEUE_BYTES,
    Seq, SizeError, StorageError,
};
use nats_journal::{MAX_SUBJECT_BYTES, NatsJournal};
use rstest::rstest;
use testkit::nats::NatsServer;

use crate::harness::{TEST_TIMEOUT, config_for, new_record, open, single};

/// The default limit of a server is one MiB, headers included.
#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn payload_limit_follows_the_servers() {
    let server = NatsServer::start_with_config("max_payload: 65536");
    let journal = open(&server).await;
    let zeros = |bytes: usize| vec![vec![0; bytes].into()];
    let error = journal.append(zeros(65_536)).await.unwrap_err();
    let AppendError::TooLarge(SizeError { subject: "a payload", limit, .. }) = error else {
        panic!("{error:?}");
    };
    assert_eq!(journal.append(zeros(limit)).await.unwrap(), [Seq(1)]);
    // With a subject and an id of maximum length.
    let long = "x".repeat(MAX_SUBJECT_BYTES);
    let payload = zeros(limit).remove(0);
    let record = NewRecord { payload, subject: vec![long.clone()], dedup_id: Some(long.clone()) };
    assert_eq!(journal.append_records(vec![record]).await.unwrap(), [Seq(2)]);
    let longer = format!("{long}x");
    let subject = NewRecord { subject: vec![longer.clone()], ..new_record("a", "x") };
    for (expected, record) in
        [("a subject", subject), ("a deduplication id", new_record(&longer, "x"))]
    {
        let error = journal.append_records(vec![record]).await.unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    }
    assert_eq!(journal.tail(), Seq(2));
}

#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn queue_bounds_appends_and_bytes() {
    for (bytes, max_queued) in
        [(1, QUEUE_APPENDS), (MAX_PAYLOAD_BYTES, QUEUE_BYTES / MAX_PAYLOAD_BYTES)]
    {
        let server = NatsServer::start();
        let journal = open(&server).await;
        server.pause();
        let payload = bytes::Bytes::from(vec![0; bytes]);
        // The writer does not run before the first await, so each append is queued or rejected at once.
        let appends: Vec<_> =
            (0..max_queued + 10).map(|_| journal.append(vec![payload.clone()])).collect();
        let mut rejected = 0;
        for append in appends.into_iter().rev().take(20) {
            let answer = tokio::time::timeout(std::time::Duration::from_millis(10), append).await;
            rejected += usize::from(matches!(answer, Ok(Err(AppendError::QueueFull))));
        }
        assert_eq!(rejected, 10, "rejected of {max_queued} + 10");
    }
}

/// A full stream drops no record to make room, and rejects an append as a whole.
#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn full_stream_rejects_and_drops_nothing() {
    let server = NatsServer::start();
    let journal = NatsJournal::open(&config_for(&server), JournalOptions::default()).await.unwrap();
    journal.append(single("first")).await.unwrap();
    let stream = crate::harness::stream(&server).await;
    let mut config = stream.get_info().await.unwrap().config;
    config.max_bytes = 200_000;
    let client = async_nats::connect(server.url()).await.unwrap();
    async_nats::jetstream::new(client).update_stream(config).await.unwrap();
    let zeros = bytes::Bytes::from(vec![0; 50_000]);
    let error = loop {
        match journal.append(vec![zeros.clone()]).await {
            Ok(_) => assert!(journal.tail() < Seq(10)),
            Err(e) => break e,
        }
    };
    assert!(matches!(error, AppendError::Storage(StorageError::NoSpace { .. })), "{error:?}");
    assert_eq!(stream.get_info().await.unwrap().state.first_sequence, 1);
    // A small record still fits.
    journal.append(single("small")).await.unwrap();
}
