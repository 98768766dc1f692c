//! The rows in the page itself, for browsers without JavaScript.

use axum::body::Body;
use http::Request;
use serde_json::json;

use crate::private_boards::{TokenFile, cookie};
use crate::test_server::{TestResponse, TestServer};

async fn page(server: &TestServer, path: &str) -> TestResponse {
    let request = Request::get(path).header("accept", "text/html,*/*;q=0.8");
    server.request(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn pages_have_the_rows() {
    let server = TestServer::new().await;
    let settings = json!({"kind": "departures", "airport": "HKG", "timeZone": "Asia/Hong_Kong"});
    server.send("PUT", "/boards/out", settings).await;
    let row = json!({
        "date": "2026-11-22", "destination": "YYZ", "departure": "2026-11-22T12:15:00Z",
        "estimated": "2026-11-22T13:05:00Z", "gate": "62", "state": "boarding",
        "remark": "<script>alert(1)</script>",
    });
    server.send("PUT", "/boards/out/flights/CX797", row).await;
    server.send("PUT", "/boards/out/flights/AC8", json!({"departure": "09:10"})).await;

    for path in ["/boards/out", "/boards/OUT/wall", "/boards/out/flights/CX797"] {
        let body = page(&server, path).await.body;
        assert!(body.contains("Departures, Hong Kong"), "{body}");
        let row = r#"data-flight="CX797" data-date="2026-11-22" data-state="boarding""#;
        for text in
            [row, "Toronto", "<s>20:15</s> <ins>21:05</ins>", "62", "&lt;script&gt;", "09:10"]
        {
            assert!(body.contains(text), "{path} {text}: {body}");
        }
        assert!(!body.contains("<script>"), "{body}");
    }
    let flight = page(&server, "/boards/out/flights/CX798").await;
    assert_eq!(flight.status, 404);
    assert!(!page(&server, "/").await.body.contains("CX797"));
    assert!(page(&server, "/boards/none").await.body.contains("no such board"));
}

/// The newest rows of a very large board.
#[tokio::test]
async fn pages_are_bounded() {
    let server = TestServer::new().await;
    for first in [0, 1_000, 2_000] {
        let rows = (first..first + 1_000).map(|number| {
            let arrival = format!("2026-11-22T{:02}:{:02}:00Z", number / 150, number % 60);
            let row = json!({"flight": format!("N{number}"), "arrival": arrival});
            json!({"event": "flightAddition", "data": row}).to_string() + "\n"
        });
        let lines: String = rows.collect();
        assert_eq!(server.send_lines("main", &lines).await.status, 200);
    }
    let body = page(&server, "/boards/main").await.body;
    assert!(body.contains("The first 1000 flights are left out."));
    assert_eq!(body.matches("data-flight=").count(), 2_000);
    assert!(body.contains("\"N2999\"") && !body.contains("\"N0\""));
}

#[tokio::test]
async fn private_pages_need_a_right() {
    let file = TokenFile::new();
    let server = TestServer::with(file.settings()).await;
    file.open_hall(&server, true).await;
    for path in ["/boards/hall", "/boards/hall/wall", "/boards/hall/flights/I768"] {
        let without = page(&server, path).await;
        assert_eq!(without.status, 401, "{path}");
        assert!(!without.body.contains("I768") && !without.body.contains("Oslo"), "{path}");
        let request = Request::get(path).header("accept", "text/html");
        let request = request.header("cookie", cookie(&file.follower));
        let with = server.request(request.body(Body::empty()).unwrap()).await;
        assert!(with.body.contains("data-flight=\"I768\""), "{path}");
        assert!(with.header("cache-control").contains("private"), "{path}");
    }
}
