//! Changes that a page of another origin has its reader's browser send.

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use futures_util::stream;
use http::StatusCode;
use server::{HostRule, OriginSettings, Settings};

use crate::test_server::{TestResponse, TestServer};

/// Much longer than an answer takes that waits for no body.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// All changes that the API has, and an unknown URL.
const CHANGES: [(&str, &str); 10] = [
    ("PUT", "/boards/main"),
    ("DELETE", "/boards/main"),
    ("PUT", "/boards/main/flights/I768"),
    ("PATCH", "/boards/main/flights/I768"),
    ("DELETE", "/boards/main/flights/I768"),
    ("POST", "/boards/main/flights"),
    ("POST", "/aidx"),
    ("POST", "/nowhere"),
    ("POST", "/BOARDS/main/flights/"),
    ("PROPFIND", "/boards/main"),
];

const OWN_HOST: (&str, &str) = ("host", "localhost:5000");

async fn with(origins: OriginSettings) -> TestServer {
    TestServer::with(Settings { origins, ..Settings::default() }).await
}

/// Sends the head of a request. Its body never comes.
async fn send_head(
    server: &TestServer,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
) -> TestResponse {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = Body::from_stream(stream::pending::<io::Result<Bytes>>());
    let answer = server.request(request.body(body).unwrap());
    tokio::time::timeout(ANSWER_TIMEOUT, answer).await.expect("an answer without the body")
}

/// Sends a change with an empty body.
async fn change(server: &TestServer, path: &str, headers: &[(&str, &str)]) -> StatusCode {
    let mut request = Request::put(path).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    server.request(request.body(Body::from("{}")).unwrap()).await.status
}

#[tokio::test]
async fn foreign_pages_change_nothing() {
    let reader = OriginSettings {
        allow_origins: vec!["*".parse().unwrap(), "https://reader.example".parse().unwrap()],
        ..Default::default()
    };
    let open = OriginSettings { host_rule: HostRule::Any, ..reader.clone() };
    for server in [with(reader).await, with(open).await] {
        let before = server.get("/boards/main/flights").await.body;
        for request in CHANGES {
            for headers in [
                [("origin", "https://evil.example"), ("x", "")],
                [("origin", "https://reader.example"), ("x", "")],
                [("origin", "null"), ("x", "")],
                [("origin", ""), ("x", "")],
                // Another port or scheme is another origin of the same site.
                [("origin", "http://localhost:3000"), ("sec-fetch-site", "same-site")],
                [("origin", "http://localhost"), ("sec-fetch-site", "same-origin")],
                [("origin", "file://localhost:5000"), ("x", "")],
                [("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
                [("origin", "https://evil.example"), ("sec-fetch-site", "none")],
                [("origin", "http://localhost:5000"), ("sec-fetch-site", "cross-site")],
                [("sec-fetch-site", "cross-site"), ("x", "")],
                [("sec-fetch-site", "same-site"), ("x", "")],
                [("sec-fetch-site", "unknown"), ("x", "")],
            ] {
                let answer =
                    send_head(&server, request, &[&[OWN_HOST], &headers[..]].concat()).await;
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{request:?} {headers:?}");
                assert_eq!(answer.header("content-type"), "application/problem+json");
                assert_eq!(answer.json()["title"], "Foreign origin");
            }
        }
        assert_eq!(server.get("/boards/main/flights").await.body, before);
    }
}

#[tokio::test]
async fn own_pages_and_programs_may_publish() {
    let server = TestServer::new().await;
    for headers in [
        vec![],
        vec![OWN_HOST],
        vec![OWN_HOST, ("sec-fetch-site", "none")],
        vec![OWN_HOST, ("origin", "http://localhost:5000"), ("sec-fetch-site", "same-origin")],
        vec![OWN_HOST, ("origin", "http://localhost:5000")],
        vec![("host", "LOCALHOST"), ("origin", "http://localhost")],
        vec![("host", "[::1]:443"), ("origin", "https://[::1]")],
        // Behind a proxy with TLS.
        vec![OWN_HOST, ("x-forwarded-host", "127.0.0.2"), ("origin", "https://127.0.0.2")],
    ] {
        assert!(
            change(&server, "/boards/main/flights/I768", &headers).await.is_success(),
            "{headers:?}"
        );
    }
}

#[tokio::test]
async fn publishing_origins_may_publish() {
    let origin = "https://tools.example";
    let server = with(OriginSettings {
        allow_publish_origins: vec![origin.parse().unwrap()],
        ..Default::default()
    })
    .await;
    for site in ["cross-site", "same-site"] {
        let headers = [OWN_HOST, ("origin", origin), ("sec-fetch-site", site)];
        assert!(change(&server, "/boards/main/flights/I768", &headers).await.is_success());
    }
    let headers = [OWN_HOST, ("origin", "https://tools.example:444")];
    let status = change(&server, "/boards/main/flights/I768", &headers).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn foreign_hosts_change_nothing() {
    let allow_hosts = vec!["airport.example".parse().unwrap()];
    let server = with(OriginSettings { allow_hosts, ..Default::default() }).await;
    let foreign = [
        vec![("host", "evil.example:5000")],
        // The page of a name that resolves to 127.0.0.1 is of the server's own origin.
        vec![
            ("host", "evil.example:5000"),
            ("origin", "http://evil.example:5000"),
            ("sec-fetch-site", "same-origin"),
        ],
        vec![OWN_HOST, ("x-forwarded-host", "evil.example")],
        vec![OWN_HOST, ("forwarded", "host=evil.example")],
        vec![OWN_HOST, ("x-forwarded-for", "192.0.2.7")],
        vec![("host", "airport.example"), ("x-forwarded-host", "evil.example")],
    ];
    for request in CHANGES {
        for headers in &foreign {
            let answer = send_head(&server, request, headers).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{request:?} {headers:?}");
            assert_eq!(answer.json()["title"], "Foreign host");
        }
    }
    let target = "http://evil.example/boards/main/flights/I768";
    assert_eq!(change(&server, target, &[OWN_HOST]).await, StatusCode::FORBIDDEN);
    let headers = [("host", "airport.example"), ("x-forwarded-for", "192.0.2.7")];
    assert!(change(&server, "/boards/main/flights/I768", &headers).await.is_success());
    for headers in &foreign {
        let mut request = Request::get("/boards/main/flights");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = server.request(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK, "all may read: {headers:?}");
    }
}

#[tokio::test]
async fn credentials_replace_the_host_rule() {
    let server = with(OriginSettings { host_rule: HostRule::Any, ..Default::default() }).await;
    let headers = [("host", "airport.example"), ("origin", "https://airport.example")];
    assert!(change(&server, "/boards/main/flights/I768", &headers).await.is_success());
}

#[tokio::test]
async fn webhooks_have_any_host() {
    let server = TestServer::new().await;
    let request = ("POST", "/webhooks/unknown");
    let answer = send_head(&server, request, &[("host", "airport.example")]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let headers = [("host", "airport.example"), ("origin", "https://evil.example")];
    assert_eq!(send_head(&server, request, &headers).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn webhooks_have_any_query() {
    let server = TestServer::new().await;
    // The source chooses the query, whose names are those of tokens elsewhere.
    let request = ("POST", "/webhooks/unknown?token=x");
    let answer = send_head(&server, request, &[("host", "airport.example")]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}
