use journal::{Journal, NewRecord, Seq};
use rstest::rstest;
use testkit::nats::NatsServer;

use crate::harness::{TEST_TIMEOUT, new_record, open, single, stream};
use testkit::journal_contract::records::{all_after, texts};

#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn duplicate_ids_keep_the_first_payload() {
    let mut server = NatsServer::start();
    let (journal, other) = (open(&server).await, open(&server).await);
    assert_eq!(journal.append_records(vec![new_record("a.1 ä", "first")]).await.unwrap(), [Seq(1)]);
    let repeated = vec![new_record("a.1 ä", "repeated"), new_record("b", "second")];
    assert_eq!(journal.append_records(repeated).await.unwrap(), [Seq(1), Seq(2)]);
    assert_eq!(other.append_records(vec![new_record("b", "elsewhere")]).await.unwrap(), [Seq(2)]);
    server.stop();
    server.restart();
    assert_eq!(other.append_records(vec![new_record("b", "later")]).await.unwrap(), [Seq(2)]);
    // Records without ids are never duplicates.
    journal.append(single("same")).await.unwrap();
    journal.append(single("same")).await.unwrap();
    let records = all_after(&journal, Seq::ZERO).await.unwrap();
    assert_eq!(texts(&records), ["first", "second", "same", "same"]);
}

#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn records_have_their_subjects() {
    let server = NatsServer::start();
    let journal = open(&server).await;
    journal.append_records(vec![new_record("a", "x")]).await.unwrap();
    let key = vec!["main".to_owned(), "BA 1.x".to_owned()];
    journal.append_records(vec![NewRecord { subject: key, ..new_record("b", "y") }]).await.unwrap();
    let stream = stream(&server).await;
    for (subject, text) in [("flightboard.main.I768", "x"), ("flightboard.main.BA%201%2Ex", "y")] {
        let found = stream.get_last_raw_message_by_subject(subject).await.unwrap();
        assert_eq!(found.payload, text);
    }
}
