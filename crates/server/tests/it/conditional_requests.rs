//! Preconditions (RFC 9110, section 13) on rows, on a board's rows, and on boards.

use axum::body::Body;
use axum::extract::Request;
use serde_json::{Value, json};

use crate::test_server::{TestResponse, TestServer};

const BOARD: &str = "/boards/b";
const ROW: &str = "/boards/b/flights/A1";
const ROWS: &str = "/boards/b/flights";

async fn send(
    server: &TestServer,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> TestResponse {
    let mut request = Request::builder().method(method).uri(path);
    request = request.header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    server.request(request.body(Body::from(body.to_owned())).unwrap()).await
}

/// Sends a change that would always succeed, and makes the board and the row as they were.
async fn start() -> TestServer {
    let server = TestServer::new().await;
    server.send("PUT", BOARD, json!({ "title": "One" })).await;
    server.send("PUT", ROW, json!({ "gate": "1" })).await;
    server
}

/// `current` and `stale` in the values stand for the tags, without quotes. The conditions decide alike
/// wherever there is an `ETag`.
#[tokio::test]
async fn conditions_are_evaluated_in_order() {
    let cases: [(&[(&str, &str)], u16); 22] = [
        (&[("if-match", "\"current\"")], 200),
        (&[("if-match", "\"stale\"")], 412),
        (&[("if-match", "\"stale\", \"current\"")], 200),
        (&[("if-match", "\"stale\""), ("if-match", "\"current\"")], 200),
        (&[("if-match", "\"current\""), ("if-match", "\"stale\"")], 200),
        (&[("if-match", "W/\"current\"")], 412),
        (&[("if-match", "W/\"current\", \"current\"")], 200),
        (&[("if-match", "*")], 200),
        (&[("if-match", "\"other,thing\"")], 412),
        (&[("if-match", "")], 412),
        (&[("if-match", "\"current-gzip\"")], 200),
        (&[("if-match", "current")], 400),
        (&[("if-match", "*, \"current\"")], 400),
        (&[("if-none-match", "*")], 412),
        (&[("if-none-match", "\"current\"")], 412),
        (&[("if-none-match", "W/\"current\"")], 412),
        (&[("if-none-match", "\"stale\"")], 200),
        (&[("if-none-match", "\"stale\""), ("if-none-match", "\"current\"")], 412),
        (&[("if-none-match", "\"current")], 400),
        // If-Match comes first, and If-None-Match still counts.
        (&[("if-match", "\"stale\""), ("if-none-match", "*")], 412),
        (&[("if-match", "\"current\""), ("if-none-match", "\"current\"")], 412),
        (&[("if-match", "\"current\""), ("if-none-match", "\"stale\"")], 200),
    ];
    let line = json!({ "event": "flightAddition", "data": { "flight": "A2" } }).to_string();
    let targets = [
        ("PUT", ROW, "{\"gate\":\"2\"}"),
        ("PATCH", ROW, "{\"gate\":\"2\"}"),
        ("DELETE", ROW, ""),
        ("PUT", BOARD, "{\"title\":\"Two\"}"),
        ("DELETE", BOARD, ""),
        ("POST", ROWS, &*line),
    ];
    for (method, path, body) in targets {
        for (headers, expected) in cases {
            let server = start().await;
            // The row's tag is that of its board too: it is the newest event.
            let stale = server.get(ROW).await.header("etag").trim_matches('"').to_owned();
            server.send("PATCH", ROW, json!({ "gate": "1b" })).await;
            let current = server.get(ROW).await.header("etag").trim_matches('"').to_owned();
            let before = server.get(ROWS).await.body;
            let headers: Vec<_> = headers
                .iter()
                .map(|(name, value)| {
                    (*name, value.replace("current", &current).replace("stale", &stale))
                })
                .collect();
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, &**value)).collect();
            let answer = send(&server, method, path, &headers, body).await;
            let context = format!("{method} {path} {headers:?}: {}", answer.body);
            let status = if answer.status == 204 { 200 } else { answer.status.as_u16() };
            assert_eq!(status, expected, "{context}");
            let after = server.get(ROWS).await.body;
            assert_eq!(before == after, expected != 200, "{context}");
            if expected != 200 {
                let field = answer.json()["field"].as_str().unwrap().to_lowercase();
                assert!(headers.iter().any(|(name, _)| *name == field), "{context}");
            }
            if headers.len() == 2 && headers[0].1.contains(&stale) && headers[1].1 == "*" {
                assert_eq!(answer.json()["field"], "If-Match", "{context}");
            }
        }
    }
}

#[tokio::test]
async fn absent_resources_match_nothing() {
    for (method, path, header, value, expected) in [
        ("PUT", "/boards/b/flights/N1", "if-match", "*", 412),
        ("PUT", "/boards/b/flights/N1", "if-match", "\"5f3a9c01-1\"", 412),
        ("PUT", "/boards/b/flights/N1", "if-none-match", "*", 201),
        ("PUT", "/boards/b/flights/N1", "if-none-match", "\"5f3a9c01-1\"", 201),
        // Without the condition the answer would be an error too (RFC 9110, section 13.2.1).
        ("PATCH", "/boards/b/flights/N1", "if-match", "*", 404),
        ("DELETE", "/boards/b/flights/N1", "if-match", "*", 404),
        ("PUT", "/boards/new", "if-match", "*", 412),
        ("PUT", "/boards/new", "if-match", "\"5f3a9c01-1\"", 412),
        ("PUT", "/boards/new", "if-none-match", "*", 201),
        ("POST", "/boards/new/flights", "if-match", "*", 404),
        ("PUT", "/boards/shut", "if-match", "*", 412),
        ("PUT", "/boards/shut", "if-none-match", "*", 201),
    ] {
        let server = start().await;
        server.send("PUT", "/boards/shut", json!({})).await;
        server.send("DELETE", "/boards/shut", json!(null)).await;
        let answer = send(&server, method, path, &[(header, value)], "{}").await;
        assert_eq!(answer.status, expected, "{method} {path} {header}: {value}: {}", answer.body);
    }
}

/// The lines of a conditional request follow each other without a change between them.
#[tokio::test]
async fn conditional_lines_are_applied_together() {
    let server = start().await;
    let tag = server.get(ROWS).await.header("etag").to_owned();
    let line = |event: &str, data: Value| json!({ "event": event, "data": data }).to_string();
    let lines = [
        line("flightAddition", json!({ "flight": "A1", "gate": "1" })),
        line("flightStateUpdate", json!({ "flight": "none" })),
        line("flightAddition", json!({ "flight": "A2" })),
        "nonsense".to_owned(),
        line("flightRemoval", json!({ "flight": "A1" })),
        line("flightAddition", json!({ "flight": "A3" })),
    ]
    .join("\n");
    let answer = send(&server, "POST", ROWS, &[("if-match", &tag)], &lines).await;
    let statuses: Vec<_> = answer
        .body
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["status"].clone())
        .collect();
    assert_eq!(statuses, [200, 404, 200, 400, 200, 200], "{}", answer.body);
    let again = send(&server, "POST", ROWS, &[("if-match", &tag)], &lines).await;
    assert_eq!((again.status.as_u16(), &again.json()["field"]), (412, &json!("If-Match")));
    assert_eq!(server.get(ROWS).await.json()["flights"].as_array().unwrap().len(), 2);
}

/// Reads: 304 for a copy that the client has, by weak comparison.
#[tokio::test]
async fn reads_are_conditional() {
    let server = start().await;
    for path in [ROW, ROWS] {
        let whole = server.get(path).await;
        let tag = whole.header("etag");
        let weak = format!("W/{tag}");
        let gzip = format!("{}-gzip\"", tag.trim_end_matches('"'));
        let list = format!("\"x\", {weak}");
        let cases: &[(&[(&str, &str)], u16)] = &[
            (&[], 200),
            (&[("if-none-match", tag)], 304),
            (&[("if-none-match", &weak)], 304),
            (&[("if-none-match", &list)], 304),
            (&[("if-none-match", "\"x\""), ("if-none-match", tag)], 304),
            (&[("if-none-match", "*")], 304),
            (&[("if-none-match", "\"5f3a9c01-1\"")], 200),
            (&[("if-none-match", &gzip)], 200),
            (&[("if-none-match", &gzip), ("accept-encoding", "gzip")], 304),
            (&[("if-none-match", "x")], 400),
            (&[("if-match", tag)], 200),
            (&[("if-match", "*")], 200),
            (&[("if-match", &weak)], 412),
            (&[("if-match", "\"5f3a9c01-1\"")], 412),
            (&[("if-match", tag), ("if-none-match", tag)], 304),
        ];
        for method in ["GET", "HEAD"] {
            for (headers, expected) in cases {
                let answer = send(&server, method, path, headers, "").await;
                assert_eq!(answer.status, *expected, "{method} {path} {headers:?}");
                if *expected == 304 {
                    assert!(answer.body.is_empty());
                    let mut vary = answer.headers.get_all("vary").iter();
                    assert!(vary.any(|value| value == "accept-encoding"));
                    assert_eq!(answer.header("cache-control"), "no-cache");
                    let is_gzip = headers.iter().any(|(_, value)| *value == gzip);
                    assert_eq!(answer.header("etag"), if is_gzip { &gzip } else { tag });
                }
            }
        }
    }
}
