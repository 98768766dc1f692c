//! Updates that a replica refuses: without a record each, and never because it lacks an update of another replica.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::shared_journal::{AckMode, SharedJournal, two_servers};
use crate::test_server::TestServer;

/// Time in which a wrong server would have answered.
const WRONG_ANSWER_TIME: Duration = Duration::from_secs(1);

/// Sends `count` patches of a row that does not exist, all at once. Returns the statuses.
async fn patch_missing_row(server: &TestServer, count: usize) -> Vec<StatusCode> {
    let mut requests = JoinSet::new();
    for _ in 0..count {
        let server = TestServer { app: server.app.clone() };
        requests.spawn(async move {
            server.send("PATCH", "/boards/main/flights/GHOST", json!({"gate": "1"})).await.status
        });
    }
    requests.join_all().await
}

fn records_of_missing_row(journal: &SharedJournal) -> usize {
    journal.written("GHOST")
}

#[tokio::test(start_paused = true)]
async fn refused_updates_share_records() {
    let (journal, [one, _other]) = two_servers().await;
    let start = Instant::now();
    for _ in 0..10 {
        let statuses = patch_missing_row(&one, 200).await;
        assert!(statuses.iter().all(|status| *status == StatusCode::NOT_FOUND), "{statuses:?}");
    }
    let most = 2 + start.elapsed().as_millis() as usize / 50;
    let records = records_of_missing_row(&journal);
    assert!((10..=most).contains(&records), "{records} records, {most} expected");
    assert!(most < 100, "2,000 patches took {:?}", start.elapsed());
}

#[tokio::test]
async fn refused_lines_share_records() {
    let (journal, [one, _other]) = two_servers().await;
    let patch = r#"{"event":"flightStateUpdate","data":{"flight":"GHOST","gate":"1"}}"#;
    let put = |number| format!(r#"{{"event":"flightAddition","data":{{"flight":"F{number}"}}}}"#);
    let lines = (0..500).map(|number| format!("{patch}\n{}", put(number)));
    let answer = one.send_lines("main", &lines.collect::<Vec<_>>().join("\n")).await;
    let outcomes = answer.body.lines().map(|line| line.contains(r#""status":200"#));
    let expected = [false, true].into_iter().cycle().take(1_000);
    assert!(outcomes.eq(expected), "{}", answer.body);
    assert_eq!(journal.written("\"F4"), 111, "F4, F40 to F49, and F400 to F499");
    let records = records_of_missing_row(&journal);
    assert!((1..=10).contains(&records), "one for each turn: {records}");
}

#[tokio::test(start_paused = true)]
async fn refusals_know_acknowledged_updates() {
    let (journal, [one, other]) = two_servers().await;
    // The first server reads the journal late.
    journal.held.send_replace(true);
    let put = other.send("PUT", "/boards/main/flights/GHOST", json!({})).await;
    assert_eq!(put.status, StatusCode::CREATED, "{}", put.body);
    let patches = patch_missing_row(&one, 3);
    let (statuses, ()) = tokio::join!(patches, async {
        tokio::time::sleep(WRONG_ANSWER_TIME).await;
        journal.held.send_replace(false);
    });
    assert_eq!(statuses, [StatusCode::OK; 3]);
}

#[tokio::test(start_paused = true)]
async fn new_boards_are_known() {
    let (journal, [one, other]) = two_servers().await;
    journal.held.send_replace(true);
    let opened = other.send("PUT", "/boards/new", json!({})).await;
    assert_eq!(opened.status, StatusCode::CREATED, "{}", opened.body);
    let put = one.send("PUT", "/boards/new/flights/I768", json!({}));
    let (put, ()) = tokio::join!(put, async {
        tokio::time::sleep(WRONG_ANSWER_TIME).await;
        journal.held.send_replace(false);
    });
    assert_eq!(put.status, StatusCode::CREATED, "{}", put.body);
    let put = one.send("PUT", "/boards/none/flights/I768", json!({})).await;
    assert_eq!(put.status, StatusCode::NOT_FOUND, "{}", put.body);
}

#[tokio::test(start_paused = true)]
async fn lines_are_judged_in_order() {
    let (_journal, [one, other]) = two_servers().await;
    let gate = |flight: &str, gate: &str| {
        json!({"event": "flightStateUpdate", "data": {"flight": flight, "gate": gate}}).to_string()
    };
    let put = json!({"event": "flightAddition", "data": {"flight": "GHOST"}}).to_string();
    // The first line is refused, though the second adds its row.
    let lines = [gate("GHOST", "1"), put, gate("GHOST", "2"), gate("NONE", "3")].join("\n");
    let answer = one.send_lines("main", &lines).await;
    let statuses: Vec<_> =
        ["404", "200", "200", "404"].iter().map(|it| format!("\"status\":{it}")).collect();
    for (line, status) in answer.body.lines().zip(statuses) {
        assert!(line.contains(&status), "{}", answer.body);
    }
    let row = other.get("/boards/main/flights/GHOST").await;
    assert_eq!(row.json()["gate"], "2");
}

#[tokio::test(start_paused = true)]
async fn unknown_barriers_answer_all() {
    let (journal, [one, _other]) = two_servers().await;
    journal.set_acks(AckMode::AppendLost);
    let start = Instant::now();
    let statuses = patch_missing_row(&one, 100).await;
    assert_eq!(statuses, [StatusCode::SERVICE_UNAVAILABLE; 100]);
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    journal.set_acks(AckMode::Sent);
    assert_eq!(patch_missing_row(&one, 1).await, [StatusCode::NOT_FOUND]);
}
