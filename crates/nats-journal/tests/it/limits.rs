use journal::{
    AppendError, Journal, JournalOptions, MAX_PAYLOAD_BYTES, NewRecord, QUEUE_APPENDS, QUEUE_BYTES,
    Seq, SizeError, StorageError,
};
use nats_journal::{MAX_SUBJECT_BYTES, NatsJournal};
use testkit::nats::NatsServer;

use crate::harness::{config_for, in_time, named, one, open};

/// A server that was not told otherwise takes a mebibyte with the headers in it.
#[tokio::test]
async fn a_payload_is_as_large_as_the_servers_take() {
    in_time(async {
        let server = NatsServer::start_with_config("max_payload: 65536");
        let journal = open(&server).await;
        let zeros = |bytes: usize| vec![vec![0; bytes].into()];
        let refusal = journal.append(zeros(65_536)).await.unwrap_err();
        let AppendError::TooLarge(SizeError { subject: "a payload", limit, .. }) = refusal else {
            panic!("{refusal:?}");
        };
        assert_eq!(journal.append(zeros(limit)).await.unwrap(), [Seq(1)]);
        // With the longest key and id that there may be.
        let long = "x".repeat(MAX_SUBJECT_BYTES);
        let payload = zeros(limit).remove(0);
        let keyed =
            NewRecord { payload, subject: vec![long.clone()], dedup_id: Some(long.clone()) };
        assert_eq!(journal.append_records(vec![keyed]).await.unwrap(), [Seq(2)]);
        let longer = format!("{long}x");
        let key = NewRecord { subject: vec![longer.clone()], ..named("a", "x") };
        for (what, keyed) in [("a subject", key), ("a deduplication id", named(&longer, "x"))] {
            let refusal = journal.append_records(vec![keyed]).await.unwrap_err();
            assert!(refusal.to_string().starts_with(what), "{refusal}");
        }
        assert_eq!(journal.tail(), Seq(2));
    })
    .await;
}

#[tokio::test]
async fn the_queue_has_bounds_in_appends_and_in_bytes() {
    in_time(async {
        for (bytes, most) in
            [(1, QUEUE_APPENDS), (MAX_PAYLOAD_BYTES, QUEUE_BYTES / MAX_PAYLOAD_BYTES)]
        {
            let server = NatsServer::start();
            let journal = open(&server).await;
            server.pause();
            let payload = bytes::Bytes::from(vec![0; bytes]);
            // The writer is not asked before the first wait, so all of them are queued or refused.
            let appends: Vec<_> =
                (0..most + 10).map(|_| journal.append(vec![payload.clone()])).collect();
            let mut refused = 0;
            for append in appends.into_iter().rev().take(20) {
                let answer =
                    tokio::time::timeout(std::time::Duration::from_millis(10), append).await;
                refused += usize::from(matches!(answer, Ok(Err(AppendError::QueueFull))));
            }
            assert_eq!(refused, 10, "of {most} and ten");
        }
    })
    .await;
}

/// Nothing is dropped to make room: what does not fit is refused, and whole.
#[tokio::test]
async fn a_full_stream_refuses_and_lets_nothing_go() {
    in_time(async {
        let server = NatsServer::start();
        let journal =
            NatsJournal::open(&config_for(&server), JournalOptions::default()).await.unwrap();
        journal.append(one("first")).await.unwrap();
        let stream = crate::harness::stream(&server).await;
        let mut config = stream.get_info().await.unwrap().config;
        config.max_bytes = 200_000;
        let client = async_nats::connect(server.url()).await.unwrap();
        async_nats::jetstream::new(client).update_stream(config).await.unwrap();
        let zeros = bytes::Bytes::from(vec![0; 50_000]);
        let refusal = loop {
            match journal.append(vec![zeros.clone()]).await {
                Ok(_) => assert!(journal.tail() < Seq(10)),
                Err(e) => break e,
            }
        };
        assert!(
            matches!(refusal, AppendError::Storage(StorageError::NoSpace { .. })),
            "{refusal:?}"
        );
        assert_eq!(stream.get_info().await.unwrap().state.first_sequence, 1);
        // A small one still fits.
        journal.append(one("small")).await.unwrap();
    })
    .await;
}
