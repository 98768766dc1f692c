//! A server that has no journal yet.

use http::StatusCode;
use server::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};

/// Asks on a connection of its own, and reads to its end.
async fn ask(address: std::net::SocketAddr, request: &str) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(format!("{request}\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn it_is_alive_not_ready_says_why_and_stops_no_screen_for_good() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (reason, told) = watch::channel("it waits".to_owned());
    let (ready, is_ready) = oneshot::channel();
    let settings = Settings {
        allow_origins: vec!["https://a.example".parse().unwrap()],
        ..Default::default()
    };
    let waiting = tokio::spawn(async move {
        let journal = server::serve_until_ready(&listener, &settings, told, is_ready).await;
        (journal, listener)
    });
    let head = " HTTP/1.1\r\nHost: x\r\nOrigin: https://a.example";
    for (request, status, words) in [
        ("GET /healthz", StatusCode::OK, vec!["alive"]),
        ("GET /readyz", StatusCode::SERVICE_UNAVAILABLE, vec!["not ready", "it waits"]),
        ("GET /boards", StatusCode::SERVICE_UNAVAILABLE, vec!["retry-after: 5", "retry later"]),
        ("PUT /boards/main", StatusCode::SERVICE_UNAVAILABLE, vec!["problem+json", "it waits"]),
        ("GET /events", StatusCode::OK, vec!["text/event-stream", "\r\n\r\nretry: "]),
        ("GET /Boards/main/Events?lastEventId=x", StatusCode::OK, vec!["\r\n\r\nretry: "]),
    ] {
        let answer = ask(address, &format!("{request}{head}")).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {}", status.as_u16())), "{answer}");
        let words = words.into_iter().chain(["connection: close", "https://a.example"]);
        words.for_each(|word| assert!(answer.contains(word), "{word}: {answer}"));
    }
    reason.send_replace("it still waits".to_owned());
    assert!(ask(address, &format!("GET /readyz{head}")).await.contains("it still waits"));
    ready.send("the journal").unwrap();
    let (journal, _listener) = waiting.await.unwrap();
    assert_eq!(journal, Ok("the journal"), "and the listener is there for who serves");
}
