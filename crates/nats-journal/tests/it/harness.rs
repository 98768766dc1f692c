use std::collections::HashSet;
use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use journal::{
    AppendError, Follow, FollowError, Journal, JournalOptions, NewRecord, Record, Seq, StorageError,
};
use nats_journal::{APPEND_TIMEOUT, NatsConfig, NatsJournal};
use testkit::nats::NatsServer;

use crate::records::{assert_consecutive, texts};

/// One that waits for what never comes fails instead of hanging.
pub(crate) async fn in_time(test: impl Future<Output = ()>) {
    tokio::time::timeout(Duration::from_secs(180), test).await.expect("nothing has come of it");
}

pub(crate) fn config_for(server: &NatsServer) -> NatsConfig {
    NatsConfig::new(server.url().parse().unwrap())
}

pub(crate) async fn open(server: &NatsServer) -> NatsJournal {
    NatsJournal::open(&config_for(server), JournalOptions::default()).await.unwrap()
}

/// The stream itself, by other means.
pub(crate) async fn stream(server: &NatsServer) -> async_nats::jetstream::stream::Stream {
    let client = async_nats::connect(server.url()).await.unwrap();
    async_nats::jetstream::new(client).get_stream("flightboard").await.unwrap()
}

pub(crate) fn numbered(range: std::ops::Range<usize>) -> Vec<Bytes> {
    range.map(|n| Bytes::from(n.to_string())).collect()
}

pub(crate) fn one(text: &str) -> Vec<Bytes> {
    vec![Bytes::copy_from_slice(text.as_bytes())]
}

pub(crate) fn named(id: &str, text: &str) -> NewRecord {
    let payload = Bytes::copy_from_slice(text.as_bytes());
    NewRecord { payload, subject: vec!["main".into(), "I768".into()], dedup_id: Some(id.into()) }
}

/// Follows until a record that says "end".
pub(crate) async fn follow_to_the_end(mut follower: impl Follow) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    while records.last().is_none_or(|record| record.payload != "end") {
        match follower.next().await {
            Ok(batch) => records.extend(batch),
            // The servers are away; it stands where it stood.
            Err(FollowError::Storage(StorageError::Unavailable { .. })) => {
                tokio::time::sleep(Duration::from_millis(50)).await
            }
            Err(e) => panic!("{e}"),
        }
    }
    records
}

/// Waits until the journal is there, and answers.
pub(crate) async fn append_at_last(journal: &NatsJournal, text: &str) -> Seq {
    loop {
        match journal.append_records(vec![named(text, text)]).await {
            Ok(seqs) => return seqs[0],
            Err(e) => {
                assert!(
                    matches!(
                        e,
                        AppendError::Storage(StorageError::Unavailable { .. })
                            | AppendError::OutcomeUnknown { .. }
                    ),
                    "{e:?}"
                );
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Everything answered is there once under its number, nothing is there twice, and each appender's
/// records come in its order.
pub(crate) fn check(records: &[Record], answered: &[(Seq, String)]) {
    assert_consecutive(Seq::ZERO, records);
    let texts = texts(records);
    assert_eq!(texts.iter().collect::<HashSet<_>>().len(), texts.len(), "one is there twice");
    for (seq, text) in answered {
        assert_eq!(&texts[usize::try_from(seq.0).unwrap() - 1], text, "{seq}");
    }
    check_times(records);
}

/// Times do not go back, but for those of a replica that lost many races: its message may be stamped before
/// others that overtake it on its way.
fn check_times(records: &[Record]) {
    let under_way = u64::try_from(APPEND_TIMEOUT.as_millis()).unwrap();
    let mut newest = 0;
    for Record { seq, time, .. } in records {
        assert!(time.0 + under_way >= newest, "at {seq} the time goes back by {}", newest - time.0);
        newest = newest.max(time.0);
    }
}
