//! Responses before the journal is open.

use http::StatusCode;
use server::{Listener, OriginSettings, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};

/// Sends a request on a new connection and reads to its end.
async fn send(address: std::net::SocketAddr, request: &str) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(format!("{request}\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn startup_reports_not_ready() {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let listeners = [Listener::plain(socket).unwrap()];
    let address = listeners[0].address();
    let (reason, reason_receiver) = watch::channel("connecting".to_owned());
    let (ready, is_ready) = oneshot::channel();
    let settings = Settings {
        origins: OriginSettings {
            allow_origins: vec!["https://a.example".parse().unwrap()],
            ..Default::default()
        },
        base_path: "/board".parse().unwrap(),
        ..Default::default()
    };
    let waiting = tokio::spawn(async move {
        let journal =
            server::serve_until_ready(&listeners, &settings, reason_receiver, is_ready).await;
        (journal, listeners)
    });
    let own = "GET /readyz HTTP/1.1\r\nHost: localhost";
    let head = " HTTP/1.1\r\nHost: localhost\r\nOrigin: https://a.example";
    for (request, status, words) in [
        ("GET /healthz", StatusCode::OK, vec!["alive"]),
        ("GET /readyz", StatusCode::SERVICE_UNAVAILABLE, vec!["not ready"]),
        ("GET /events?token=x", StatusCode::BAD_REQUEST, vec!["Token in the URL"]),
        ("GET /board/readyz", StatusCode::SERVICE_UNAVAILABLE, vec!["not ready"]),
        ("GET /boards", StatusCode::SERVICE_UNAVAILABLE, vec!["retry-after: 5", "retry later"]),
        (
            "PUT /boards/main",
            StatusCode::SERVICE_UNAVAILABLE,
            vec!["problem+json", "the server is starting"],
        ),
        ("GET /events", StatusCode::OK, vec!["text/event-stream", "\r\n\r\nretry: "]),
        ("GET /Boards/main/Events?lastEventId=x", StatusCode::OK, vec!["\r\n\r\nretry: "]),
        ("GET /Board/Healthz", StatusCode::OK, vec!["alive"]),
        ("GET /board/boards", StatusCode::SERVICE_UNAVAILABLE, vec!["retry later"]),
        ("GET /board/events", StatusCode::OK, vec!["\r\n\r\nretry: "]),
    ] {
        let answer = send(address, &format!("{request}{head}")).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {}", status.as_u16())), "{answer}");
        let words = words.into_iter().chain([
            "connection: close",
            "https://a.example",
            "x-content-type-options: nosniff\r\n",
            "referrer-policy: same-origin\r\n",
            "content-security-policy: default-src 'none'; frame-ancestors 'none'\r\n",
        ]);
        words.for_each(|word| assert!(answer.contains(word), "{word}: {answer}"));
    }
    let malformed = send(address, "GET").await;
    assert!(malformed.starts_with("HTTP/1.1 400 ") && malformed.contains("nosniff"), "{malformed}");
    assert!(send(address, own).await.contains("connecting"));
    for foreign in
        [format!("GET /readyz{head}"), "GET /readyz HTTP/1.1\r\nHost: board.example".to_owned()]
    {
        let foreign = send(address, &foreign).await;
        assert!(foreign.contains("not ready") && !foreign.contains("connecting"), "{foreign}");
    }
    reason.send_replace("still connecting".to_owned());
    assert!(send(address, own).await.contains("still connecting"));
    ready.send("the journal").unwrap();
    let (journal, _listeners) = waiting.await.unwrap();
    assert_eq!(journal, Ok("the journal"), "the caller gets the listeners back");
}
