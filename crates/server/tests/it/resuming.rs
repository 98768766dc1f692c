//! The start of a stream: all rows or the missed events, also after a restart.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use http::StatusCode;
use journal::{Journal, JournalOptions, MemoryJournal, Seq, SqliteJournal};
use serde_json::json;
use server::Settings;

use crate::faulty_journal::FaultyJournal;
use crate::test_server::{TestServer, TestStream};

/// Asserts that the next event is a `timetable` with this reason and number of rows.
async fn assert_timetable(stream: &mut TestStream, reason: &str, rows: usize) {
    let (event, id, data) = stream.event().await.unwrap();
    assert_eq!((event.as_str(), data["reason"].as_str()), ("timetable", Some(reason)));
    assert_eq!(data["flights"].as_array().unwrap().len(), rows);
    assert_eq!(data["board"]["name"], "main");
    assert!(!id.is_empty());
}

/// Asserts that the next events are exactly those of [`TestServer::put_rows`].
async fn assert_rows(stream: &mut TestStream, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let (event, _, data) = stream.event().await.unwrap();
        let flight = data["flight"].as_str();
        assert_eq!((event.as_str(), flight), ("flightAddition", Some(&*format!("T{number}"))));
    }
}

#[tokio::test]
async fn fresh_followers_get_a_timetable() {
    let server = TestServer::new().await;
    server.put_rows(0..3).await;
    let mut stream = server.stream("/events").await;
    assert_timetable(&mut stream, "start", 3).await;
    server.put_rows(3..5).await;
    assert_rows(&mut stream, 3..5).await;
}

#[tokio::test]
async fn resumed_followers_get_missed_events() {
    let server = TestServer::new().await;
    let seen = server.put_rows(0..10).await;
    let newest = server.put_rows(10..60).await;
    for mut stream in [
        server.resume("/events", &seen).await,
        server.stream(&format!("/boards/main/events?lastEventId={seen}")).await,
        server.resume(&format!("/events?lastEventId={newest}"), &seen).await,
    ] {
        assert_rows(&mut stream, 10..60).await;
        server.put_rows(60..61).await;
        assert_rows(&mut stream, 60..61).await;
        server.send("DELETE", "/boards/main/flights/T60", serde_json::json!(null)).await;
        assert_eq!(stream.event().await.unwrap().0, "flightRemoval");
    }
}

#[tokio::test]
async fn expired_ids_get_a_timetable() {
    let server = TestServer::with(Settings { window_bytes: 1_000, ..Settings::default() }).await;
    let seen = server.put_rows(0..1).await;
    server.put_rows(1..50).await;
    assert_timetable(&mut server.resume("/events", &seen).await, "expired", 50).await;
}

#[tokio::test]
async fn unknown_ids_get_a_timetable() {
    let server = TestServer::new().await;
    server.put_rows(0..1).await;
    server.send("PUT", "/boards/other", serde_json::json!({})).await;
    let [between, after] = ["T8", "T9"].map(|flight| format!("/boards/other/flights/{flight}"));
    let between = server.send("PUT", &between, serde_json::json!({})).await.event_id();
    let newest = server.put_rows(1..2).await;
    let after = server.send("PUT", &after, serde_json::json!({})).await.event_id();
    let other = TestServer::new().await.put_rows(0..2).await;
    let (epoch, seq) = newest.split_once('-').unwrap();
    let beyond = format!("{epoch}-{}", seq.parse::<u64>().unwrap() + 2);
    for id in ["nonsense", "-1", &beyond, &other, &between, &after, &"9".repeat(1_000)] {
        assert_timetable(&mut server.resume("/events", id).await, "unknown", 2).await;
    }
}

#[tokio::test]
async fn resuming_works_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.db");
    let open = || SqliteJournal::open(&file, JournalOptions::default()).unwrap();
    let server = TestServer::on(open(), Settings::default()).await;
    let seen = server.put_rows(0..10).await;
    server.put_rows(10..60).await;
    let before = server.get("/boards/main/flights").await.json();
    server.app.engine().close().await;

    let server = TestServer::on(open(), Settings::default()).await;
    assert_eq!(server.get("/boards/main/flights").await.json(), before, "rows and id");
    let mut stream = server.resume("/events", &seen).await;
    assert_rows(&mut stream, 10..60).await;
    let newest = server.put_rows(60..61).await;
    assert_rows(&mut stream, 60..61).await;
    assert_ne!(newest.split_once('-').unwrap().0, seen.split_once('-').unwrap().0, "a new epoch");
    assert_rows(&mut server.resume("/events", &seen).await, 10..61).await;
    server.app.engine().close().await;
}

/// Writes far more records than lie between two checkpoints, most of them for another board.
#[tokio::test]
async fn checkpoints_restore_rows_and_window() {
    const ROUNDS: u32 = 130;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.db");
    let open = || SqliteJournal::open(&file, JournalOptions::default()).unwrap();
    let settings = || Settings { window_bytes: 64 * 1024, ..Settings::default() };
    let server = TestServer::on(open(), settings()).await;
    server.send("PUT", "/boards/busy", serde_json::json!({})).await;
    server.put_rows(0..10).await;
    let mut seen = String::new();
    for round in 0..ROUNDS {
        // Before the last checkpoint, and still in the window of a quiet board.
        if round == ROUNDS / 2 {
            seen = server.put_rows(10..11).await;
            server.put_rows(11..15).await;
        }
        let row = |n: u32| {
            format!(r#"{{"event":"flightAddition","data":{{"flight":"B{n}","gate":"{round}"}}}}"#)
        };
        let lines: Vec<_> = (0..1_000).map(row).collect();
        let answer = server.send_lines("busy", &lines.join("\n")).await;
        assert!(!answer.body.contains("title"), "{}", answer.body);
    }
    let quiet = server.get("/boards/main").await.json()["id"].as_str().unwrap().to_owned();
    let busy = server.put_gate("busy", "B0", "x").await;
    server.put_gate("busy", "B1", "y").await;
    let before = server.get("/boards/busy/flights").await.body;
    server.app.engine().close().await;

    let journal = open();
    let start = journal.start_point().await.unwrap();
    assert!(
        start.is_some_and(|point| point.seq.0 > 0),
        "a start replays only the records after the checkpoint"
    );
    let server = TestServer::on(journal, settings()).await;
    assert_eq!(server.get("/boards/busy/flights").await.body, before);
    let (event, _, data) = server.resume("/boards/busy/events", &busy).await.event().await.unwrap();
    assert_eq!((event.as_str(), &data["gate"]), ("flightStateUpdate", &serde_json::json!("y")));
    assert_rows(&mut server.resume("/events", &seen).await, 11..15).await;
    let mut stream = server.resume("/events", &quiet).await;
    server.put_rows(15..16).await;
    assert_rows(&mut stream, 15..16).await;
    server.app.engine().close().await;
}

#[tokio::test]
async fn memory_journals_are_lost_on_exit() {
    let seen =
        TestServer::on(MemoryJournal::default(), Settings::default()).await.put_rows(0..1).await;
    let server = TestServer::new().await;
    assert_timetable(&mut server.resume("/events", &seen).await, "unknown", 0).await;
}

/// A journal forgets its oldest epochs once it has been opened many times.
#[tokio::test]
async fn forgotten_epochs_keep_the_rows() {
    let journal = Arc::new(MemoryJournal::default());
    let server = TestServer::on(FaultyJournal::on(&journal), Settings::default()).await;
    server.send("PUT", "/boards/gone", json!({})).await;
    server.send("DELETE", "/boards/gone", json!(null)).await;
    let before = server.put_rows(0..3).await;
    let forgetful = FaultyJournal::on(&journal);
    forgetful.forget_before(journal.tail().next());
    server.put_rows(3..4).await;
    let server = TestServer::on(forgetful, Settings::default()).await;
    let request = Request::get("/boards/gone/events").body(Body::empty()).unwrap();
    assert_eq!(server.open_stream(request).await.0, StatusCode::NO_CONTENT);
    let mut stream = server.resume("/events", &before).await;
    assert_timetable(&mut stream, "unknown", 4).await;
    server.put_rows(4..5).await;
    assert_rows(&mut stream, 4..5).await;
}

#[tokio::test]
async fn forgotten_ids_do_not_end_streams() {
    let journal = FaultyJournal::default();
    let server = TestServer::on(journal.clone(), Settings::default()).await;
    let seen = server.put_rows(0..1).await;
    let mut stream = server.stream("/events").await;
    assert_timetable(&mut stream, "start", 1).await;
    journal.forget_before(Seq(u64::MAX));
    server.send("PUT", "/boards/main/flights/T1", json!({})).await;
    let (event, id, _) = stream.event().await.unwrap();
    assert_eq!((event.as_str(), id), ("flightAddition", seen));
    server.send("DELETE", "/boards/main", json!(null)).await;
    assert_eq!(stream.event().await.unwrap().0, "closedConnection");
    assert_eq!(stream.event().await, None);
}
