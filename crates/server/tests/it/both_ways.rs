//! A stream is the same to its follower, whoever writes it.

use std::time::Duration;

use serde_json::json;
use server::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::served::{Served, both_ways, serve};

/// Sends `request`, and reads on until `end` has come or the connection ends.
async fn ask(served: &Served, request: &str, end: &str) -> String {
    let mut socket = TcpStream::connect(served.address).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    read_to(&mut socket, end).await
}

async fn read_to(socket: &mut TcpStream, end: &str) -> String {
    let mut bytes = Vec::new();
    let reading = async {
        while !String::from_utf8_lossy(&bytes).contains(end) {
            if socket.read_buf(&mut bytes).await.unwrap() == 0 {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), reading).await.expect("the answer comes");
    String::from_utf8(bytes).unwrap()
}

/// An answer without what is another each time, and its head in order.
fn told(answer: &str) -> String {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<_> = head.lines().map(without_digits).collect();
    lines[1..].sort();
    format!("{}\n\n{}", lines.join("\n"), without_digits(body))
}

/// Times, ids, lengths.
fn without_digits(line: &str) -> String {
    if line.starts_with("date: ") {
        return "date".to_owned();
    }
    line.split(|letter: char| letter.is_ascii_hexdigit()).filter(|part| !part.is_empty()).collect()
}

#[tokio::test]
async fn answers_are_the_same() {
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
    ]
    .map(|head| format!("{head}\r\n"))
    .into();
    requests.push(format!("GET /events HTTP/1.1\r\nX: {}\r\n\r\n", "y".repeat(9_000)));
    let allow_origins = vec!["https://a.example".parse().unwrap()];
    let mut answers = Vec::new();
    for settings in both_ways(Settings { allow_origins, ..Settings::default() }) {
        let served = serve(settings).await;
        served.house.put_rows(0..3).await;
        served.house.send("PUT", "/boards/closed", json!({})).await;
        served.house.send("DELETE", "/boards/closed", json!(null)).await;
        let mut told_here = Vec::new();
        for request in &requests {
            // What ends an event, a problem, a health, or a head that has no body.
            let streams = request.contains("events ") && !request.contains("boards/");
            let end =
                if streams && !request.starts_with("HEAD") { "\"flights\":[{" } else { "\r\n\r\n" };
            let answer = ask(&served, request, end).await;
            told_here.push((request.clone(), told(&answer)));
        }
        answers.push(told_here);
    }
    for (with_tasks, with_reactor) in answers[0].iter().zip(&answers[1]) {
        assert_eq!(with_tasks, with_reactor);
    }
}

#[tokio::test]
async fn a_connection_that_is_refused_a_stream_is_kept() {
    for settings in both_ways(Settings::default()) {
        let served = serve(settings).await;
        let mut socket = TcpStream::connect(served.address).await.unwrap();
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
async fn those_who_are_too_many_are_told_once_and_counted_once() {
    for settings in both_ways(Settings { max_followers: 1, ..Settings::default() }) {
        let served = serve(settings).await;
        let _there = served.follow().await;
        served.has_followers(1).await;
        let mut late = served.follow().await;
        let mut text = String::new();
        late.read_to_string(&mut text).await.unwrap();
        assert!(text.contains("connection: close") && text.contains("retry: "), "{text}");
        assert_eq!(served.figure("flightboard_streams_turned_away_total").await, 1);
    }
}

#[tokio::test]
async fn a_request_that_comes_in_pieces_is_answered() {
    let request = b"GET /events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: nonsense\r\n\r\n";
    for settings in both_ways(Settings::default()) {
        let served = serve(settings).await;
        for pieces in [2, 5, 20] {
            let mut socket = TcpStream::connect(served.address).await.unwrap();
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
async fn a_closed_board_is_told_last() {
    for settings in both_ways(Settings::default()) {
        let served = serve(settings).await;
        served.house.send("PUT", "/boards/gone", json!({})).await;
        let request = "GET /boards/gone/events HTTP/1.1\r\nHost: x\r\n\r\n";
        let mut socket = TcpStream::connect(served.address).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        let opening = read_to(&mut socket, "event: timetable").await;
        assert!(opening.contains("event: timetable"), "{opening}");
        served.house.send("DELETE", "/boards/gone?reason=moved", json!(null)).await;
        let text = read_to(&mut socket, "\r\n0\r\n\r\n").await;
        assert!(
            text.contains("event: closedConnection") && text.ends_with("\r\n0\r\n\r\n"),
            "{text}"
        );
        assert_eq!(served.house.followers("gone").await, 0);
        let again = ask(&served, request, "\r\n\r\n").await;
        assert!(again.starts_with("HTTP/1.1 204 No Content\r\n"), "{again}");
    }
}

#[tokio::test]
async fn what_was_answered_before_a_stop_is_shown_before_each_end() {
    for settings in both_ways(Settings::default()) {
        let served = serve(settings).await;
        let sockets = served.follow_many(20).await;
        let id = served.house.put_rows(1..2).await;
        served.stop.send(()).unwrap();
        served.serving.await.unwrap();
        for mut socket in sockets {
            let mut text = String::new();
            socket.read_to_string(&mut text).await.unwrap();
            let shown = text.rfind(&format!("id: {id}\n")).expect("it is shown");
            assert!(shown < text.rfind("retry: ").unwrap() && text.ends_with("\r\n0\r\n\r\n"));
        }
    }
}

#[tokio::test]
async fn many_that_come_at_once_all_get_their_rows() {
    for settings in both_ways(Settings::default()) {
        let served = serve(settings).await;
        served.house.put_rows(0..3).await;
        let mut sockets = Vec::new();
        for _ in 0..300 {
            sockets.push(served.follow().await);
        }
        for socket in &mut sockets {
            let text = read_to(socket, "event: timetable").await;
            assert!(text.contains("event: timetable"), "{text}");
        }
        let id = served.house.put_rows(3..4).await;
        for socket in &mut sockets {
            let text = read_to(socket, &id).await;
            assert!(text.contains(&id), "{text}");
        }
    }
}
