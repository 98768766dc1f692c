//! A journal with records that this version cannot decode. No follower gets a wrong row, and no
//! publisher waits forever.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use journal::{Journal, MemoryJournal};
use serde_json::json;
use server::Settings;

use crate::faulty_journal::FaultyJournal;
use crate::test_server::TestServer;

#[tokio::test]
async fn undecodable_records_make_it_unready() {
    let journal = Arc::new(MemoryJournal::default());
    let server = TestServer::on(FaultyJournal::on(&journal), Settings::default()).await;
    server.put_rows(0..1).await;
    let before = server.get("/boards/main/flights").await.body;
    journal.append(vec![Bytes::from("{\"from\":\"the future\"}")]).await.unwrap();
    let refused = server.send("PUT", "/boards/main/flights/T1", json!({})).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{}", refused.body);
    let ready = server.get("/readyz").await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(ready.body.contains("record 3"), "{}", ready.body);
    assert_eq!(server.get("/boards/main/flights").await.body, before);
    let mut stream = server.stream("/events").await;
    assert_eq!(stream.event().await.unwrap().0, "timetable", "followers are admitted");
}
