//! The list of boards and the answers to URLs of nothing as pages, and the files of a site.

use axum::body::Body;
use http::{Method, Request, StatusCode};
use serde_json::json;
use server::Settings;

use crate::private_boards::{TokenFile, cookie};
use crate::test_server::{TestResponse, TestServer};

const STATIC_POLICY: &str = "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; \
                             base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

async fn page(server: &TestServer, path: &str) -> TestResponse {
    page_with(server, path, None).await
}

async fn page_with(server: &TestServer, path: &str, cookie: Option<String>) -> TestResponse {
    let mut request = Request::get(path).header("accept", "text/html,*/*;q=0.8");
    if let Some(cookie) = cookie {
        request = request.header("cookie", cookie);
    }
    server.request(request.body(Body::empty()).unwrap()).await
}

/// Panics unless the response is a page without a script that loads only what is there.
async fn check_static(server: &TestServer, response: &TestResponse) {
    assert!(response.header("content-type").starts_with("text/html"), "{}", response.body);
    assert_eq!(response.header("content-security-policy"), STATIC_POLICY);
    assert!(!response.body.contains("<script"), "{}", response.body);
    let assets: Vec<_> = response.body.split('"').filter(|text| text.contains("assets/")).collect();
    assert!(assets.len() >= 2, "icon and style: {}", response.body);
    for asset in assets {
        assert_eq!(server.get(asset).await.status, StatusCode::OK, "{asset}");
    }
}

#[tokio::test]
async fn browsers_get_pages_for_nothing() {
    for base in ["", "/airport/board"] {
        let base_path = base.parse().unwrap();
        let server = TestServer::with(Settings { base_path, ..Settings::default() }).await;
        for path in [
            "/nothing",
            "/boards/main/gates",
            "/boards/%ff",
            "/boards/none/flights",
            "/boards/none/events",
            "/assets/none.js",
            "/gates/a/b",
        ] {
            let url = format!("{base}{path}");
            let nothing = page(&server, &url).await;
            assert_eq!(nothing.status, StatusCode::NOT_FOUND, "{path}");
            assert!(nothing.body.contains("There is no such page"), "{path}: {}", nothing.body);
            assert!(nothing.body.contains(&format!(r#"href="{base}/boards/main""#)), "{path}");
            assert_eq!(nothing.header("vary"), "accept", "{path}");
            check_static(&server, &nothing).await;
        }
    }
}

#[tokio::test]
async fn programs_get_problems_for_nothing() {
    let server = TestServer::new().await;
    for (method, accept) in [
        (Method::GET, ""),
        (Method::GET, "*/*"),
        (Method::GET, "application/json"),
        (Method::GET, "text/event-stream"),
        (Method::HEAD, "*/*"),
        (Method::POST, "text/html"),
    ] {
        for path in ["/nothing", "/boards/none", "/boards/none/flights/X1"] {
            let request = Request::builder().method(&method).uri(path).header("accept", accept);
            let answer = server.request(request.body(Body::empty()).unwrap()).await;
            let expected = if method == Method::POST && path != "/nothing" { 405 } else { 404 };
            assert_eq!(answer.status.as_u16(), expected, "{method} {path}");
            assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
            if method != Method::POST {
                assert!(answer.header("vary").contains("accept"), "{method} {accept} {path}");
            }
        }
    }
}

#[tokio::test]
async fn boards_page_lists_boards() {
    let server = TestServer::new().await;
    let settings = json!({
        "title": "<b>Abflüge", "kind": "departures", "airport": "HKG", "timeZone": "Asia/Hong_Kong",
    });
    server.send("PUT", "/boards/out", settings).await;
    for number in 1..4 {
        let path = format!("/boards/out/flights/CX{number}");
        server.send("PUT", &path, json!({"destination": "LHR"})).await;
    }
    server.send("PUT", "/boards/old", json!({"title": "Old"})).await;
    server.send("DELETE", "/boards/old", json!({})).await;

    let list = page(&server, "/boards").await;
    assert_eq!((list.status, list.header("cache-control")), (StatusCode::OK, "no-cache"));
    check_static(&server, &list).await;
    let row = list.body.split("<tr>").find(|row| row.contains("/boards/out\"")).unwrap();
    for text in ["&lt;b&gt;Abflüge", "Hong Kong", "departures", r#"class="number">3<"#, "HKT"] {
        assert!(row.contains(text), "{text}: {row}");
    }
    assert!(list.body.contains("old, closed"), "{}", list.body);

    let json = server.get("/boards").await;
    assert_eq!(json.json()["boards"].as_array().unwrap().len(), 3);
    assert!(json.header("vary").contains("accept"));
}

#[tokio::test]
async fn unknown_boards_name_the_others() {
    let server = TestServer::new().await;
    server.send("PUT", "/boards/out", json!({"title": "Departures"})).await;
    for path in ["/boards/none", "/boards/none/wall", "/boards/none/flights/X1"] {
        let absent = page(&server, path).await;
        assert_eq!(absent.status, StatusCode::NOT_FOUND, "{path}");
        for text in ["<script", "There is no such board", r#"href="/boards/out""#] {
            assert!(absent.body.contains(text), "{path} {text}: {}", absent.body);
        }
    }
}

#[tokio::test]
async fn private_boards_are_listed_by_right() {
    let file = TokenFile::new();
    let server = TestServer::with(file.settings()).await;
    file.open_hall(&server, true).await;
    for path in ["/boards", "/nothing"] {
        let without = page(&server, path).await;
        assert!(!without.body.contains("/boards/hall"), "{path}");
        let with = page_with(&server, path, Some(cookie(&file.follower))).await;
        assert!(with.body.contains("/boards/hall"), "{path}: {}", with.body);
        assert!(with.header("cache-control").contains("private"), "{path}");
    }
}

#[tokio::test]
async fn crawlers_and_browsers_get_files() {
    for base in ["", "/board"] {
        let base_path = base.parse().unwrap();
        let server = TestServer::with(Settings { base_path, ..Settings::default() }).await;
        let robots = server.get("/robots.txt").await;
        assert!(robots.header("content-type").starts_with("text/plain"));
        let expected = format!(
            "User-agent: *\nDisallow: {base}/events\nDisallow: {base}/boards/*/events\nDisallow: {base}/boards/*/desk\n"
        );
        assert_eq!(robots.body, expected);
        let icon = server.get(&format!("{base}/favicon.ico")).await;
        assert_eq!((icon.status, icon.header("content-type")), (StatusCode::OK, "image/x-icon"));
        assert!(icon.body.starts_with("\0\0\u{1}\0"));
    }
}
