//! The stream to the letter: head, bytes, heartbeats, endings.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use http::{StatusCode, Version};
use serde_json::{Value, json};
use server::Settings;

use crate::house::House;

fn get(path: &str) -> Request {
    Request::get(path).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn the_head() {
    let house = House::new().await;
    let (status, headers, _stream) = house.follow(get("/events")).await;
    assert_eq!(status, StatusCode::OK);
    let expected = [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-cache, no-transform"),
        ("x-accel-buffering", "no"),
        ("connection", "keep-alive"),
    ];
    for (name, value) in expected {
        assert_eq!(headers[name], value, "{name}");
    }
    assert!(!headers.contains_key("access-control-allow-origin") && !headers.contains_key("etag"));
    let mut http2 = get("/events");
    *http2.version_mut() = Version::HTTP_2;
    assert!(!house.follow(http2).await.1.contains_key("connection"));
}

#[tokio::test]
async fn the_bytes() {
    let house = House::new().await;
    let id = house.put_rows(1..2).await;
    let mut stream = house.stream("/events").await;
    let retry = stream.bytes().await.unwrap();
    let millis: u64 = retry.strip_prefix("retry: ").unwrap().trim_end().parse().unwrap();
    assert!((1_000..=5_000).contains(&millis) && retry.ends_with("\n\n"), "{retry:?}");
    let timetable = stream.bytes().await.unwrap();
    let board = r#"{"name":"main","title":"Arrivals","kind":"arrivals","timeZone":"UTC","removeAfter":{"landed":"30m","at gate":"30m","baggage":"30m","departed":"15m","cancelled":"30m","diverted":"30m"}}"#;
    let rows = r#"[{"flight":"T1","origin":"Rome"}]"#;
    let data = format!(r#"{{"board":{board},"reason":"start","flights":{rows}}}"#);
    assert_eq!(timetable, format!("id: {id}\nevent: timetable\ndata: {data}\n\n"));

    let updates = [
        (
            "PATCH",
            json!({"state": "landing", "gate": "é\u{2028}"}),
            "flightStateUpdate {\"flight\":\"T1\",\"state\":\"landing\",\"gate\":\"é\u{2028}\"}",
        ),
        ("PUT", json!({"origin": "Oslo"}), r#"flightAddition {"flight":"T1","origin":"Oslo"}"#),
        ("DELETE", json!(null), r#"flightRemoval {"flight":"T1"}"#),
    ];
    for (method, body, expected) in updates {
        let id = house.send(method, "/boards/main/flights/T1", body).await.event_id();
        let (event, data) = expected.split_once(' ').unwrap();
        let frame = stream.bytes().await.unwrap();
        assert_eq!(frame, format!("id: {id}\nevent: {event}\ndata: {data}\n\n"));
    }
}

#[tokio::test]
async fn each_follower_is_told_another_retry() {
    let house = House::new().await;
    let mut retries = std::collections::BTreeSet::new();
    for _ in 0..20 {
        retries.insert(house.stream("/events").await.bytes().await);
    }
    assert!(retries.len() > 10, "{retries:?}");
}

#[tokio::test]
async fn padding_comes_first() {
    let house = House::new().await;
    for query in ["padding=true", "evs_preamble=2056"] {
        let padding = house.stream(&format!("/events?{query}")).await.bytes().await.unwrap();
        assert!(padding.starts_with(':') && padding.len() > 2_048 && padding.ends_with("\n\n"));
        assert_eq!(padding.trim_end_matches('\n').lines().count(), 1);
    }
}

#[tokio::test]
async fn urls_are_the_same_in_any_letter_case_and_others_are_404() {
    let house = House::new().await;
    for path in ["/events", "/EVENTS", "/boards/main/events", "/Boards/MAIN/Events"] {
        assert_eq!(house.follow(get(path)).await.0, StatusCode::OK, "{path}");
    }
    for path in ["/event", "/events/", "/boards/none/events", "/boards/a%2Fb/events", "/x"] {
        let (status, headers, _) = house.follow(get(path)).await;
        let content_type = &headers["content-type"];
        assert_eq!(
            (status, content_type.to_str().unwrap()),
            (StatusCode::NOT_FOUND, "application/problem+json"),
            "{path}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_every_fifteen_seconds_with_the_newest_id() {
    let house = House::new().await;
    let id = house.put_rows(1..2).await;
    // Newer, but of another board.
    house.send("PUT", "/boards/other", json!({})).await;
    let mut stream = house.resume("/events", &id).await;
    let start = tokio::time::Instant::now();
    let (_, _, first) = stream.any_event().await.unwrap();
    assert_eq!(first["head"], Value::from(id.clone()));
    assert!(start.elapsed() <= Duration::from_secs(15), "the first comes sooner");
    let start = tokio::time::Instant::now();
    for beat in 1..=4 {
        let (event, last_id, data) = stream.any_event().await.unwrap();
        assert_eq!((event.as_str(), last_id.as_str()), ("heartbeat", ""));
        assert_eq!(start.elapsed().as_secs(), 15 * beat);
        assert_eq!(data["head"], Value::from(id.clone()));
        let at = data["at"].as_str().unwrap();
        assert!(at.ends_with('Z') && at.len() == "2026-11-22T15:00:00Z".len(), "{at}");
    }
    let next = house.put_rows(2..3).await;
    assert_eq!(stream.any_event().await.unwrap().0, "flightAddition");
    assert_eq!(stream.any_event().await.unwrap().2["head"], Value::from(next));
}

/// Those of streams that the reactor writes: see `heartbeats_come_to_all_and_are_spread` there.
#[tokio::test(start_paused = true)]
async fn heartbeats_of_those_who_came_at_once_are_spread_and_come_after_the_first_events() {
    const CAME: usize = 600;
    let house = House::new().await;
    let mut streams = tokio::task::JoinSet::new();
    let start = tokio::time::Instant::now();
    for _ in 0..CAME {
        let mut stream = house.stream("/events").await;
        streams.spawn(async move {
            assert_eq!(stream.any_event().await.unwrap().0, "timetable");
            assert_eq!(stream.any_event().await.unwrap().0, "heartbeat");
            start.elapsed()
        });
    }
    let beats = streams.join_all().await;
    assert!(beats.iter().all(|beat| *beat <= Duration::from_secs(15)));
    for second in 0..15 {
        let here = beats.iter().filter(|beat| beat.as_secs() == second).count();
        assert!((10..100).contains(&here), "{here} of {CAME} in the second {second}");
    }
}

#[tokio::test]
async fn a_closed_board_says_so_and_then_there_is_nothing() {
    let house = House::new().await;
    let seen = house.put_rows(1..2).await;
    let mut stream = house.resume("/events", &seen).await;
    let closing = house.send("DELETE", "/boards/main?reason=moved", json!(null)).await;
    assert_eq!(closing.status, StatusCode::NO_CONTENT);
    let last = ("closedConnection".to_owned(), closing.event_id(), json!({"reason": "moved"}));
    assert_eq!(stream.event().await, Some(last));
    assert_eq!(stream.event().await, None);
    for path in ["/events", &format!("/events?lastEventId={seen}")] {
        let answer = house.get(path).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::NO_CONTENT, ""));
    }
    let summary = house.get("/boards/main").await.json();
    assert_eq!((&summary["closed"], &summary["followers"]), (&json!(true), &json!(0)));

    house.send("PUT", "/boards/main", json!({})).await;
    let (_, _, data) = house.resume("/events", &seen).await.event().await.unwrap();
    assert_eq!((&data["reason"], &data["flights"]), (&json!("expired"), &json!([])));
}

#[tokio::test]
async fn settings_are_told_to_followers() {
    let house = House::new().await;
    let mut stream = house.stream("/events").await;
    stream.event().await;
    house.send("PUT", "/boards/main", json!({"title": "Ankünfte"})).await;
    let (event, _, data) = stream.event().await.unwrap();
    assert_eq!((event.as_str(), &data["title"]), ("boardUpdate", &json!("Ankünfte")));
}

#[tokio::test]
async fn one_too_many_is_told_to_come_back_much_later() {
    let house = House::with(Settings { max_followers: 2, ..Settings::default() }).await;
    let seated = [house.stream("/events").await, house.stream("/events").await];
    let (status, headers, mut stream) = house.follow(get("/events")).await;
    assert_eq!(
        (status, &headers["content-type"]),
        (StatusCode::OK, &"text/event-stream".parse().unwrap())
    );
    assert_eq!(stream.event().await, None);
    assert!(stream.retry() >= 30_000);
    drop(seated);
    assert!(house.stream("/events").await.event().await.is_some());
}

#[tokio::test]
async fn a_slow_follower_is_given_all_rows_and_stays() {
    let house = House::with(Settings { window_bytes: 2_000, ..Settings::default() }).await;
    let mut stream = house.stream("/events").await;
    stream.event().await;
    let newest = house.put_rows(0..100).await;
    let (event, id, data) = stream.event().await.unwrap();
    assert_eq!((event.as_str(), id), ("timetable", newest));
    assert_eq!((&data["reason"], data["flights"].as_array().unwrap().len()), (&json!("slow"), 100));
    house.put_rows(100..101).await;
    assert_eq!(stream.event().await.unwrap().0, "flightAddition");
}

#[tokio::test(start_paused = true)]
async fn a_stopping_server_ends_its_streams_without_closing_the_board() {
    let drain = Duration::from_secs(10);
    let house = House::with(Settings { drain, ..Settings::default() }).await;
    let mut streams = Vec::new();
    for _ in 0..20 {
        let mut stream = house.stream("/events").await;
        stream.event().await;
        streams.push(stream);
    }
    let start = tokio::time::Instant::now();
    house.app.engine().close().await;
    for stream in &mut streams {
        assert_eq!(stream.event().await, None);
        assert!((1_000..=10_000).contains(&stream.retry()));
    }
    assert!(start.elapsed() < drain);
}
