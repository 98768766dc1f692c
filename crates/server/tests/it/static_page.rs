//! The rows in the page itself, for its script and for browsers without JavaScript.

use axum::body::Body;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::Request;
use jiff::Timestamp;
use serde_json::{Value, json};
use server::Settings;
use sha2::{Digest, Sha256};

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
        let rows = first_rows(&body).expect("rows for the script");
        assert!(rows.to_string().contains("<script>alert(1)</script>"), "{rows}");
        assert_eq!(rows, json_of(&server, "/boards/out/flights").await);
        assert!(body.contains(r#"{"HKG":"Hong Kong","YYZ":"Toronto"}"#), "{body}");
    }
    let flight = page(&server, "/boards/out/flights/CX798").await;
    assert_eq!(flight.status, 404);
    assert!(!page(&server, "/").await.body.contains("CX797"));
    assert!(page(&server, "/boards/none").await.body.contains("no such board"));
}

/// The rows of now would pass for those of then.
#[tokio::test]
async fn past_pages_have_no_rows() {
    let server = TestServer::new().await;
    server.send("PUT", "/boards/main/flights/CX797", json!({"destination": "YYZ"})).await;
    for path in ["/", "/boards/main", "/boards/main/flights/CX797"] {
        assert!(page(&server, path).await.body.contains("CX797"), "{path}");
        let past = page(&server, &format!("{path}?q=cx&at=2026-11-22T12:03:00Z")).await;
        assert_eq!(past.status, 200, "{path}");
        assert!(!past.body.contains("CX797") && !past.body.contains("Toronto"), "{path}");
    }
}

/// The content of the element for the page's script.
fn first_rows(body: &str) -> Option<Value> {
    let (_, element) = body.split_once("<script id=\"first-rows\"")?;
    let (_, content) = element.split_once('>')?;
    let (json, _) = content.split_once("</script>")?;
    Some(serde_json::from_str(json).unwrap())
}

async fn json_of(server: &TestServer, path: &str) -> Value {
    let request = Request::get(path).body(Body::empty()).unwrap();
    serde_json::from_str(&server.request(request).await.body).unwrap()
}

/// Without the policy's hash, a browser would not use them.
#[tokio::test]
async fn first_screens_bring_their_styles() {
    for base in ["", "/airport/board"] {
        let base_path = base.parse().unwrap();
        let server = TestServer::with(Settings { base_path, ..Settings::default() }).await;
        let row = json!({"origin": "Rome", "arrival": Timestamp::now()});
        server.send("PUT", &format!("{base}/boards/main/flights/I768"), row).await;
        let with = page(&server, &format!("{base}/boards/main")).await;
        let (_, element) = with.body.split_once(r#"<style data-file=""#).expect("styles");
        let (file, rest) = element.split_once(r#"">"#).unwrap();
        let (styles, _) = rest.split_once("</style>").unwrap();
        assert_eq!(server.get(file).await.status, 200, "{file}");
        for (_, url) in styles.match_indices("url(").map(|(at, _)| styles[at..].split_at(4)) {
            let (url, _) = url.split_once(')').unwrap();
            assert_eq!(server.get(&format!("{base}/{url}")).await.status, 200, "{url}");
        }
        let hash = BASE64_STANDARD.encode(Sha256::digest(styles));
        let policy = with.header("content-security-policy");
        assert!(policy.contains(&format!("style-src 'self' 'sha256-{hash}';")), "{policy}");

        let without = page(&server, &format!("{base}/boards/main/wall")).await;
        assert!(!without.body.contains("<style"), "{}", without.body);
        assert!(without.body.contains(&format!(r#"href="{file}">"#)), "{}", without.body);
    }
}

/// The newest rows of a very large board, which the page's script has to request.
#[tokio::test]
async fn pages_are_bounded() {
    let server = TestServer::new().await;
    for first in [0, 1_000, 2_000] {
        let rows = (first..first + 1_000).map(|number| {
            let arrival = format!("2026-11-22T{:02}:{:02}:00Z", number / 150, number % 60);
            let row = json!({
                "flight": format!("N{number}"), "arrival": arrival, "remark": "-".repeat(150),
            });
            json!({"event": "flightAddition", "data": row}).to_string() + "\n"
        });
        let lines: String = rows.collect();
        assert_eq!(server.send_lines("main", &lines).await.status, 200);
    }
    let body = page(&server, "/boards/main").await.body;
    assert!(body.contains("The first 1000 flights are left out."));
    // In the table, and on the first screen.
    assert_eq!(body.matches("data-flight=").count(), 2_000 + 16);
    assert!(body.contains("\"N2999\"") && !body.contains("\"N500\""));
    assert_eq!(first_rows(&body), None);
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
        let rows = first_rows(&with.body).expect("rows for the script");
        assert!(rows.to_string().contains("I768"), "{path}");
        assert!(with.header("cache-control").contains("private"), "{path}");
    }
}
