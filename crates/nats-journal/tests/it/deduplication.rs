use journal::{Journal, NewRecord, Seq};
use testkit::nats::NatsServer;

use crate::harness::{in_time, named, one, open, stream};
use crate::records::{all_after, texts};

#[tokio::test]
async fn of_payloads_with_one_id_the_first_stays() {
    in_time(async {
        let mut server = NatsServer::start();
        let (journal, other) = (open(&server).await, open(&server).await);
        assert_eq!(journal.append_records(vec![named("a.1 ä", "first")]).await.unwrap(), [Seq(1)]);
        let again = vec![named("a.1 ä", "again"), named("b", "second")];
        assert_eq!(journal.append_records(again).await.unwrap(), [Seq(1), Seq(2)]);
        assert_eq!(other.append_records(vec![named("b", "elsewhere")]).await.unwrap(), [Seq(2)]);
        server.stop();
        server.restart();
        assert_eq!(other.append_records(vec![named("b", "later")]).await.unwrap(), [Seq(2)]);
        // What has no id is never a repetition.
        journal.append(one("same")).await.unwrap();
        journal.append(one("same")).await.unwrap();
        let records = all_after(&journal, Seq::ZERO).await.unwrap();
        assert_eq!(texts(&records), ["first", "second", "same", "same"]);
    })
    .await;
}

#[tokio::test]
async fn records_are_filed_under_their_keys() {
    in_time(async {
        let server = NatsServer::start();
        let journal = open(&server).await;
        journal.append_records(vec![named("a", "x")]).await.unwrap();
        let key = vec!["main".to_owned(), "BA 1.x".to_owned()];
        journal.append_records(vec![NewRecord { subject: key, ..named("b", "y") }]).await.unwrap();
        let stream = stream(&server).await;
        for (subject, text) in
            [("flightboard.main.I768", "x"), ("flightboard.main.BA%201%2Ex", "y")]
        {
            let found = stream.get_last_raw_message_by_subject(subject).await.unwrap();
            assert_eq!(found.payload, text);
        }
    })
    .await;
}
