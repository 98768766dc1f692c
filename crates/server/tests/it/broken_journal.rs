//! A journal that holds what this version cannot read: nobody is told anything wrong, and nobody
//! waits in vain.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use journal::{Journal, MemoryJournal};
use serde_json::json;
use server::Settings;

use crate::house::House;
use crate::shared::Shared;

#[tokio::test]
async fn a_server_that_meets_it_stands_still_and_says_so() {
    let journal = Arc::new(MemoryJournal::default());
    let house = House::on(Shared::new(&journal), Settings::default()).await;
    house.put_rows(0..1).await;
    let before = house.get("/boards/main/flights").await.body;
    journal.append(vec![Bytes::from("{\"from\":\"the future\"}")]).await.unwrap();
    let refused = house.send("PUT", "/boards/main/flights/T1", json!({})).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{}", refused.body);
    let ready = house.get("/readyz").await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(ready.body.contains("record 3"), "{}", ready.body);
    assert_eq!(house.get("/boards/main/flights").await.body, before);
    let mut stream = house.stream("/events").await;
    assert_eq!(stream.event().await.unwrap().0, "timetable", "followers are kept");
}
