use std::time::Duration;

use journal::{AppendError, Journal, Seq, StorageError};
use nats_journal::{APPEND_TIMEOUT, RECHECK_INTERVAL, TRUNCATION_GRACE};
use testkit::nats::NatsServer;
use tokio::time::Instant;

use crate::harness::{append_at_last, check, in_time, named, one, open};
use crate::records::{all_after, texts};

/// What a stated time may be passed by, on a machine with much else to do.
const SLACK: Duration = Duration::from_secs(10);

/// Looks come with the servers' word that there is nothing, and take their time.
const LOOKED_AT_LEAST_EVERY: Duration = RECHECK_INTERVAL.saturating_add(Duration::from_secs(4));

#[tokio::test]
async fn without_a_server_appends_are_refused_in_time_and_taken_again_later() {
    in_time(async {
        let mut server = NatsServer::start();
        let journal = open(&server).await;
        journal.append(one("before")).await.unwrap();
        server.stop();
        let asked = Instant::now();
        let waiting: Vec<_> = (0..3).map(|_| journal.append(one("refused"))).collect();
        for append in waiting {
            // The first may have been sent before the end of the connection was noticed.
            let refusal = append.await.unwrap_err();
            let expected = matches!(
                refusal,
                AppendError::Storage(StorageError::Unavailable { .. })
                    | AppendError::OutcomeUnknown { .. }
            );
            assert!(expected, "{refusal:?}");
        }
        assert!(asked.elapsed() < APPEND_TIMEOUT + SLACK);
        // By now it has been away for longer than anybody should wait.
        let asked = Instant::now();
        let refusal = journal.append(one("refused")).await.unwrap_err();
        let expected = format!("the journal flightboard at {} cannot be read or", server.url());
        assert!(refusal.to_string().starts_with(&expected), "{refusal}");
        assert!(matches!(
            journal.probe().await,
            Err(AppendError::Storage(StorageError::Unavailable { .. }))
        ));
        assert!(asked.elapsed() < APPEND_TIMEOUT, "at once, not after {:?}", asked.elapsed());
        assert_eq!(texts(&all_after(&journal, Seq::ZERO).await.unwrap()), ["before"], "in memory");

        server.restart();
        append_at_last(&journal, "after").await;
        journal.probe().await.unwrap();
        let records = texts(&all_after(&journal, Seq::ZERO).await.unwrap());
        assert!(records[0] == "before" && records.last().unwrap() == "after", "{records:?}");
    })
    .await;
}

/// It may have taken the record, and not have come to say so.
#[tokio::test]
async fn a_server_that_does_not_answer_leaves_it_unknown() {
    in_time(async {
        let server = NatsServer::start();
        let journal = open(&server).await;
        journal.append(one("before")).await.unwrap();
        server.pause();
        let asked = Instant::now();
        let refusal = journal.append_records(vec![named("id", "doubtful")]).await.unwrap_err();
        assert!(matches!(refusal, AppendError::OutcomeUnknown { .. }), "{refusal:?}");
        assert!(asked.elapsed() < APPEND_TIMEOUT + SLACK, "{:?}", asked.elapsed());
        server.resume();
        // Under its id it is there once, whether it came through before or not.
        let seq = loop {
            match journal.append_records(vec![named("id", "doubtful")]).await {
                Ok(seqs) => break seqs[0],
                Err(e) => assert!(matches!(
                    e,
                    AppendError::OutcomeUnknown { .. }
                        | AppendError::Storage(StorageError::Unavailable { .. })
                )),
            }
        };
        append_at_last(&journal, "after").await;
        let records = all_after(&journal, Seq::ZERO).await.unwrap();
        check(&records, &[(seq, "doubtful".to_owned())]);
        assert_eq!(texts(&records), ["before", "doubtful", "after"]);
    })
    .await;
}

/// As long as an election may take.
#[tokio::test]
async fn what_servers_have_is_asked_again_until_they_answer() {
    in_time(async {
        let server = NatsServer::start();
        let journal = open(&server).await;
        journal.append(one("before")).await.unwrap();
        journal.checkpoint(Seq(1), "state".into(), Seq(1)).await.unwrap();
        server.pause();
        let start = tokio::spawn(async move { journal.start_point().await });
        tokio::time::sleep(APPEND_TIMEOUT + Duration::from_secs(3)).await;
        assert!(!start.is_finished(), "it waits for longer than an append");
        server.resume();
        assert_eq!(start.await.unwrap().unwrap().map(|start| start.seq), Some(Seq(1)));
    })
    .await;
}

#[tokio::test]
async fn how_long_nothing_was_heard_is_told_and_forgotten_when_all_is_read() {
    in_time(async {
        let mut server = NatsServer::start();
        let journal = open(&server).await;
        let staleness = || journal.staleness().unwrap();
        // Also of a stream that has nothing yet, and of one that has.
        for record in ["first", "second"] {
            tokio::time::sleep(LOOKED_AT_LEAST_EVERY).await;
            assert!(staleness() < LOOKED_AT_LEAST_EVERY, "{:?}", staleness());
            journal.append(one(record)).await.unwrap();
        }
        server.stop();
        let stopped = Instant::now();
        while staleness() < 2 * LOOKED_AT_LEAST_EVERY {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(stopped.elapsed() > LOOKED_AT_LEAST_EVERY);
        server.restart();
        while staleness() > LOOKED_AT_LEAST_EVERY {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
}

/// The server is away for longer than a stream may seem to have less than was read of it.
#[tokio::test]
async fn a_long_silence_is_no_loss() {
    in_time(async {
        let mut server = NatsServer::start();
        let journal = open(&server).await;
        journal.append(one("before")).await.unwrap();
        server.stop();
        tokio::time::sleep(TRUNCATION_GRACE + Duration::from_secs(2)).await;
        server.restart();
        assert_eq!(append_at_last(&journal, "after").await, Seq(2));
    })
    .await;
}
