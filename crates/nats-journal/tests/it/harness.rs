use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;
use journal::{
    AppendError, Follow, FollowError, Journal, JournalOptions, NewRecord, Record, Seq, StorageError,
};
use nats_journal::{APPEND_TIMEOUT, NatsConfig, NatsJournal};
use testkit::nats::NatsServer;

use testkit::journal_contract::records::{assert_consecutive, texts};

/// Makes a test that would hang fail.
pub(crate) const TEST_TIMEOUT: Duration = Duration::from_secs(180);

pub(crate) fn config_for(server: &NatsServer) -> NatsConfig {
    NatsConfig::new(server.url().parse().unwrap())
}

pub(crate) async fn open(server: &NatsServer) -> NatsJournal {
    NatsJournal::open(&config_for(server), JournalOptions::default()).await.unwrap()
}

/// The stream itself, through a connection of the test.
pub(crate) async fn stream(server: &NatsServer) -> async_nats::jetstream::stream::Stream {
    let client = async_nats::connect(server.url()).await.unwrap();
    async_nats::jetstream::new(client).get_stream("flightboard").await.unwrap()
}

pub(crate) fn numbered(range: std::ops::Range<usize>) -> Vec<Bytes> {
    range.map(|n| Bytes::from(n.to_string())).collect()
}

pub(crate) fn single(text: &str) -> Vec<Bytes> {
    vec![Bytes::copy_from_slice(text.as_bytes())]
}

pub(crate) fn new_record(id: &str, text: &str) -> NewRecord {
    let payload = Bytes::copy_from_slice(text.as_bytes());
    NewRecord { payload, subject: vec!["main".into(), "I768".into()], dedup_id: Some(id.into()) }
}

/// Reads up to the record "end".
pub(crate) async fn read_to_end_record(mut follower: impl Follow) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    while records.last().is_none_or(|record| record.payload != "end") {
        match follower.next().await {
            Ok(batch) => records.extend(batch),
            // The servers are down; the follower keeps its position.
            Err(FollowError::Storage(StorageError::Unavailable { .. })) => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(e) => panic!("{e}"),
        }
    }
    records
}

/// Appends as soon as the journal is available.
pub(crate) async fn append_when_available(journal: &NatsJournal, text: &str) -> Seq {
    loop {
        match journal.append_records(vec![new_record(text, text)]).await {
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

/// Checks that each acknowledged record has its number, and that no record occurs twice.
pub(crate) fn check_records(records: &[Record], acknowledged: &[(Seq, String)]) {
    assert_consecutive(Seq::ZERO, records);
    let texts = texts(records);
    assert_eq!(texts.iter().collect::<HashSet<_>>().len(), texts.len(), "a record occurs twice");
    for (seq, text) in acknowledged {
        assert_eq!(&texts[usize::try_from(seq.0).unwrap() - 1], text, "{seq}");
    }
    check_times(records);
}

/// Times do not go back, except after many conflicts: a record sent without a condition may be overtaken on
/// its way by records with later times.
fn check_times(records: &[Record]) {
    let max_delay = u64::try_from(APPEND_TIMEOUT.as_millis()).unwrap();
    let mut newest = 0;
    for Record { seq, time, .. } in records {
        assert!(time.0 + max_delay >= newest, "at {seq} the time goes back by {}", newest - time.0);
        newest = newest.max(time.0);
    }
}
