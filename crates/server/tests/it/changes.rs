//! `GET /boards/{board}/changes`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::extract::Request;
use http::StatusCode;
use journal::{Clock, JournalOptions, MemoryJournal, UnixMillis};
use serde_json::{Value, json};
use server::Settings;

use crate::private_boards::TokenFile;
use crate::test_server::{TestResponse, TestServer};

/// A server whose records are a second apart.
pub(crate) async fn ticking_server(settings: Settings) -> TestServer {
    TestServer::on(MemoryJournal::new(ticking_options()), settings).await
}

/// Options of a journal whose records are a second apart.
pub(crate) fn ticking_options() -> JournalOptions {
    let an_hour_ago = SystemTime::now() - Duration::from_secs(60 * 60);
    let now = Arc::new(AtomicU64::new(UnixMillis::from(an_hour_ago).0));
    let clock = Clock::new(move || UnixMillis(now.fetch_add(1_000, Ordering::Relaxed)));
    JournalOptions { clock, ..JournalOptions::default() }
}

fn changes(answer: &TestResponse) -> Vec<Value> {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()["changes"].as_array().unwrap().clone()
}

#[tokio::test]
async fn fields_have_both_values() {
    let server = TestServer::new().await;
    server.send("PUT", "/boards/main/flights/BA117", json!({ "gate": "B4" })).await;
    let patch = json!({ "gate": "B7", "state": "boarding" });
    let id = server.send("PATCH", "/boards/main/flights/BA117", patch).await.event_id();
    server.send("DELETE", "/boards/main/flights/BA117", Value::Null).await;
    let listed = changes(&server.get("/boards/main/changes").await);
    let events: Vec<_> = listed.iter().map(|change| change["event"].clone()).collect();
    let expected = ["flightRemoval", "flightStateUpdate", "flightAddition", "boardUpdate"];
    assert_eq!(events, expected);
    assert_eq!(listed[1]["id"], id);
    assert_eq!(listed[1]["flight"], json!({ "flight": "BA117" }));
    let fields = json!({
        "gate": { "from": "B4", "to": "B7" },
        "state": { "from": null, "to": "boarding" },
    });
    assert_eq!(listed[1]["fields"], fields);
    let removed = json!({
        "gate": { "from": "B7", "to": null },
        "state": { "from": "boarding", "to": null },
    });
    assert_eq!(listed[0]["fields"], removed);
    assert_eq!(listed[2]["fields"], json!({ "gate": { "from": null, "to": "B4" } }));
    assert!(listed[1].get("publisher").is_none() && listed[1].get("feed").is_none());
    assert!(listed[3].get("flight").is_none());
}

#[tokio::test]
async fn cursors_lead_through_all() {
    let server = TestServer::new().await;
    server.put_rows(0..25).await;
    for order in ["newest", "oldest"] {
        let whole =
            changes(&server.get(&format!("/boards/main/changes?order={order}&limit=1000")).await);
        assert_eq!(whole.len(), 26);
        let mut collected = Vec::new();
        let mut path = format!("/boards/main/changes?order={order}&limit=10");
        loop {
            let answer = server.get(&path).await;
            collected.extend(changes(&answer));
            let Some(next) = answer.json()["next"].as_str().map(str::to_owned) else { break };
            let link = format!("<?order={order}&limit=10&cursor={next}>; rel=\"next\"");
            assert_eq!(answer.header("link"), link);
            path = format!("/boards/main/changes?order={order}&limit=10&cursor={next}");
        }
        assert_eq!(collected, whole, "{order}");
    }
}

#[tokio::test]
async fn times_and_flights_filter() {
    let server = ticking_server(Settings::default()).await;
    for (flight, date) in [("BA117", "2026-11-22"), ("BA117", "2026-11-23"), ("LH1", "2026-11-22")]
    {
        let path = format!("/boards/main/flights/{flight}?date={date}");
        server.send("PUT", &path, json!({ "gate": "1" })).await;
    }
    let listed = changes(&server.get("/boards/main/changes?order=oldest").await);
    let time = |index: usize| listed[index]["time"].as_str().unwrap().to_owned();
    let path = format!("/boards/main/changes?order=oldest&from={}&to={}", time(1), time(3));
    assert_eq!(changes(&server.get(&path).await), listed[1..3]);
    let path = "/boards/main/changes?order=oldest&flight=BA117";
    assert_eq!(changes(&server.get(path).await), listed[1..3]);
    let path = "/boards/main/changes?flight=BA117&date=2026-11-23";
    assert_eq!(changes(&server.get(path).await), listed[2..3]);
    let path = format!("/boards/main/changes?from={}", "2300-01-01T00:00:00Z");
    assert_eq!(changes(&server.get(&path).await), [] as [Value; 0]);
}

#[tokio::test]
async fn json_lines_have_the_same_changes() {
    let server = TestServer::new().await;
    server.put_rows(0..3).await;
    let listed = changes(&server.get("/boards/main/changes?limit=2").await);
    let request = Request::get("/boards/main/changes?limit=2");
    let request = request.header("accept", "application/x-ndjson").body(Body::empty()).unwrap();
    let answer = server.request(request).await;
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    let lines: Vec<Value> =
        answer.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, listed);
    assert!(answer.header("link").contains("rel=\"next\""));
}

#[tokio::test]
async fn bad_parameters_are_named() {
    let server = TestServer::new().await;
    for (query, field) in [
        ("from=yesterday", "from"),
        ("to=2026-11-22", "to"),
        ("from=2300-01-02T00:00:00Z&to=2300-01-01T00:00:00Z", "to"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=x", "limit"),
        ("order=sideways", "order"),
        ("cursor=00000000-1", "cursor"),
        ("cursor=x", "cursor"),
        ("date=2026-11-22", "date"),
        ("leg=2", "leg"),
        ("flight=%00", "flight"),
        ("flight=BA117&date=x", "date"),
        ("limit=1&limit=2", "limit"),
        ("colour=red", "query"),
    ] {
        let answer = server.get(&format!("/boards/main/changes?{query}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(answer.json()["field"], field, "{query}");
    }
    assert_eq!(server.get("/boards/none/changes").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn too_old_times_are_gone() {
    let server = TestServer::new().await;
    let first = changes(&server.get("/boards/main/changes?order=oldest").await).remove(0);
    for query in ["from=2001-01-01T00:00:00Z", "to=2001-01-01T00:00:00Z"] {
        let answer = server.get(&format!("/boards/main/changes?{query}")).await;
        assert_eq!(answer.status, StatusCode::GONE);
        assert_eq!(answer.json()["oldest"], first["time"]);
    }
    let path = format!("/boards/main/changes?from={}", first["time"].as_str().unwrap());
    assert_eq!(changes(&server.get(&path).await), [first]);
}

#[tokio::test]
async fn publishers_see_names() {
    let tokens = TokenFile::new();
    let server = TestServer::with(tokens.settings()).await;
    tokens.publish(&server, "PUT", "/boards/main/flights/BA117", json!({ "gate": "B4" })).await;
    let path = "/boards/main/changes?limit=1";
    let seen = changes(&server.get_as(path, &tokens.publisher).await);
    assert_eq!(seen[0]["publisher"], "someone");
    let public = server.get(path).await;
    assert!(changes(&public)[0].get("publisher").is_none());
    let follower = server.get_as(path, &tokens.follower).await;
    assert!(changes(&follower)[0].get("publisher").is_none());
    assert!(follower.header("cache-control").contains("private"));
}

#[tokio::test]
async fn private_times_stay_private() {
    let tokens = TokenFile::new();
    let server = TestServer::with(tokens.settings()).await;
    let open = |title: &str, private: bool| json!({ "title": title, "private": private });
    tokens.publish(&server, "PUT", "/boards/hall", open("Secret", true)).await;
    tokens.publish(&server, "PUT", "/boards/hall/flights/X1", json!({ "gate": "1" })).await;
    assert_eq!(server.get("/boards/hall/changes").await.status, StatusCode::UNAUTHORIZED);
    let stranger = server.get_as("/boards/hall/changes", &tokens.stranger).await;
    assert_eq!(stranger.status, StatusCode::FORBIDDEN);
    assert_eq!(changes(&server.get_as("/boards/hall/changes", &tokens.follower).await).len(), 2);
    // A millisecond later: changes of the same one as the event that opens the board could not be told apart by time.
    tokio::time::sleep(Duration::from_millis(2)).await;
    tokens.publish(&server, "PUT", "/boards/hall", open("Open", false)).await;
    tokens.publish(&server, "PUT", "/boards/hall/flights/X2", json!({ "gate": "2" })).await;
    let public = server.get("/boards/hall/changes").await;
    assert_eq!(changes(&public).len(), 1, "{}", public.body);
    assert!(!public.body.contains("Secret"));
    let all = changes(&server.get_as("/boards/hall/changes", &tokens.publisher).await);
    assert_eq!(all.len(), 4);
    for hidden in &all[2..] {
        let time = hidden["time"].as_str().unwrap();
        let id = hidden["id"].as_str().unwrap();
        for query in [
            format!("changes?from={time}"),
            format!("flights?at={time}"),
            format!("flights?at={id}"),
        ] {
            let answer = server.get(&format!("/boards/hall/{query}")).await;
            assert_eq!(answer.status, StatusCode::GONE, "{query}");
            assert_eq!(answer.json()["oldest"], all[1]["time"]);
        }
    }
}
