//! A snapshot is of one moment, whatever is published while it is made.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::house::House;

/// So often that snapshots are made in all moments between two updates.
const UPDATES: u64 = 3_000;

const FOLLOWERS: usize = 3;

/// Comes again and again, and sees each number after the one before, until the last.
async fn follow(house: Arc<House>) {
    let number = |row: &Value| row["gate"].as_str().unwrap().parse::<u64>().unwrap();
    loop {
        let mut stream = house.stream("/events").await;
        let (event, _, timetable) = stream.event().await.unwrap();
        assert_eq!(event, "timetable");
        let at = number(&timetable["flights"][0]);
        if at == UPDATES {
            return;
        }
        let (_, _, next) = stream.event().await.unwrap();
        assert_eq!(number(&next), at + 1, "what comes after the timetable goes on from it");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_event_falls_between_a_timetable_and_what_comes_after_it() {
    let house = Arc::new(House::new().await);
    house.send("PUT", "/boards/main/flights/I768", json!({ "gate": "0" })).await;
    let followers = [(); FOLLOWERS].map(|()| tokio::spawn(follow(Arc::clone(&house))));
    for gate in 1..=UPDATES {
        let gate = json!({ "gate": gate.to_string() });
        let answer = house.send("PATCH", "/boards/main/flights/I768", gate).await;
        assert!(answer.status.is_success(), "{}", answer.body);
    }
    for follower in followers {
        follower.await.unwrap();
    }
}
