//! `GET /boards/{board}/flights?at=`.

use http::StatusCode;
use serde_json::{Value, json};
use server::Settings;

use crate::changes::ticking_server;
use crate::test_server::TestServer;

#[tokio::test]
async fn rows_are_those_of_each_event() {
    let server = ticking_server(Settings::default()).await;
    let put = |gate: &str| json!({ "gate": gate, "arrival": "10:10", "date": "2026-11-22" });
    let board = json!({ "timeZone": "Europe/Rome" });
    let tokyo = json!({ "timeZone": "Asia/Tokyo" });
    let steps = [
        ("PUT", "/boards/main", board.clone()),
        ("PUT", "/boards/main/flights/A1?date=2026-11-22", put("1")),
        ("PUT", "/boards/main/flights/A2?date=2026-11-22", put("2")),
        ("PATCH", "/boards/main/flights/A1", json!({ "gate": null, "state": "landing" })),
        ("PUT", "/boards/main", tokyo),
        ("DELETE", "/boards/main/flights/A1", Value::Null),
        ("PUT", "/boards/main/flights/A1?date=2026-11-22", put("3")),
        ("PUT", "/boards/main/flights/A2?date=2026-11-22", put("4")),
        ("DELETE", "/boards/main", Value::Null),
        ("PUT", "/boards/main", board),
        ("PUT", "/boards/main/flights/A3", json!({ "gate": "5" })),
    ];
    let mut seen = Vec::new();
    for (method, path, body) in steps {
        let answer = server.send(method, path, body).await;
        assert!(answer.status.is_success(), "{method} {path}: {}", answer.body);
        seen.push(server.get("/boards/main/flights").await.json());
    }
    let changes = server.get("/boards/main/changes?order=oldest").await.json();
    let changes = changes["changes"].as_array().unwrap();
    assert_eq!(changes.len(), seen.len() + 1);
    for (change, rows) in changes[1..].iter().zip(&seen) {
        assert_eq!(change["id"], rows["id"]);
        for at in [&change["id"], &change["time"]] {
            let path = format!("/boards/main/flights?at={}", at.as_str().unwrap());
            let answer = server.get(&path).await;
            assert_eq!(answer.json(), *rows, "{at}");
            assert!(answer.header("etag").contains(rows["id"].as_str().unwrap()));
        }
    }
}

#[tokio::test]
async fn bad_moments_are_refused() {
    let server = TestServer::new().await;
    for (at, status) in [
        ("x", StatusCode::BAD_REQUEST),
        ("", StatusCode::BAD_REQUEST),
        ("00000000-1", StatusCode::BAD_REQUEST),
        ("2300-01-01T00:00:00Z", StatusCode::BAD_REQUEST),
        ("2001-01-01T00:00:00%2B01:00", StatusCode::GONE),
    ] {
        let answer = server.get(&format!("/boards/main/flights?at={at}")).await;
        assert_eq!(answer.status, status, "{at}");
        let field = if status == StatusCode::GONE { Value::Null } else { "at".into() };
        assert_eq!(answer.json()["field"], field, "{at}");
    }
    let twice = server.get("/boards/main/flights?at=x&at=x").await;
    assert_eq!(twice.status, StatusCode::BAD_REQUEST);
    assert_eq!(server.get("/boards/none/flights?at=x").await.status, StatusCode::NOT_FOUND);
}
