use std::time::Duration;

use journal::{AppendError, Journal, Seq, StorageError};
use nats_journal::{APPEND_TIMEOUT, RECHECK_INTERVAL, TRUNCATION_GRACE};
use rstest::rstest;
use testkit::nats::NatsServer;
use tokio::time::Instant;

use crate::harness::{
    TEST_TIMEOUT, append_when_available, check_records, new_record, open, single,
};
use testkit::journal_contract::records::{all_after, texts};

/// Tolerance for a loaded machine.
const SLACK: Duration = Duration::from_secs(10);

/// Staleness while the servers respond: the recheck interval, a heartbeat and two requests.
const MAX_STALENESS: Duration = RECHECK_INTERVAL.saturating_add(Duration::from_secs(4));

#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn appends_fail_in_time_and_recover() {
    let mut server = NatsServer::start();
    let journal = open(&server).await;
    journal.append(single("before")).await.unwrap();
    server.stop();
    let started = Instant::now();
    let appends: Vec<_> = (0..3).map(|_| journal.append(single("rejected"))).collect();
    for append in appends {
        // The first record may have been sent before the client noticed the end of the connection.
        let error = append.await.unwrap_err();
        let expected = matches!(
            error,
            AppendError::Storage(StorageError::Unavailable { .. })
                | AppendError::OutcomeUnknown { .. }
        );
        assert!(expected, "{error:?}");
    }
    assert!(started.elapsed() < APPEND_TIMEOUT + SLACK);
    // The connection has been down for APPEND_TIMEOUT now, so requests fail at once.
    let started = Instant::now();
    let error = journal.append(single("rejected")).await.unwrap_err();
    let expected = format!("cannot read or write the journal flightboard at {}", server.url());
    assert!(error.to_string().starts_with(&expected), "{error}");
    assert!(matches!(
        journal.probe().await,
        Err(AppendError::Storage(StorageError::Unavailable { .. }))
    ));
    assert!(
        started.elapsed() < APPEND_TIMEOUT,
        "it should fail at once, not after {:?}",
        started.elapsed()
    );
    assert_eq!(texts(&all_after(&journal, Seq::ZERO).await.unwrap()), ["before"], "from memory");

    server.restart();
    append_when_available(&journal, "after").await;
    journal.probe().await.unwrap();
    let records = texts(&all_after(&journal, Seq::ZERO).await.unwrap());
    assert!(records[0] == "before" && records.last().unwrap() == "after", "{records:?}");
}

/// A paused server may have stored the record before it could acknowledge it.
#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn silent_server_leaves_appends_unknown() {
    let server = NatsServer::start();
    let journal = open(&server).await;
    journal.append(single("before")).await.unwrap();
    server.pause();
    let started = Instant::now();
    let error = journal.append_records(vec![new_record("id", "unknown")]).await.unwrap_err();
    assert!(matches!(error, AppendError::OutcomeUnknown { .. }), "{error:?}");
    assert!(started.elapsed() < APPEND_TIMEOUT + SLACK, "{:?}", started.elapsed());
    server.resume();
    // Its id keeps the record from being stored twice, whether the first attempt was stored or not.
    let seq = loop {
        match journal.append_records(vec![new_record("id", "unknown")]).await {
            Ok(seqs) => break seqs[0],
            Err(e) => assert!(matches!(
                e,
                AppendError::OutcomeUnknown { .. }
                    | AppendError::Storage(StorageError::Unavailable { .. })
            )),
        }
    };
    append_when_available(&journal, "after").await;
    let records = all_after(&journal, Seq::ZERO).await.unwrap();
    check_records(&records, &[(seq, "unknown".to_owned())]);
    assert_eq!(texts(&records), ["before", "unknown", "after"]);
}

/// Reads are repeated for as long as an election may take.
#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn reads_retry_until_servers_respond() {
    let server = NatsServer::start();
    let journal = open(&server).await;
    journal.append(single("before")).await.unwrap();
    journal.checkpoint(Seq(1), "state".into(), Seq(1)).await.unwrap();
    server.pause();
    let start_point = tokio::spawn(async move { journal.start_point().await });
    tokio::time::sleep(APPEND_TIMEOUT + Duration::from_secs(3)).await;
    assert!(!start_point.is_finished(), "it gave up before the election timeout");
    server.resume();
    assert_eq!(start_point.await.unwrap().unwrap().map(|start| start.seq), Some(Seq(1)));
}

#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn staleness_grows_and_recovers() {
    let mut server = NatsServer::start();
    let journal = open(&server).await;
    journal.append(single("record")).await.unwrap();
    let empty_server = NatsServer::start();
    let empty_journal = open(&empty_server).await;
    tokio::time::sleep(MAX_STALENESS).await;
    for journal in [&journal, &empty_journal] {
        let staleness = journal.staleness().unwrap();
        assert!(staleness < MAX_STALENESS, "{staleness:?}");
    }

    server.stop();
    let stopped = Instant::now();
    let staleness = || journal.staleness().unwrap();
    let at_stop = staleness();
    while staleness() < MAX_STALENESS + Duration::from_secs(3) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(staleness() <= at_stop + stopped.elapsed(), "it grows with the time");
    server.restart();
    while staleness() > MAX_STALENESS {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The server is down for longer than [`TRUNCATION_GRACE`].
#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn long_outage_is_no_truncation() {
    let mut server = NatsServer::start();
    let journal = open(&server).await;
    journal.append(single("before")).await.unwrap();
    server.stop();
    tokio::time::sleep(TRUNCATION_GRACE + Duration::from_secs(2)).await;
    server.restart();
    assert_eq!(append_when_available(&journal, "after").await, Seq(2));
}
