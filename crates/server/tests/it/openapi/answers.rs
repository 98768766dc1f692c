//! Responses and events are valid by the document.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::extract::Request;
use serde_json::{Value, json};

use super::document::{ApiDocument, list};
use super::{BOARD, CHANGES, PUNCTUALITY, ROW, ROWS};
use crate::test_server::TestServer;
use RequestBody::{Example, Spaces, Text};

/// A request: method, path in the document, URL, headers, body; and the expected status.
type Call = (
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    RequestBody,
    u16,
);

/// The body of a request.
#[derive(Clone, Copy)]
enum RequestBody {
    /// The examples in the document.
    Example,
    Text(&'static str),
    Spaces(usize),
}

const NOTHING: RequestBody = Text("");
const JSON: (&str, &str) = ("content-type", "application/json");
const XML: (&str, &str) = ("content-type", "application/xml");
const NDJSON: (&str, &str) = ("content-type", "application/x-ndjson");
const KEY: (&str, &str) = ("idempotency-key", "k");

#[rustfmt::skip]
const CALLS: &[Call] = &[
    ("GET", "/boards", "/boards", &[], NOTHING, 200),
    ("GET", BOARD, "/boards/main", &[], NOTHING, 200),
    ("GET", BOARD, "/boards/main", &[("accept", "text/html")], NOTHING, 200),
    ("GET", BOARD, "/boards/none", &[], NOTHING, 404),
    ("GET", BOARD, "/boards/none", &[("accept", "text/html")], NOTHING, 404),
    ("PUT", BOARD, "/boards/jfk", &[JSON], Example, 201),
    ("PUT", BOARD, "/boards/jfk", &[JSON], Example, 200),
    ("PUT", BOARD, "/boards/jfk", &[JSON], Text("{"), 400),
    ("PUT", BOARD, "/boards/jfk", &[JSON], Spaces(64 * 1024 + 1), 413),
    ("PUT", BOARD, "/boards/jfk", &[], Example, 415),
    ("PUT", BOARD, "/boards/a.b", &[JSON], Example, 422),
    ("PUT", ROW, "/boards/main/flights/I768", &[JSON], Example, 201),
    ("PUT", ROW, "/boards/main/flights/I768", &[JSON, KEY], Example, 200),
    ("PUT", ROW, "/boards/main/flights/I768?day=1", &[JSON], Example, 400),
    ("PUT", ROW, "/boards/none/flights/I768", &[JSON], Example, 404),
    ("PUT", ROW, "/boards/main/flights/I768", &[JSON, ("if-none-match", "*")], Example, 412),
    ("PUT", ROW, "/boards/main/flights/I768", &[JSON], Spaces(64 * 1024 + 1), 413),
    ("PUT", ROW, "/boards/main/flights/I768", &[], Example, 415),
    ("PUT", ROW, "/boards/main/flights/I768", &[JSON], Text("[]"), 422),
    ("PATCH", ROW, "/boards/main/flights/I768", &[JSON], Example, 200),
    ("PATCH", ROW, "/boards/main/flights/I768", &[JSON, KEY], Example, 422),
    ("PATCH", ROW, "/boards/main/flights/X1", &[JSON], Example, 404),
    ("PATCH", ROW, "/boards/main/flights/I768", &[JSON, ("if-match", "\"0\"")], Example, 412),
    ("GET", ROW, "/boards/main/flights/I768", &[], NOTHING, 200),
    ("GET", ROW, "/boards/main/flights/I768", &[("if-none-match", "*")], NOTHING, 304),
    ("GET", ROW, "/boards/main/flights/I768?day=1", &[], NOTHING, 400),
    ("GET", ROW, "/boards/main/flights/X1", &[], NOTHING, 404),
    ("GET", ROW, "/boards/main/flights/I768?date=today", &[], NOTHING, 422),
    ("GET", ROWS, "/boards/main/flights", &[], NOTHING, 200),
    ("GET", ROWS, "/boards/main/flights", &[("if-none-match", "*")], NOTHING, 304),
    ("GET", ROWS, "/boards/none/flights", &[], NOTHING, 404),
    ("GET", ROWS, "/boards/main/flights?at=2001-01-01T00:00:00Z", &[], NOTHING, 410),
    ("GET", ROWS, "/boards/main/flights?at=2300-01-01T00:00:00Z", &[], NOTHING, 400),
    ("GET", CHANGES, "/boards/main/changes", &[], NOTHING, 200),
    ("GET", CHANGES, "/boards/main/changes?flight=I768&date=2026-11-22&leg=1&limit=2&order=oldest&to=2300-01-01T00:00:00Z", &[], NOTHING, 200),
    ("GET", CHANGES, "/boards/main/changes?from=2001-01-01T00:00:00Z", &[], NOTHING, 410),
    ("GET", CHANGES, "/boards/main/changes?cursor=1", &[], NOTHING, 400),
    ("GET", CHANGES, "/boards/none/changes", &[], NOTHING, 404),
    ("GET", PUNCTUALITY, "/boards/main/punctuality", &[], NOTHING, 200),
    ("GET", PUNCTUALITY, "/boards/main/punctuality", &[("accept", "text/html")], NOTHING, 200),
    ("GET", PUNCTUALITY, "/boards/main/punctuality?to=2300-01-01T00:00:00Z", &[], NOTHING, 200),
    ("GET", PUNCTUALITY, "/boards/main/punctuality?from=2001-01-01T00:00:00Z&to=2001-01-02T00:00:00Z", &[], NOTHING, 410),
    ("GET", PUNCTUALITY, "/boards/main/punctuality?from=yesterday", &[], NOTHING, 400),
    ("GET", PUNCTUALITY, "/boards/none/punctuality", &[], NOTHING, 404),
    ("PUT", ROW, "/boards/main/flights/I768?date=2026-11-23", &[JSON], Example, 201),
    ("PUT", ROW, "/boards/main/flights/I769?date=2026-11-22", &[JSON], Example, 201),
    ("PUT", ROW, "/boards/main/flights/I769?date=2026-11-23", &[JSON], Example, 201),
    ("GET", ROW, "/boards/main/flights/I769", &[], NOTHING, 409),
    ("PUT", ROW, "/boards/main/flights/I770?leg=00:25", &[JSON], Example, 201),
    ("PUT", ROW, "/boards/main/flights/I770?leg=23:55", &[JSON], Example, 201),
    ("GET", ROW, "/boards/main/flights/I770", &[], NOTHING, 409),
    ("PATCH", ROW, "/boards/main/flights/I770?leg=23:55", &[JSON], Example, 200),
    ("DELETE", ROW, "/boards/main/flights/I770?leg=00:25", &[], NOTHING, 204),
    ("GET", ROW, "/boards/main/flights/I769?date=2026-11-23", &[], NOTHING, 200),
    ("DELETE", ROW, "/boards/main/flights/I769", &[], NOTHING, 409),
    ("DELETE", ROW, "/boards/main/flights/I769?date=2026-11-23", &[("if-match", "*"), ("idempotency-key", "d")], NOTHING, 204),
    ("DELETE", ROW, "/boards/main/flights/X1", &[], NOTHING, 404),
    ("PUT", ROW, "/boards/main/flights/I768", &[JSON, ("idempotency-key", "a b")], Example, 400),
    ("POST", ROWS, "/boards/main/flights", &[NDJSON], Example, 200),
    ("POST", ROWS, "/boards/main/flights", &[NDJSON], Spaces(4 * 1024 * 1024 + 1), 413),
    ("POST", ROWS, "/boards/main/flights", &[], Example, 415),
    ("POST", ROWS, "/boards/main/flights", &[NDJSON, ("idempotency-key", "a b")], Example, 400),
    ("POST", ROWS, "/boards/none/flights", &[NDJSON], Example, 404),
    ("PUT", BOARD, "/boards/osl", &[JSON], Text(r#"{"airport": "OSL"}"#), 201),
    ("POST", "/aidx", "/aidx", &[XML], Example, 200),
    ("POST", "/aidx", "/aidx", &[("content-type", "text/xml")], Example, 200),
    ("POST", "/aidx", "/aidx", &[("content-type", "application/soap+xml")], Text("<Envelope/>"), 422),
    ("POST", "/aidx", "/aidx", &[XML], Text("<"), 400),
    ("POST", "/aidx", "/aidx", &[XML], Text("<a/>"), 422),
    ("POST", "/aidx", "/aidx", &[JSON], Text("{}"), 415),
    ("GET", "/acris/flight/{airport}/arrival", "/acris/flight/osl/arrival?startTime=2026-11-22T09:00:00Z&endTime=2026-11-23T09:00:00Z", &[], NOTHING, 200),
    ("GET", "/acris/flight/{airport}/arrival", "/acris/flight/osl/arrival", &[("if-none-match", "*")], NOTHING, 304),
    ("GET", "/acris/flight/{airport}/arrival", "/acris/flight/osl/arrival", &[("if-match", "\"0\"")], NOTHING, 412),
    ("GET", "/acris/flight/{airport}/arrival", "/acris/flight/osl/arrival?startTime=x", &[], NOTHING, 400),
    ("GET", "/acris/flight/{airport}/departure", "/acris/flight/osl/departure", &[], NOTHING, 404),
    ("GET", "/events", "/events?speed=60", &[], NOTHING, 400),
    ("GET", "/boards/{board}/events", "/boards/main/events?from=2001-01-01T00:00:00Z&speed=60", &[], NOTHING, 410),
    ("DELETE", BOARD, "/boards/main?why=x", &[], NOTHING, 422),
    ("DELETE", BOARD, "/boards/main?reason=night", &[], NOTHING, 204),
    ("PATCH", ROW, "/boards/main/flights/I768", &[JSON], Example, 410),
    ("GET", "/events", "/events?lastEventId=0&padding=true&evs_preamble=1", &[("last-event-id", "0")], NOTHING, 204),
    ("GET", "/events", "/events?lastEventID=0&last_event_id=0&evs_last_event_id=0", &[], NOTHING, 204),
    ("GET", "/boards/{board}/events", "/boards/main/events", &[], NOTHING, 204),
    ("GET", "/boards/{board}/events", "/boards/none/events", &[], NOTHING, 404),
    ("GET", "/", "/", &[], NOTHING, 200),
    ("GET", "/boards/{board}/wall", "/boards/main/wall", &[], NOTHING, 200),
    ("GET", "/boards/{board}/wall", "/boards/none/wall", &[], NOTHING, 404),
    ("GET", "/boards/{board}/desk", "/boards/main/desk", &[], NOTHING, 200),
    ("GET", "/gates/{gate}", "/gates/B12", &[], NOTHING, 200),
    ("GET", "/belts/{belt}", "/belts/4", &[], NOTHING, 200),
    ("GET", "/airports/{airport}", "/airports/HKG", &[], NOTHING, 200),
    ("GET", "/places", "/places?codes=HKG,LHR", &[], NOTHING, 200),
    ("GET", "/places", "/places?codes=Oslo", &[], NOTHING, 422),
    ("GET", "/healthz", "/healthz", &[], NOTHING, 200),
    ("GET", "/readyz", "/readyz", &[], NOTHING, 200),
    ("GET", "/metrics", "/metrics", &[], NOTHING, 200),
    ("GET", "/openapi.json", "/openapi.json", &[], NOTHING, 200),
];

/// Returns the document's example body; for JSON lines, all examples and an invalid line.
fn example(document: &ApiDocument, method: &str, url: &str) -> String {
    let content = &document.operation(method, url)["requestBody"]["content"];
    if let Some(message) = content["application/xml"]["example"].as_str() {
        return message.to_owned();
    }
    let body = &content["application/json"];
    match body["examples"].as_object() {
        None => body["example"].to_string(),
        Some(lines) => {
            let lines = lines.values().map(|line| line["value"].to_string());
            lines.chain(["nonsense".to_owned()]).collect::<Vec<_>>().join("\n")
        }
    }
}

/// Returns the names of the query and header parameters.
fn parameters(document: &ApiDocument, method: &str, url: &str) -> BTreeSet<String> {
    let all = list(&document.operation(method, url)["parameters"]).iter();
    let all = all.map(|given| document.resolve(given)).filter(|given| given["in"] != "path");
    all.map(|given| given["name"].as_str().unwrap().to_lowercase()).collect()
}

#[tokio::test]
async fn responses_match_the_document() {
    let server = TestServer::new().await;
    let document = ApiDocument::fetch(&server).await;
    for (method, url, path, headers, sent, status) in CALLS {
        let body = match sent {
            Example => example(&document, method, url),
            Text(text) => (*text).to_owned(),
            Spaces(count) => " ".repeat(*count),
        };
        let request = Request::builder().method(*method).uri(*path);
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = server.request(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(answer.status.as_u16(), *status, "{method} {path}: {}", answer.body);
        document.check_answer(method, url, &answer);
        let known = parameters(&document, method, url);
        let query = path.split('?').nth(1).unwrap_or_default().split('&');
        let names = query.map(|pair| pair.split('=').next().unwrap());
        let names = names.chain(headers.iter().map(|(name, _)| *name));
        // OpenAPI 3.1, section 4.8.12.2: these headers are never parameters.
        for name in names.filter(|name| !["", "accept", "content-type"].contains(name)) {
            let refused = *status >= 400 && ["day", "why"].contains(&name);
            assert_eq!(!refused, known.contains(&name.to_lowercase()), "{method} {path}: {name}");
        }
        if *status == 413 {
            let reason = answer.json()["reason"].as_str().unwrap().to_owned();
            let most = reason.split(' ').find(|word| word.parse::<u32>().is_ok()).unwrap();
            let response = &document.operation(method, url)["responses"]["413"];
            let described = response["description"].as_str().unwrap();
            assert!(described.contains(most), "{most} {described}");
        }
    }
}

/// The events of a playback from the beginning to the present, with a heartbeat.
async fn played_events(server: &TestServer) -> Vec<(String, String, Value)> {
    let changes = server.get("/boards/main/changes?order=oldest&limit=1").await.json();
    let path = format!("/events?from={}&speed=3600", changes["changes"][0]["id"].as_str().unwrap());
    let mut stream = server.stream(&path).await;
    let first = stream.any_event().await.unwrap();
    let mut stream = server.resume(&path, &first.1).await;
    let mut events = vec![first];
    while events.last().unwrap().0 != "live" {
        events.push(stream.any_event().await.unwrap());
    }
    events
}

#[tokio::test(start_paused = true)]
async fn events_match_the_document() {
    let server = TestServer::new().await;
    let document = ApiDocument::fetch(&server).await;
    let mut stream = server.stream("/events").await;
    let mut events = vec![stream.any_event().await.unwrap()];
    server.put_rows(1..2).await;
    server.put_gate("main", "T1", "B7").await;
    server.send("DELETE", "/boards/main/flights/T1", Value::Null).await;
    server.send("PUT", "/boards/main", json!({"note": "Snow"})).await;
    let source = json!({"name": "Oslo", "attribution": "Data from Oslo", "status": "current"});
    let line = json!({"event": "sourceUpdate", "data": source});
    server.send("POST", "/boards/main/flights", line).await;
    events.extend(stream.events(5).await);
    events.push(stream.any_event().await.unwrap());
    events.extend(played_events(&server).await);
    server.send("DELETE", "/boards/main", Value::Null).await;
    events.extend(stream.events(1).await);
    let mut seen = BTreeSet::new();
    for (name, id, data) in events {
        let mut event = json!({ "event": name, "data": data.to_string() });
        if name != "heartbeat" {
            event["id"] = json!(id);
        }
        document.check_event(&event);
        seen.insert(name);
    }
    assert_eq!(seen.len(), list(&document.schema("StreamEvent")["oneOf"]).len(), "{seen:?}");
}
