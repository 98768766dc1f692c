//! Rows leave by themselves after a final state.

use std::time::Duration;

use journal::Clock;
use serde_json::json;

use crate::house::House;

#[tokio::test]
async fn a_landed_row_leaves_after_its_stay_and_not_before() {
    let house = House::new().await;
    house.send("PUT", "/boards/main", json!({"removeAfter": {"landed": "1s"}})).await;
    house.send("PUT", "/boards/main/flights/I768", json!({"state": "landing"})).await;
    house.send("PUT", "/boards/main/flights/G119", json!({"state": "departed"})).await;
    let mut stream = house.stream("/events").await;
    stream.event().await;
    // What is due is looked for each second. Between two looks one that comes too early is seen to.
    tokio::time::sleep(Duration::from_millis(200)).await;
    // By the clock of the records: another counts parts of a millisecond, too.
    let clock = Clock::default();
    let asked = clock.now();
    house.send("PATCH", "/boards/main/flights/I768", json!({"state": "landed"})).await;
    stream.event().await;
    let (event, _, data) = stream.event().await.unwrap();
    assert_eq!((event.as_str(), data), ("flightRemoval", json!({"flight": "I768"})));
    let stayed_millis = clock.now().0 - asked.0;
    assert!(stayed_millis >= 1_000, "it stayed for {stayed_millis} ms");
    assert_eq!(house.get("/boards/main").await.json()["flights"], 1);
}
