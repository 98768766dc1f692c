//! Streams are the same on both paths: written by the reactor, and by a task each.

use std::time::Duration;

use serde_json::json;
use server::{OriginSettings, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::socket_server::{SocketServer, each_write_path, serve};

/// Sends `request` and reads until `end` arrives or the connection ends.
async fn ask(server: &SocketServer, request: &str, end: &str) -> String {
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    read_to(&mut socket, end).await
}

pub(crate) async fn read_to(socket: &mut TcpStream, end: &str) -> String {
    let mut bytes = Vec::new();
    let reading = async {
        while !String::from_utf8_lossy(&bytes).contains(end) {
            if socket.read_buf(&mut bytes).await.unwrap() == 0 {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), reading).await.expect("the response arrives");
    String::from_utf8(bytes).unwrap()
}

/// Normalises a response: sorts its headers and removes the parts that vary.
fn normalise(answer: &str) -> String {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<_> = head.lines().map(without_digits).collect();
    lines[1..].sort();
    format!("{}\n\n{}", lines.join("\n"), without_digits(body))
}

/// Removes times, ids and lengths.
fn without_digits(line: &str) -> String {
    if line.starts_with("date: ") {
        return "date".to_owned();
    }
    line.split(|letter: char| letter.is_ascii_hexdigit()).filter(|part| !part.is_empty()).collect()
}

#[tokio::test]
async fn both_paths_respond_alike() {
    let mut requests: Vec<_> = [
        "GET /events HTTP/1.1\r\nHost: x\r\n",
        "GET /Boards/MAIN/Events HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n",
        "GET /events?padding=true HTTP/1.1\r\nHost: x\r\nOrigin: https://a.example\r\n",
        "GET /events HTTP/1.1\r\nHost: x\r\nOrigin: https://b.example\r\n",
        "GET /events?lastEventId=nonsense HTTP/1.1\r\nHost: x\r\n",
        "GET /events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 00000000-1\r\n",
        "GET /events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n",
        "GET /boards/none/events HTTP/1.1\r\nHost: x\r\n",
        "GET /boards/a/b/events HTTP/1.1\r\nHost: x\r\n",
        "GET /boards/%zz/events HTTP/1.1\r\nHost: x\r\n",
        "GET /boards/closed/events HTTP/1.1\r\nHost: x\r\n",
        "GET /healthz HTTP/1.1\r\nHost: x\r\n",
        "HEAD /events HTTP/1.1\r\nHost: x\r\n",
        "GET /events HTTP/1.0\r\n",
        "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /events HTTP/1.1\r\nHost: x\r\n",
        "not HTTP\r\n",
        "\u{16}\u{3}\u{1}\0\0 a TLS client hello\r\n",
    ]
    .map(|head| format!("{head}\r\n"))
    .into();
    requests.push(format!("GET /events HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "y".repeat(9_000)));
    let allow_origins = vec!["https://a.example".parse().unwrap()];
    let origins = OriginSettings { allow_origins, ..Default::default() };
    let mut answers = Vec::new();
    for settings in each_write_path(Settings { origins, ..Settings::default() }) {
        let server = serve(settings).await;
        server.direct.put_rows(0..3).await;
        server.direct.send("PUT", "/boards/closed", json!({})).await;
        server.direct.send("DELETE", "/boards/closed", json!(null)).await;
        let mut responses = Vec::new();
        for request in &requests {
            // The end of an event, of a problem, or of a head without a body.
            let streams = request.contains("events ") && !request.contains("boards/");
            let end =
                if streams && !request.starts_with("HEAD") { "\"flights\":[{" } else { "\r\n\r\n" };
            let answer = ask(&server, request, end).await;
            responses.push((request.clone(), normalise(&answer)));
        }
        answers.push(responses);
    }
    let [by_tasks, by_reactor, by_io_uring] = &answers[..] else { panic!("three write paths") };
    assert_eq!(by_tasks, by_reactor);
    assert_eq!(by_tasks, by_io_uring);
}

#[tokio::test]
async fn replay_ends_with_a_heartbeat() {
    for settings in each_write_path(Settings::default()) {
        let server = serve(settings).await;
        server.direct.put_rows(0..2).await;
        let seen = server.direct.put_rows(2..3).await;
        for missed in [0, 5] {
            let newest = if missed == 0 {
                seen.clone()
            } else {
                server.direct.put_rows(3..3 + missed).await
            };
            let request = format!("GET /events?lastEventId={seen} HTTP/1.1\r\nHost: x\r\n\r\n");
            let head = format!("\"head\":\"{newest}\"");
            let text = ask(&server, &request, &head).await;
            assert!(text.contains("event: heartbeat\n") && text.contains(&head), "{text}");
            assert_eq!(text.matches("event: ").count(), missed as usize + 1, "{text}");
            assert!(!text.contains("\r\n\n"), "a blank line before the first event: {text}");
        }
    }
}

#[tokio::test]
async fn rejected_streams_keep_the_connection() {
    for settings in each_write_path(Settings::default()) {
        let server = serve(settings).await;
        let mut socket = TcpStream::connect(server.address).await.unwrap();
        for (path, expected) in [
            ("/boards/none/events", "404 Not Found"),
            ("/healthz", "200 OK"),
            ("/boards/none/events", "404 Not Found"),
            ("/events", "event: timetable"),
        ] {
            let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
            socket.write_all(request.as_bytes()).await.unwrap();
            let answer = read_to(&mut socket, expected).await;
            assert!(answer.contains(expected), "{answer}");
        }
    }
}

#[tokio::test]
async fn excess_followers_are_counted_once() {
    for settings in each_write_path(Settings { max_followers: 1, ..Settings::default() }) {
        let server = serve(settings).await;
        let _admitted = server.follow().await;
        server.wait_followers(1).await;
        let mut late = server.follow().await;
        let mut text = String::new();
        late.read_to_string(&mut text).await.unwrap();
        assert!(text.contains("connection: close") && text.contains("retry: "), "{text}");
        assert_eq!(server.metric("flightboard_streams_turned_away_total").await, 1);
    }
}

#[tokio::test]
async fn requests_in_pieces_are_answered() {
    let request = b"GET /events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: nonsense\r\n\r\n";
    for settings in each_write_path(Settings::default()) {
        let server = serve(settings).await;
        for pieces in [2, 5, 20, request.len()] {
            let mut socket = TcpStream::connect(server.address).await.unwrap();
            socket.set_nodelay(true).unwrap();
            for piece in request.chunks(request.len().div_ceil(pieces)) {
                socket.write_all(piece).await.unwrap();
                tokio::time::sleep(Duration::from_millis(8)).await;
            }
            let answer = read_to(&mut socket, r#""reason":"unknown""#).await;
            assert!(answer.contains(r#""reason":"unknown""#), "{answer}");
        }
    }
}

#[tokio::test]
async fn closing_a_board_ends_its_streams() {
    for settings in each_write_path(Settings::default()) {
        let server = serve(settings).await;
        server.direct.send("PUT", "/boards/gone", json!({})).await;
        let request = "GET /boards/gone/events HTTP/1.1\r\nHost: x\r\n\r\n";
        let mut socket = TcpStream::connect(server.address).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        let opening = read_to(&mut socket, "event: timetable").await;
        assert!(opening.contains("event: timetable"), "{opening}");
        server.direct.send("DELETE", "/boards/gone?reason=moved", json!(null)).await;
        let text = read_to(&mut socket, "\r\n0\r\n\r\n").await;
        assert!(
            text.contains("event: closedConnection") && text.ends_with("\r\n0\r\n\r\n"),
            "{text}"
        );
        assert_eq!(server.direct.followers("gone").await, 0);
        let again = ask(&server, request, "\r\n\r\n").await;
        assert!(again.starts_with("HTTP/1.1 204 No Content\r\n"), "{again}");
    }
}

#[tokio::test]
async fn acknowledged_updates_precede_the_end() {
    for settings in each_write_path(Settings::default()) {
        let server = serve(settings).await;
        let sockets = server.follow_many(20).await;
        let id = server.direct.put_rows(1..2).await;
        server.stop.send(()).unwrap();
        server.serving.await.unwrap();
        for mut socket in sockets {
            let mut text = String::new();
            socket.read_to_string(&mut text).await.unwrap();
            let shown = text.rfind(&format!("id: {id}\n")).expect("the stream has the event");
            assert!(shown < text.rfind("retry: ").unwrap() && text.ends_with("\r\n0\r\n\r\n"));
        }
    }
}

#[tokio::test]
async fn simultaneous_followers_all_get_rows() {
    for settings in each_write_path(Settings::default()) {
        let server = serve(settings).await;
        server.direct.put_rows(0..3).await;
        let mut sockets = Vec::new();
        for _ in 0..300 {
            sockets.push(server.follow().await);
        }
        for socket in &mut sockets {
            let text = read_to(socket, "event: timetable").await;
            assert!(text.contains("event: timetable"), "{text}");
        }
        let id = server.direct.put_rows(3..4).await;
        for socket in &mut sockets {
            let text = read_to(socket, &id).await;
            assert!(text.contains(&id), "{text}");
        }
    }
}
