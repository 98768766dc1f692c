//! More tokens with slow hashes than a server checks at a time.

use access::{BoardSet, Token, TokenLine};
use axum::body::Body;
use axum::extract::Request;
use flight::PublisherName;
use futures_util::future::join_all;
use http::StatusCode;

use crate::authorisation::server_with_tokens;
use crate::test_server::{TestResponse, TestServer};

/// Far more than take turns.
const REQUESTS: usize = 100;

/// A server with a private board `hall`, and a token that somebody has chosen.
async fn server_with_hall() -> TestServer {
    let name = || PublisherName::parse("someone").unwrap();
    let publisher = Token::generate();
    let chosen = Token::parse("correct-horse-battery").unwrap();
    let lines = [
        TokenLine::new(&publisher, name()).with_publish(BoardSet::All),
        TokenLine::of_chosen(&chosen, name()).unwrap().with_follow(BoardSet::All),
    ];
    let server = server_with_tokens(&lines.map(|line| line.to_string()).join("\n")).await;
    let request = Request::put("/boards/hall").header("content-type", "application/json");
    let request = request.header("authorization", format!("Bearer {}", publisher.secret()));
    let request = request.body(Body::from(r#"{"airport":"OSL","private":true}"#)).unwrap();
    assert_eq!(server.request(request).await.status, StatusCode::CREATED);
    server
}

/// Sends requests at the same time, each with another unknown token that looks chosen. Returns the answers of those
/// whose token was not checked.
async fn unchecked(server: &TestServer, method: &str, path: &str) -> Vec<TestResponse> {
    let requests = (0..REQUESTS).map(|number| {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("content-type", "application/xml");
        let request =
            request.header("authorization", format!("Bearer wrong-token-number-{number}"));
        server.request(request.body(Body::empty()).unwrap())
    });
    let mut answers = join_all(requests).await;
    answers.retain(|answer| answer.status != StatusCode::UNAUTHORIZED);
    assert!((1..REQUESTS).contains(&answers.len()), "{}", answers.len());
    answers
}

#[tokio::test]
async fn unchecked_tokens_get_503() {
    let server = server_with_hall().await;
    for (method, path) in [
        ("GET", "/boards/hall"),
        ("GET", "/boards/hall/flights"),
        ("GET", "/boards/hall/flights/I768"),
        ("GET", "/acris/flight/osl/arrival"),
        ("PUT", "/boards/hall"),
        ("POST", "/session"),
    ] {
        for answer in unchecked(&server, method, path).await {
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}: {}", answer.body);
            assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
            assert_eq!(answer.header("retry-after"), "5", "{path}");
        }
    }
}

#[tokio::test]
async fn unchecked_messages_get_503() {
    let server = server_with_hall().await;
    for answer in unchecked(&server, "POST", "/aidx").await {
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.body);
        assert_eq!(answer.header("content-type"), "application/xml; charset=utf-8");
        assert!(answer.body.contains("too many tokens are being checked"), "{}", answer.body);
    }
}

/// A browser's `EventSource` gives up at any other status than 200.
#[tokio::test]
async fn unchecked_streams_return_later() {
    let server = server_with_hall().await;
    for answer in unchecked(&server, "GET", "/boards/hall/events").await {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert_eq!(answer.header("content-type"), "text/event-stream");
        assert!(answer.body.starts_with("retry: "), "{}", answer.body);
        assert!(!answer.body.contains("event:"), "{}", answer.body);
    }
}
