//! A journal that holds what this version cannot read: nobody is told anything wrong, and nobody
//! waits in vain.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use journal::{Checkpoint, Epochs, Error, Journal, MemoryFollow, MemoryJournal, Seq};
use serde_json::json;
use server::Settings;

use crate::house::House;

/// A journal that others write to as well.
struct Shared(Arc<MemoryJournal>);

impl Journal for Shared {
    type Follow = MemoryFollow;

    fn append(&self, payloads: Vec<Bytes>) -> impl Future<Output = Result<Vec<Seq>, Error>> + Send {
        self.0.append(payloads)
    }

    async fn probe(&self) -> Result<(), Error> {
        self.0.probe().await
    }

    fn follow(&self, after: Seq) -> MemoryFollow {
        self.0.follow(after)
    }

    fn epochs(&self) -> Epochs {
        self.0.epochs()
    }

    fn tail(&self) -> Seq {
        self.0.tail()
    }

    async fn checkpoint(&self, seq: Seq, state: Bytes, needed_after: Seq) -> Result<(), Error> {
        self.0.checkpoint(seq, state, needed_after).await
    }

    async fn start_point(&self) -> Result<Option<Checkpoint>, Error> {
        self.0.start_point().await
    }

    async fn close(&self) {
        self.0.close().await;
    }
}

#[tokio::test]
async fn a_server_does_not_start_on_it() {
    let journal = MemoryJournal::default();
    journal.append(vec![Bytes::from("{\"from\":\"the future\"}")]).await.unwrap();
    let error = server::start(journal, Settings::default()).await.unwrap_err();
    let cause = std::error::Error::source(&error).and_then(|cause| cause.source()).unwrap();
    assert!(cause.to_string().contains("entry 1"), "{cause}");
}

#[tokio::test]
async fn a_server_that_meets_it_stands_still_and_says_so() {
    let journal = Arc::new(MemoryJournal::default());
    let house = House::on(Shared(Arc::clone(&journal)), Settings::default()).await;
    house.put_rows(0..1).await;
    let before = house.get("/boards/main/flights").await.body;
    journal.append(vec![Bytes::from("{\"from\":\"the future\"}")]).await.unwrap();
    let refused = house.send("PUT", "/boards/main/flights/T1", json!({})).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{}", refused.body);
    let ready = house.get("/readyz").await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(ready.body.contains("entry 3"), "{}", ready.body);
    assert_eq!(house.get("/boards/main/flights").await.body, before);
    let mut stream = house.stream("/events").await;
    assert_eq!(stream.event().await.unwrap().0, "timetable", "followers are kept");
}
