//! Rows expire some time after a final state.

use std::time::Duration;

use journal::Clock;
use serde_json::json;

use crate::test_server::TestServer;

#[tokio::test]
async fn landed_rows_expire_in_time() {
    let server = TestServer::new().await;
    server.send("PUT", "/boards/main", json!({"removeAfter": {"landed": "1s"}})).await;
    server.send("PUT", "/boards/main/flights/I768", json!({"state": "landing"})).await;
    server.send("PUT", "/boards/main/flights/G119", json!({"state": "departed"})).await;
    let mut stream = server.stream("/events").await;
    stream.event().await;
    // The engine looks for expired rows each second. Starting between two looks shows an early removal.
    tokio::time::sleep(Duration::from_millis(200)).await;
    // The clock of the records, which counts whole milliseconds.
    let clock = Clock::default();
    let landed_at = clock.now();
    server.send("PATCH", "/boards/main/flights/I768", json!({"state": "landed"})).await;
    stream.event().await;
    let (event, _, data) = stream.event().await.unwrap();
    assert_eq!((event.as_str(), data), ("flightRemoval", json!({"flight": "I768"})));
    let row_age_millis = clock.now().0 - landed_at.0;
    assert!(row_age_millis >= 1_000, "it expired after {row_age_millis} ms");
    assert_eq!(server.get("/boards/main").await.json()["flights"], 1);
}
