//! The exact bytes of a stream: head, events, heartbeats, end.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use http::{StatusCode, Version};
use serde_json::{Value, json};
use server::Settings;

use crate::test_server::TestServer;

fn get(path: &str) -> Request {
    Request::get(path).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn stream_heads_are_exact() {
    let server = TestServer::new().await;
    let (status, headers, _stream) = server.open_stream(get("/events")).await;
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
    assert!(!server.open_stream(http2).await.1.contains_key("connection"));
}

#[tokio::test]
async fn stream_bytes_are_exact() {
    let server = TestServer::new().await;
    let id = server.put_rows(1..2).await;
    let mut stream = server.stream("/events").await;
    let retry = stream.bytes().await.unwrap();
    let millis = retry.strip_prefix("retry: ").and_then(|rest| rest.strip_suffix('\n'));
    assert!((1_000..=5_000).contains(&millis.unwrap().parse::<u64>().unwrap()), "{retry:?}");
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
        let id = server.send(method, "/boards/main/flights/T1", body).await.event_id();
        let (event, data) = expected.split_once(' ').unwrap();
        let frame = stream.bytes().await.unwrap();
        assert_eq!(frame, format!("id: {id}\nevent: {event}\ndata: {data}\n\n"));
    }
}

#[tokio::test]
async fn retry_times_differ() {
    let server = TestServer::new().await;
    let mut retries = std::collections::BTreeSet::new();
    for _ in 0..20 {
        retries.insert(server.stream("/events").await.bytes().await);
    }
    assert!(retries.len() > 10, "{retries:?}");
}

#[tokio::test]
async fn padding_comes_first() {
    let server = TestServer::new().await;
    for query in ["padding=true", "evs_preamble=2056"] {
        let padding = server.stream(&format!("/events?{query}")).await.bytes().await.unwrap();
        assert!(padding.starts_with(':') && padding.len() > 2_048 && padding.ends_with('\n'));
        assert_eq!(padding.lines().count(), 1);
    }
}

#[tokio::test]
async fn stream_urls_are_case_insensitive() {
    let server = TestServer::new().await;
    for path in ["/events", "/EVENTS", "/boards/main/events", "/Boards/MAIN/Events/"] {
        assert_eq!(server.open_stream(get(path)).await.0, StatusCode::OK, "{path}");
    }
    for path in ["/event", "/events/x", "/boards/none/events", "/boards/a%2Fb/events", "/x"] {
        let (status, headers, _) = server.open_stream(get(path)).await;
        let content_type = &headers["content-type"];
        assert_eq!(
            (status, content_type.to_str().unwrap()),
            (StatusCode::NOT_FOUND, "application/problem+json"),
            "{path}"
        );
    }
}

/// A heartbeat names the last update, also of one without an event.
#[tokio::test]
async fn heartbeats_carry_the_last_update() {
    let server = TestServer::new().await;
    let id = server.put_rows(1..2).await;
    let heartbeat = async || {
        let (_, _, data) = server.resume("/events", &id).await.any_event().await.unwrap();
        data
    };
    let first = heartbeat().await["lastUpdate"].as_str().unwrap().to_owned();
    let row = server.get("/boards/main/flights").await.json()["flights"][0].clone();
    let path = format!("/boards/main/flights/{}", row["flight"].as_str().unwrap());
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    // Its seconds have changed soon.
    while heartbeat().await["lastUpdate"] == first.as_str() {
        assert!(tokio::time::Instant::now() < deadline);
        assert_eq!(server.send("PATCH", &path, json!({})).await.status, 200);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let shown = server.get("/boards/main").await.json();
    assert!(shown["lastUpdate"].as_str().unwrap() > first.as_str());
}

#[tokio::test(start_paused = true)]
async fn heartbeats_carry_the_newest_id() {
    let server = TestServer::new().await;
    let id = server.put_rows(1..2).await;
    // A newer event, but of another board.
    server.send("PUT", "/boards/other", json!({})).await;
    let mut stream = server.resume("/events", &id).await;
    let start = tokio::time::Instant::now();
    for _ in 0..2 {
        let (_, _, first) = stream.any_event().await.unwrap();
        assert_eq!(first["head"], Value::from(id.clone()));
    }
    assert!(start.elapsed() <= Duration::from_secs(15), "the first interval is shorter");
    let start = tokio::time::Instant::now();
    for beat in 1..=4 {
        let (event, last_id, data) = stream.any_event().await.unwrap();
        assert_eq!((event.as_str(), last_id.as_str()), ("heartbeat", ""));
        assert_eq!(start.elapsed().as_secs(), 15 * beat);
        assert_eq!(data["head"], Value::from(id.clone()));
        let at = data["at"].as_str().unwrap();
        assert!(at.ends_with('Z') && at.len() == "2026-11-22T15:00:00Z".len(), "{at}");
    }
    let next = server.put_rows(2..3).await;
    assert_eq!(stream.any_event().await.unwrap().0, "flightAddition");
    assert_eq!(stream.any_event().await.unwrap().2["head"], Value::from(next));
}

#[tokio::test(start_paused = true)]
async fn blank_lines_end_events_only() {
    let server = TestServer::with(Settings { max_followers: 100, ..Settings::default() }).await;
    let seen = server.put_rows(0..1).await;
    server.put_rows(1..3).await;
    let mut streams = Vec::new();
    // More than start at once, so that some begin with a comment, and some are turned away.
    for number in 0..120 {
        let query = if number % 2 == 0 { "?padding=true" } else { "" };
        streams.push(match number % 3 {
            0 => server.resume(&format!("/events{query}"), &seen).await,
            _ => server.stream(&format!("/events{query}")).await,
        });
    }
    tokio::time::sleep(Duration::from_secs(40)).await;
    server.app.engine().close().await;
    let mut waited = 0;
    for (number, stream) in streams.iter_mut().enumerate() {
        let mut text = String::new();
        while let Some(bytes) = stream.bytes().await {
            text.push_str(&bytes);
        }
        waited += usize::from(text.contains(":\nretry: "));
        let mut blocks: Vec<_> = text.split("\n\n").collect();
        let rest = blocks.pop().unwrap();
        assert!(rest.starts_with("retry: "), "{rest}");
        assert!(blocks.iter().all(|block| block.contains("\ndata: ")), "{text}");
        assert_eq!(blocks.is_empty(), number >= 100, "{text}");
        // Its first block has the time, and a stream that ends sends another.
        let retries: Vec<_> = text.match_indices("retry: ").map(|(at, _)| at).collect();
        assert!(number >= 100 || retries[0] < text.find("data: ").unwrap(), "{text}");
        assert_eq!(retries.len(), if number < 100 { 2 } else { 1 }, "{text}");
    }
    assert!(waited > 0, "no stream had to wait");
}

/// The tests of the fanout crate check this for the streams of the reactor.
#[tokio::test(start_paused = true)]
async fn heartbeats_are_spread_over_time() {
    const FOLLOWERS: usize = 600;
    let server = TestServer::new().await;
    let mut streams = tokio::task::JoinSet::new();
    let start = tokio::time::Instant::now();
    for _ in 0..FOLLOWERS {
        let mut stream = server.stream("/events").await;
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
        assert!((10..100).contains(&here), "{here} of {FOLLOWERS} in second {second}");
    }
}

#[tokio::test]
async fn closed_boards_answer_204() {
    let server = TestServer::new().await;
    let seen = server.put_rows(1..2).await;
    let mut stream = server.resume("/events", &seen).await;
    let closing = server.send("DELETE", "/boards/main?reason=moved", json!(null)).await;
    assert_eq!(closing.status, StatusCode::NO_CONTENT);
    let last = ("closedConnection".to_owned(), closing.event_id(), json!({"reason": "moved"}));
    assert_eq!(stream.event().await, Some(last));
    assert_eq!(stream.event().await, None);
    for path in ["/events", &format!("/events?lastEventId={seen}")] {
        let answer = server.get(path).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::NO_CONTENT, ""));
    }
    let summary = server.get("/boards/main").await.json();
    assert_eq!((&summary["closed"], &summary["followers"]), (&json!(true), &json!(0)));

    server.send("PUT", "/boards/main", json!({})).await;
    let (_, _, data) = server.resume("/events", &seen).await.event().await.unwrap();
    assert_eq!((&data["reason"], &data["flights"]), (&json!("expired"), &json!([])));
}

#[tokio::test]
async fn followers_get_new_settings() {
    let server = TestServer::new().await;
    let mut stream = server.stream("/events").await;
    stream.event().await;
    server.send("PUT", "/boards/main", json!({"title": "Ankünfte"})).await;
    let (event, _, data) = stream.event().await.unwrap();
    assert_eq!((event.as_str(), &data["title"]), ("boardUpdate", &json!("Ankünfte")));
}

#[tokio::test]
async fn excess_followers_get_a_long_retry() {
    let server = TestServer::with(Settings { max_followers: 2, ..Settings::default() }).await;
    let admitted = [server.stream("/events").await, server.stream("/events").await];
    let (status, headers, mut stream) = server.open_stream(get("/events")).await;
    assert_eq!(
        (status, &headers["content-type"]),
        (StatusCode::OK, &"text/event-stream".parse().unwrap())
    );
    assert_eq!(stream.event().await, None);
    assert!(stream.retry() >= 30_000);
    drop(admitted);
    assert!(server.stream("/events").await.event().await.is_some());
}

#[tokio::test]
async fn slow_followers_get_a_timetable() {
    let server = TestServer::with(Settings { window_bytes: 2_000, ..Settings::default() }).await;
    let mut stream = server.stream("/events").await;
    stream.event().await;
    let newest = server.put_rows(0..100).await;
    let (event, id, data) = stream.event().await.unwrap();
    assert_eq!((event.as_str(), id), ("timetable", newest));
    assert_eq!((&data["reason"], data["flights"].as_array().unwrap().len()), (&json!("slow"), 100));
    server.put_rows(100..101).await;
    assert_eq!(stream.event().await.unwrap().0, "flightAddition");
}

#[tokio::test(start_paused = true)]
async fn shutdown_ends_streams_without_closing_boards() {
    let drain = Duration::from_secs(10);
    let server = TestServer::with(Settings { drain, ..Settings::default() }).await;
    let mut streams = Vec::new();
    for _ in 0..20 {
        let mut stream = server.stream("/events").await;
        stream.event().await;
        streams.push(stream);
    }
    let start = tokio::time::Instant::now();
    server.app.engine().close().await;
    for stream in &mut streams {
        assert_eq!(stream.event().await, None);
        assert!((1_000..=10_000).contains(&stream.retry()));
    }
    assert!(start.elapsed() < drain);
}
