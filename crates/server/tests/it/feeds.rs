//! Boards that a feed fills: their source, and what the feed leaves alone.

use std::time::{Duration, Instant};

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::test_server::TestServer;

/// Longer than a server needs to mark a source as late.
const LATENESS_TIMEOUT: Duration = Duration::from_secs(60);

fn source(status: &str) -> Value {
    json!({"name": "Oslo", "attribution": "Data from Oslo", "link": "https://oslo.example",
        "lastAnswer": "2026-11-22T10:00:00Z", "status": status})
}

async fn put_source(server: &TestServer, source: &Value) -> Value {
    let line = json!({"event": "sourceUpdate", "data": source, "feed": true});
    serde_json::from_str(&server.send_lines("main", &line.to_string()).await.body).unwrap()
}

#[tokio::test]
async fn boards_show_their_source() {
    let server = TestServer::new().await;
    server.send("PUT", "/boards/main/flights/I768", json!({})).await;
    let before = server.get("/boards/main/flights").await.header("etag").to_owned();
    let mut stream = server.stream("/events").await;
    let (_, _, timetable) = stream.event().await.unwrap();
    assert_eq!(timetable["board"].get("source"), None);

    let outcome = put_source(&server, &source("current")).await;
    assert_eq!(outcome["status"], 200);
    let (event, id, data) = stream.event().await.unwrap();
    assert_eq!((&*event, &data), ("sourceUpdate", &source("current")));
    assert_eq!(json!(id), outcome["id"]);
    let rows = server.get("/boards/main/flights").await;
    assert_ne!(rows.header("etag"), before, "it is another version");
    assert_eq!(rows.json()["board"]["source"], source("current"));
    assert_eq!(server.get("/boards/main").await.json()["source"], source("current"));
    assert_eq!(server.get("/boards").await.json()["boards"][0]["source"], source("current"));
    let (_, _, timetable) = server.stream("/events").await.event().await.unwrap();
    assert_eq!(timetable["board"]["source"], source("current"));
    assert_eq!(put_source(&server, &source("current")).await["id"], outcome["id"], "no event");

    server.send("PUT", "/boards/main", json!({"note": "Snow"})).await;
    let (event, _, data) = stream.event().await.unwrap();
    assert_eq!((&*event, data.get("source")), ("boardUpdate", None));
    assert_eq!(server.get("/boards/main").await.json()["source"], source("current"), "it stays");

    put_source(&server, &Value::Null).await;
    let (event, _, data) = stream.event().await.unwrap();
    assert_eq!((&*event, data), ("sourceUpdate", Value::Null));
    assert_eq!(server.get("/boards/main").await.json().get("source"), None);
}

#[tokio::test]
async fn late_source_keeps_rows_and_readiness() {
    let server = TestServer::new().await;
    server.send("PUT", "/boards/main/flights/I768", json!({"state": "landing"})).await;
    let mut late = source("current");
    late["lastAnswer"] = json!(format!("{:.0}", Timestamp::now()));
    late["lateAfter"] = json!(1);
    put_source(&server, &late).await;
    let start = Instant::now();
    while server.get("/boards/main").await.json()["source"]["status"] != "late" {
        assert!(start.elapsed() < LATENESS_TIMEOUT, "it is late");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(server.get("/readyz").await.status, StatusCode::OK);
    let rows = server.get("/boards/main/flights").await.json();
    assert_eq!(rows["flights"][0]["state"], "landing");
    assert_eq!(rows["board"]["source"]["lastAnswer"], late["lastAnswer"]);
    put_source(&server, &late).await;
    assert_eq!(put_source(&server, &late).await["status"], 200, "it may answer again");
}

#[tokio::test]
async fn feed_lines_leave_held_fields_alone() {
    let server = TestServer::new().await;
    let held = json!({"gate": "B7", "state": "boarding", "held": ["gate"]});
    server.send("PUT", "/boards/main/flights/SK1", held).await;
    let lines = [
        json!({"event": "flightStateUpdate", "data": {"flight": "SK1", "gate": "1", "state": "departed"}, "feed": true}),
        json!({"event": "flightStateUpdate", "data": {"flight": "SK1", "belt": "5"}, "feed": false}),
    ];
    server.send_lines("main", &lines.map(|line| line.to_string()).join("\n")).await;
    let row = server.get("/boards/main/flights/SK1").await.json();
    let expected =
        json!({"flight": "SK1", "gate": "B7", "belt": "5", "state": "departed", "held": ["gate"]});
    assert_eq!(row, expected);
    server.send("PATCH", "/boards/main/flights/SK1", json!({"held": ["flight"]})).await;
    let removal = json!({"event": "flightRemoval", "data": {"flight": "SK1"}, "feed": true});
    let outcome: Value =
        serde_json::from_str(&server.send_lines("main", &removal.to_string()).await.body).unwrap();
    assert_eq!(outcome["status"], 200);
    assert_eq!(server.get("/boards/main/flights/SK1").await.status, StatusCode::OK);
}

#[tokio::test]
async fn metrics_have_age_and_status() {
    let server = TestServer::new().await;
    let metrics = server.app.engine().metrics();
    metrics.watch_feed("oslo", || engine::FeedFigures {
        full_answers: 3,
        failed_answers: 1,
        changes: 7,
        refused_rows: 2,
        budget_left: Some(41),
        ..engine::FeedFigures::default()
    });
    put_source(&server, &source("failing")).await;
    let text = server.get("/metrics").await.body;
    for line in [
        r#"flightboard_source_status{board="main",status="failing"} 1"#,
        r#"flightboard_source_status{board="main",status="current"} 0"#,
        r#"flightboard_feed_answers_total{feed="oslo",outcome="full"} 3"#,
        r#"flightboard_feed_answers_total{feed="oslo",outcome="failed"} 1"#,
        r#"flightboard_feed_answers_total{feed="oslo",outcome="unchanged"} 0"#,
        r#"flightboard_feed_changes_total{feed="oslo"} 7"#,
        r#"flightboard_feed_refused_rows_total{feed="oslo"} 2"#,
        r#"flightboard_feed_budget_left{feed="oslo"} 41"#,
    ] {
        assert!(text.contains(&format!("{line}\n")), "{line}: {text}");
    }
    let age = text.split(r#"flightboard_source_age_seconds{board="main"} "#).nth(1).unwrap();
    let age: i64 = age.lines().next().unwrap().parse().unwrap();
    let answered: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
    let elapsed = Timestamp::now().duration_since(answered).as_secs();
    assert!((elapsed - 60..=elapsed).contains(&age), "{age}");
    put_source(&server, &Value::Null).await;
    assert!(!server.get("/metrics").await.body.contains("flightboard_source_age_seconds{"));
}
