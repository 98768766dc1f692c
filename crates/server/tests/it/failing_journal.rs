//! A journal that rejects updates for a while, as on a full disk. The server reports it even if
//! no update is published, keeps its followers, and recovers without a restart.

use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode};
use journal::Journal;
use serde_json::json;
use server::Settings;
use tokio::time::{Instant, timeout};
use tower::ServiceExt;

use crate::faulty_journal::FaultyJournal;
use crate::test_server::TestServer;

/// Far longer than any wait here. The tests pause the clock.
const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(start_paused = true)]
async fn idle_servers_detect_a_full_disk() {
    let disk = FaultyJournal::default();
    let server = TestServer::on(disk.clone(), Settings::default()).await;
    server.put_rows(0..1).await;
    let appends = disk.appends();
    let tail = disk.tail();
    disk.set_full(true);
    let noticed = server.wait_status("/readyz", StatusCode::SERVICE_UNAVAILABLE).await;
    assert!(noticed <= Duration::from_secs(17), "after {noticed:?}");
    let reason = server.get("/readyz").await.body;
    assert!(reason.contains("no space left for the journal flightboard.db"), "{reason}");

    tokio::time::sleep(HOUR).await;
    let mut stream = server.stream("/events").await;
    assert_eq!(stream.event().await.unwrap().0, "timetable", "followers are admitted");

    disk.set_full(false);
    let recovered = server.wait_status("/readyz", StatusCode::OK).await;
    assert!(recovered <= Duration::from_secs(2), "after {recovered:?}");
    assert_eq!((disk.appends(), disk.tail()), (appends, tail), "probes write no records");
    server.put_rows(1..2).await;
    assert_eq!(stream.event().await.unwrap().0, "flightAddition");
}

#[tokio::test(start_paused = true)]
async fn hanging_disk_gets_one_probe() {
    let disk = FaultyJournal::default();
    let server = TestServer::on(disk.clone(), Settings::default()).await;
    disk.set_stuck(true);
    let noticed = server.wait_status("/readyz", StatusCode::SERVICE_UNAVAILABLE).await;
    assert!(noticed <= Duration::from_secs(27), "after {noticed:?}");
    let reason = server.get("/readyz").await.body;
    assert!(reason.contains("the journal does not answer"), "{reason}");
    tokio::time::sleep(HOUR).await;
    assert_eq!(disk.probes(), 1, "probes do not queue up");
    disk.set_stuck(false);
    let recovered = server.wait_status("/readyz", StatusCode::OK).await;
    assert!(recovered <= Duration::from_secs(2), "after {recovered:?}");
}

#[tokio::test(start_paused = true)]
async fn probes_run_only_while_idle() {
    let disk = FaultyJournal::default();
    let server = TestServer::on(disk.clone(), Settings::default()).await;
    for number in 0..60 {
        server.put_rows(number..number + 1).await;
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    assert_eq!(disk.probes(), 0);
    tokio::time::sleep(Duration::from_secs(150)).await;
    assert!((8..=11).contains(&disk.probes()), "{} probes", disk.probes());
    server.app.engine().close().await;
    let probes = disk.probes();
    tokio::time::sleep(HOUR).await;
    assert_eq!(disk.probes(), probes, "no probes after close");
}

/// As after a panic of the journal's thread.
#[tokio::test(start_paused = true)]
async fn ended_journal_ends_the_server() {
    let disk = FaultyJournal::default();
    let server = TestServer::on(disk.clone(), Settings::default()).await;
    server.put_rows(0..1).await;
    let tail = disk.tail();
    disk.close().await;
    server.app.engine().journal_ended().await;
    let reason = server.get("/readyz").await.body;
    assert!(reason.contains("the journal ended unexpectedly"), "{reason}");
    let refused = server.send("PATCH", "/boards/main/flights/T0", json!({"gate": "B4"})).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.body.contains("Not written"), "{}", refused.body);
    assert_eq!(disk.tail(), tail);
}

#[tokio::test(start_paused = true)]
async fn closed_engine_is_no_failure() {
    let disk = FaultyJournal::default();
    let server = TestServer::on(disk.clone(), Settings::default()).await;
    server.app.engine().close().await;
    let ended = server.app.engine().journal_ended();
    assert!(tokio::time::timeout(HOUR, ended).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn expiries_wait_for_the_journal() {
    let disk = FaultyJournal::default();
    let server = TestServer::on(disk.clone(), Settings::default()).await;
    server.send("PUT", "/boards/main", json!({"removeAfter": {"landed": "0s"}})).await;
    server.put_rows(0..2).await;
    server.send("PATCH", "/boards/main/flights/T0", json!({"state": "landed"})).await;
    disk.set_full(true);
    let refused = server.send("PATCH", "/boards/main/flights/T1", json!({"gate": "B4"})).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.header("content-type"), "application/problem+json");
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("no space left") && detail.contains("retry later"), "{detail}");
    assert_eq!(server.get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);

    let appends = disk.appends();
    tokio::time::sleep(HOUR).await;
    assert_eq!(disk.appends(), appends, "expiries are not retried while the journal fails");
    assert_eq!(server.get("/boards/main").await.json()["flights"], 2);

    disk.set_full(false);
    server.wait_status("/readyz", StatusCode::OK).await;
    let start = Instant::now();
    while server.get("/boards/main").await.json()["flights"] != 1 {
        assert!(start.elapsed() < HOUR, "the row never expires");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let rows = server.get("/boards/main/flights").await.json();
    assert_eq!(rows["flights"], json!([{"flight": "T1", "origin": "Rome"}]));
}

/// A proxy may still look for the end of the request while the head of the answer arrives.
#[tokio::test(start_paused = true)]
async fn bulk_answers_wait_for_an_outcome() {
    let disk = FaultyJournal::default();
    let server = TestServer::on(disk.clone(), Settings::default()).await;
    disk.set_stuck(true);
    let request = Request::post("/boards/main/flights")
        .header("content-type", "application/x-ndjson")
        .body(Body::from(r#"{"event": "flightAddition", "data": {"flight": "BA117"}}"#))
        .unwrap();
    let mut answer = Box::pin(server::routes(server.app.clone()).oneshot(request));
    assert!(timeout(Duration::from_secs(1), &mut answer).await.is_err());
    disk.set_stuck(false);
    assert_eq!(answer.await.unwrap().status(), StatusCode::OK);
}
