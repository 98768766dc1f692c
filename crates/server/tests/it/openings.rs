//! The three openings of a stream, also after a restart.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use http::StatusCode;
use journal::{Journal, JournalOptions, MemoryJournal, Seq, SqliteJournal};
use serde_json::json;
use server::Settings;

use crate::house::{House, Stream};
use crate::shared::Shared;

/// The next event is a `timetable` for this reason, with so many rows.
async fn is_timetable(stream: &mut Stream, reason: &str, rows: usize) {
    let (event, id, data) = stream.event().await.unwrap();
    assert_eq!((event.as_str(), data["reason"].as_str()), ("timetable", Some(reason)));
    assert_eq!(data["flights"].as_array().unwrap().len(), rows);
    assert_eq!(data["board"]["name"], "main");
    assert!(!id.is_empty());
}

/// The next events are those of the rows that [`House::put_rows`] put, and no others.
async fn are_rows(stream: &mut Stream, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let (event, _, data) = stream.event().await.unwrap();
        let flight = data["flight"].as_str();
        assert_eq!((event.as_str(), flight), ("flightAddition", Some(&*format!("T{number}"))));
    }
}

#[tokio::test]
async fn without_an_id_all_rows_then_live() {
    let house = House::new().await;
    house.put_rows(0..3).await;
    let mut stream = house.stream("/events").await;
    is_timetable(&mut stream, "start", 3).await;
    house.put_rows(3..5).await;
    are_rows(&mut stream, 3..5).await;
}

#[tokio::test]
async fn with_an_id_in_the_window_exactly_what_was_missed() {
    let house = House::new().await;
    let seen = house.put_rows(0..10).await;
    let newest = house.put_rows(10..60).await;
    for mut stream in [
        house.resume("/events", &seen).await,
        house.stream(&format!("/boards/main/events?lastEventId={seen}")).await,
        house.resume(&format!("/events?lastEventId={newest}"), &seen).await,
    ] {
        are_rows(&mut stream, 10..60).await;
        house.put_rows(60..61).await;
        are_rows(&mut stream, 60..61).await;
        house.send("DELETE", "/boards/main/flights/T60", serde_json::json!(null)).await;
        assert_eq!(stream.event().await.unwrap().0, "flightRemoval");
    }
}

#[tokio::test]
async fn with_an_id_that_the_window_has_passed_all_rows() {
    let house = House::with(Settings { window_bytes: 1_000, ..Settings::default() }).await;
    let seen = house.put_rows(0..1).await;
    house.put_rows(1..50).await;
    is_timetable(&mut house.resume("/events", &seen).await, "expired", 50).await;
}

#[tokio::test]
async fn with_an_id_that_is_none_of_the_boards_all_rows() {
    let house = House::new().await;
    house.put_rows(0..1).await;
    house.send("PUT", "/boards/other", serde_json::json!({})).await;
    let [between, after] = ["T8", "T9"].map(|flight| format!("/boards/other/flights/{flight}"));
    let between = house.send("PUT", &between, serde_json::json!({})).await.event_id();
    let newest = house.put_rows(1..2).await;
    let after = house.send("PUT", &after, serde_json::json!({})).await.event_id();
    let other = House::new().await.put_rows(0..2).await;
    let (epoch, seq) = newest.split_once('-').unwrap();
    let beyond = format!("{epoch}-{}", seq.parse::<u64>().unwrap() + 2);
    for id in ["nonsense", "-1", &beyond, &other, &between, &after, &"9".repeat(1_000)] {
        is_timetable(&mut house.resume("/events", id).await, "unknown", 2).await;
    }
}

#[tokio::test]
async fn after_a_restart_resuming_works_before_the_first_publish() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.db");
    let open = || SqliteJournal::open(&file, JournalOptions::default()).unwrap();
    let house = House::on(open(), Settings::default()).await;
    let seen = house.put_rows(0..10).await;
    house.put_rows(10..60).await;
    let before = house.get("/boards/main/flights").await.json();
    house.app.engine().close().await;

    let house = House::on(open(), Settings::default()).await;
    assert_eq!(house.get("/boards/main/flights").await.json(), before, "rows and id");
    let mut stream = house.resume("/events", &seen).await;
    are_rows(&mut stream, 10..60).await;
    let newest = house.put_rows(60..61).await;
    are_rows(&mut stream, 60..61).await;
    assert_ne!(newest.split_once('-').unwrap().0, seen.split_once('-').unwrap().0, "a new epoch");
    are_rows(&mut house.resume("/events", &seen).await, 10..61).await;
    house.app.engine().close().await;
}

/// Far more records than lie between two checkpoints, most of them of another board.
#[tokio::test]
async fn a_restart_from_a_checkpoint_has_all_rows_and_the_window() {
    const ROUNDS: u32 = 130;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.db");
    let open = || SqliteJournal::open(&file, JournalOptions::default()).unwrap();
    let settings = || Settings { window_bytes: 64 * 1024, ..Settings::default() };
    let house = House::on(open(), settings()).await;
    house.send("PUT", "/boards/busy", serde_json::json!({})).await;
    house.put_rows(0..10).await;
    let mut seen = String::new();
    for round in 0..ROUNDS {
        // Before the last checkpoint, and still in the window of a board where little happens.
        if round == ROUNDS / 2 {
            seen = house.put_rows(10..11).await;
            house.put_rows(11..15).await;
        }
        let row = |n: u32| {
            format!(r#"{{"event":"flightAddition","data":{{"flight":"B{n}","gate":"{round}"}}}}"#)
        };
        let lines: Vec<_> = (0..1_000).map(row).collect();
        let answer = house.send_lines("busy", &lines.join("\n")).await;
        assert!(!answer.body.contains("title"), "{}", answer.body);
    }
    let quiet = house.get("/boards/main").await.json()["id"].as_str().unwrap().to_owned();
    let busy = house.put_gate("busy", "B0", "x").await;
    house.put_gate("busy", "B1", "y").await;
    let before = house.get("/boards/busy/flights").await.body;
    house.app.engine().close().await;

    let journal = open();
    let start = journal.start_point().await.unwrap();
    assert!(start.is_some_and(|point| point.seq.0 > 0), "a start does not replay everything");
    let house = House::on(journal, settings()).await;
    assert_eq!(house.get("/boards/busy/flights").await.body, before);
    let (event, _, data) = house.resume("/boards/busy/events", &busy).await.event().await.unwrap();
    assert_eq!((event.as_str(), &data["gate"]), ("flightStateUpdate", &serde_json::json!("y")));
    are_rows(&mut house.resume("/events", &seen).await, 11..15).await;
    let mut stream = house.resume("/events", &quiet).await;
    house.put_rows(15..16).await;
    are_rows(&mut stream, 15..16).await;
    house.app.engine().close().await;
}

#[tokio::test]
async fn a_memory_journal_forgets_with_its_server() {
    let seen = House::on(MemoryJournal::default(), Settings::default()).await.put_rows(0..1).await;
    let house = House::new().await;
    is_timetable(&mut house.resume("/events", &seen).await, "unknown", 0).await;
}

/// Ids are forgotten when a journal was opened very often since.
#[tokio::test]
async fn boards_are_the_same_where_ids_of_their_history_are_forgotten() {
    let journal = Arc::new(MemoryJournal::default());
    let house = House::on(Shared::new(&journal), Settings::default()).await;
    house.send("PUT", "/boards/gone", json!({})).await;
    house.send("DELETE", "/boards/gone", json!(null)).await;
    let before = house.put_rows(0..3).await;
    let forgetful = Shared::new(&journal);
    forgetful.forget_before(journal.tail().next());
    house.put_rows(3..4).await;
    let house = House::on(forgetful, Settings::default()).await;
    let request = Request::get("/boards/gone/events").body(Body::empty()).unwrap();
    assert_eq!(house.follow(request).await.0, StatusCode::NO_CONTENT);
    let mut stream = house.resume("/events", &before).await;
    is_timetable(&mut stream, "unknown", 4).await;
    house.put_rows(4..5).await;
    are_rows(&mut stream, 4..5).await;
}

#[tokio::test]
async fn followers_stay_where_the_id_of_an_event_is_forgotten() {
    let journal = Shared::new(&Arc::default());
    let house = House::on(journal.clone(), Settings::default()).await;
    let seen = house.put_rows(0..1).await;
    let mut stream = house.stream("/events").await;
    is_timetable(&mut stream, "start", 1).await;
    journal.forget_before(Seq(u64::MAX));
    house.send("PUT", "/boards/main/flights/T1", json!({})).await;
    let (event, id, _) = stream.event().await.unwrap();
    assert_eq!((event.as_str(), id), ("flightAddition", seen));
    house.send("DELETE", "/boards/main", json!(null)).await;
    assert_eq!(stream.event().await.unwrap().0, "closedConnection");
    assert_eq!(stream.event().await, None);
}
