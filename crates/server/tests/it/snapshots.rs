//! Snapshots are consistent while updates are published.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::test_server::TestServer;

/// Enough that snapshots are taken at every point of an update.
const UPDATES: u64 = 3_000;

const FOLLOWERS: usize = 3;

/// Reconnects until the last update, and checks that no number is missing after each timetable.
async fn follow(server: Arc<TestServer>) {
    let number = |row: &Value| row["gate"].as_str().unwrap().parse::<u64>().unwrap();
    loop {
        let mut stream = server.stream("/events").await;
        let (event, _, timetable) = stream.event().await.unwrap();
        assert_eq!(event, "timetable");
        let at = number(&timetable["flights"][0]);
        if at == UPDATES {
            return;
        }
        let (_, _, next) = stream.event().await.unwrap();
        assert_eq!(number(&next), at + 1, "the next event continues the timetable");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn timetables_and_events_are_contiguous() {
    let server = Arc::new(TestServer::new().await);
    server.send("PUT", "/boards/main/flights/I768", json!({ "gate": "0" })).await;
    let followers = [(); FOLLOWERS].map(|()| tokio::spawn(follow(Arc::clone(&server))));
    for gate in 1..=UPDATES {
        let gate = json!({ "gate": gate.to_string() });
        let answer = server.send("PATCH", "/boards/main/flights/I768", gate).await;
        assert!(answer.status.is_success(), "{}", answer.body);
    }
    for follower in followers {
        follower.await.unwrap();
    }
}
