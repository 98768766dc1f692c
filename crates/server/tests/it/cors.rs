//! Pages of allowed origins may call the API, and no others.

use axum::body::Body;
use axum::extract::Request;
use http::StatusCode;
use server::{OriginSettings, Settings};

use crate::test_server::{TestResponse, TestServer};

async fn with_origins(origins: &[&str]) -> TestServer {
    let allow_origins = origins.iter().map(|origin| origin.parse().unwrap()).collect();
    let origins = OriginSettings { allow_origins, ..Default::default() };
    TestServer::with(Settings { origins, ..Settings::default() }).await
}

async fn ask(server: &TestServer, method: &str, path: &str, origin: &str) -> TestResponse {
    let request = Request::builder().method(method).uri(path).header("origin", origin);
    let request = request
        .header("access-control-request-method", "PATCH")
        .header("access-control-request-headers", "content-type,last-event-id,idempotency-key");
    server.request(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn origins_are_denied_by_default() {
    let server = with_origins(&[]).await;
    for (method, path) in [("GET", "/boards"), ("OPTIONS", "/boards/main/flights/I768")] {
        let answer = ask(&server, method, path, "https://a.example").await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{method}");
    }
}

#[tokio::test]
async fn listed_origins_are_allowed() {
    let server = with_origins(&["https://a.example", "http://localhost:3000"]).await;
    for origin in ["https://a.example", "http://localhost:3000"] {
        let answer = ask(&server, "GET", "/boards", origin).await;
        assert_eq!(answer.header("access-control-allow-origin"), origin);
        let vary = answer.headers.get_all("vary").iter();
        assert!(vary.into_iter().any(|vary| vary.to_str().unwrap().contains("origin")));
    }
    let answer = ask(&server, "GET", "/boards", "https://b.example").await;
    assert_eq!(answer.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn answers_vary_beside_named_origins() {
    let server = with_origins(&["*", "https://a.example"]).await;
    for (origin, allowed) in
        [("https://a.example", "https://a.example"), ("https://b.example", "*")]
    {
        let answer = ask(&server, "GET", "/boards", origin).await;
        assert_eq!(answer.header("access-control-allow-origin"), allowed);
        let mut vary = answer.headers.get_all("vary").iter();
        assert!(vary.any(|vary| vary.to_str().unwrap().contains("origin")), "{origin}");
    }
}

#[tokio::test]
async fn details_are_for_own_pages() {
    let server = with_origins(&["*", "https://a.example"]).await;
    for (name, value, status) in [
        ("origin", "https://a.example", 404),
        ("origin", "https://b.example", 404),
        ("sec-fetch-site", "cross-site", 404),
        ("sec-fetch-site", "same-site", 404),
        ("sec-fetch-site", "same-origin", 200),
        ("sec-fetch-site", "none", 200),
        ("origin", "http://localhost:5000", 200),
    ] {
        let request = Request::get("/metrics").header("host", "localhost:5000").header(name, value);
        let answer = server.request(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status.as_u16(), status, "{name}: {value}");
    }
}

#[tokio::test]
async fn responses_and_preflights_have_headers() {
    let server = with_origins(&["*"]).await;
    for path in ["/boards", "/nowhere", "/boards/none/events"] {
        let answer = ask(&server, "GET", path, "https://a.example").await;
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert_eq!(answer.header("access-control-allow-credentials"), "", "{path}");
        assert!(answer.header("access-control-expose-headers").contains("event-id"));
    }
    let preflight = ask(&server, "OPTIONS", "/boards/main/flights/I768", "https://a.example").await;
    assert_eq!(preflight.status, StatusCode::OK);
    let allowed = preflight.header("access-control-allow-headers").to_owned();
    for header in ["content-type", "last-event-id", "idempotency-key", "if-match", "cache-control"]
    {
        assert!(allowed.contains(header), "{header} in {allowed}");
    }
}

#[tokio::test]
async fn readers_and_publishers_have_other_methods() {
    let origins = OriginSettings {
        allow_origins: vec!["*".parse().unwrap(), "https://reader.example".parse().unwrap()],
        allow_publish_origins: vec!["https://tools.example".parse().unwrap()],
        ..Default::default()
    };
    let server = TestServer::with(Settings { origins, ..Settings::default() }).await;
    let (read, publish) = ("GET,HEAD", "GET,HEAD,PUT,PATCH,POST,DELETE");
    for (path, origin, allowed, credentials, methods) in [
        ("/boards/main", "https://tools.example", "https://tools.example", "true", publish),
        ("/boards/main", "https://reader.example", "https://reader.example", "true", read),
        ("/boards/main", "https://a.example", "*", "", read),
        ("/session", "https://reader.example", "https://reader.example", "true", "POST,DELETE"),
        ("/session", "https://a.example", "*", "", read),
    ] {
        let answer = ask(&server, "OPTIONS", path, origin).await;
        assert_eq!(answer.header("access-control-allow-origin"), allowed, "{path} {origin}");
        let header = "access-control-allow-credentials";
        assert_eq!(answer.header(header), credentials, "{path} {origin}");
        assert_eq!(answer.header("access-control-allow-methods"), methods, "{path} {origin}");
    }
    // A script sees why its change was refused.
    let refused = ask(&server, "PUT", "/boards/main", "https://reader.example").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(refused.header("access-control-allow-origin"), "https://reader.example");
}

#[tokio::test]
async fn streams_have_cors_headers() {
    let server = with_origins(&["https://a.example"]).await;
    let request = Request::get("/events").header("origin", "https://a.example");
    let (_, headers, _stream) = server.open_stream(request.body(Body::empty()).unwrap()).await;
    assert_eq!(headers["access-control-allow-origin"], "https://a.example");
}
