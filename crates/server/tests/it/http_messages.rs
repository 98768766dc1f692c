//! Rules for whole messages (RFC 9110, RFC 9112), each on both paths: for a stream, which the fast path
//! recognises, and for other requests, which hyper serves.

use std::time::Duration;

use serde_json::json;
use server::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::socket_server::{SocketServer, each_write_path, serve};

async fn connect(server: &SocketServer, request: &str) -> TcpStream {
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    socket
}

/// Reads until `end` has arrived, or the server closes.
async fn read_to(socket: &mut TcpStream, end: &str) -> String {
    let mut bytes = Vec::new();
    let reading = async {
        while !String::from_utf8_lossy(&bytes).contains(end) {
            if socket.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), reading).await.expect("the response arrives");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Sends a request and reads the head of the response.
async fn head_of(server: &SocketServer, request: &str) -> String {
    read_to(&mut connect(server, request).await, "\r\n\r\n").await
}

/// Sends a request and reads all responses until the server closes.
async fn whole_answer(server: &SocketServer, request: &str) -> String {
    read_to(&mut connect(server, request).await, "\0").await
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

fn has_header(answer: &str, line: &str) -> bool {
    let (head, _) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    head.lines().any(|shown| shown.eq_ignore_ascii_case(line))
}

async fn start(settings: Settings) -> SocketServer {
    let server = serve(settings).await;
    server.direct.put_rows(0..3).await;
    server.direct.send("PUT", "/boards/closed", json!({})).await;
    server.direct.send("DELETE", "/boards/closed", json!(null)).await;
    server
}

/// RFC 9112, section 3.2.
#[tokio::test]
async fn hosts_are_required_and_unique() {
    let cases = [
        ("HTTP/1.1", "Host: x", 200),
        ("HTTP/1.1", "Host:", 200),
        ("HTTP/1.1", "hOsT: [::1]:5000", 200),
        ("HTTP/1.1", "X: y", 400),
        ("HTTP/1.1", "Host: localhost\r\nHost: x", 400),
        ("HTTP/1.1", "Host: localhost\r\nhost: y", 400),
        ("HTTP/1.1", "Host: a b", 400),
        ("HTTP/1.1", "Host: x/y", 400),
        ("HTTP/1.1", "Host: u@x", 400),
        ("HTTP/1.1", "Host: x:port", 400),
        ("HTTP/1.0", "X: y", 200),
        ("HTTP/1.0", "Host: x", 200),
        ("HTTP/1.0", "Host: localhost\r\nHost: x", 400),
    ];
    for settings in each_write_path(Settings::default()) {
        let server = start(settings).await;
        for path in ["/events", "/healthz", "http://x/events", "http://x/healthz"] {
            for (version, host, expected) in cases {
                let request = format!("GET {path} {version}\r\n{host}\r\n\r\n");
                let end = if expected == 200 { "\r\n\r\n" } else { "}" };
                let answer = read_to(&mut connect(&server, &request).await, end).await;
                assert_eq!(status(&answer), expected, "{request}{answer}");
                let is_named = answer.contains("\"field\":\"Host\"");
                assert_eq!(is_named, expected == 400, "{answer}");
            }
        }
    }
}

/// RFC 9112, section 9.6; a list by RFC 9110, section 7.6.1.
#[tokio::test]
async fn connection_options_are_a_list() {
    let cases = [
        ("Connection: close", true),
        ("Connection: Close", true),
        ("Connection: keep-alive, close", true),
        ("Connection: close,keep-alive", true),
        ("Connection: keep-alive\r\nConnection: close", true),
        ("connection: close\r\nConnection: Keep-Alive", true),
        ("Connection: x-close, keep-alive", false),
        ("Connection: Keep-Alive , keep-alive", false),
        ("Connection: ,", false),
        ("X: close", false),
    ];
    for settings in each_write_path(Settings::default()) {
        let server = start(settings).await;
        for path in ["/events", "/healthz"] {
            for (options, closes) in cases {
                let request =
                    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{options}\r\n\r\n");
                let answer = head_of(&server, &request).await;
                assert_eq!(status(&answer), 200, "{answer}");
                assert_eq!(has_header(&answer, "connection: close"), closes, "{request}{answer}");
                assert!(!has_header(&answer, "connection: keep-alive, close"), "{answer}");
                if closes && path == "/healthz" {
                    // The server closes, although the client does not.
                    whole_answer(&server, &request).await;
                }
            }
        }
    }
}

/// RFC 9112, section 9.6: a client may close its sending side and wait for the response.
#[tokio::test]
async fn half_closed_clients_get_whole_answers() {
    for settings in each_write_path(Settings::default()) {
        let server = start(settings).await;
        let row = |n: u32| {
            let data = json!({ "flight": format!("B{n}"), "remark": "x".repeat(190) });
            json!({ "event": "flightAddition", "data": data }).to_string()
        };
        let lines: Vec<_> = (0..10_000).map(row).collect();
        server.direct.send_lines("main", &lines.join("\n")).await;
        let expected = server.direct.get("/boards/main/flights").await.body;
        assert!(expected.len() > 2_000_000);
        for (version, options) in
            [("1.1", "Host: x"), ("1.1", "Host: localhost\r\nConnection: close"), ("1.0", "X: y")]
        {
            let request = format!("GET /boards/main/flights HTTP/{version}\r\n{options}\r\n\r\n");
            let mut socket = connect(&server, &request).await;
            socket.shutdown().await.unwrap();
            // Later than the kernel's buffers are full.
            tokio::time::sleep(Duration::from_millis(50)).await;
            let answer = read_to(&mut socket, "\0").await;
            let (_, body) = answer.split_once("\r\n\r\n").unwrap();
            assert_eq!(body.len(), expected.len(), "{options}");
        }
    }
}

#[tokio::test]
async fn half_closed_followers_stay() {
    for settings in each_write_path(Settings::default()) {
        let server = start(settings).await;
        for options in
            ["HTTP/1.1\r\nHost: x", "HTTP/1.1\r\nHost: localhost\r\nConnection: close", "HTTP/1.0"]
        {
            let mut socket = connect(&server, &format!("GET /events {options}\r\n\r\n")).await;
            socket.shutdown().await.unwrap();
            let opening = read_to(&mut socket, "event: heartbeat").await;
            assert!(opening.contains("event: timetable"), "{opening}");
            let id = server.direct.put_gate("main", "T0", options).await;
            let change = read_to(&mut socket, &id).await;
            assert!(change.contains(&id), "{options}: {change}");
            drop(socket);
            // The kernel of a peer that has left says so only when it gets more bytes, and to a task
            // only with the next ones.
            for gate in 0..1_000 {
                if server.direct.followers("main").await == 0 {
                    break;
                }
                server.direct.put_gate("main", "T0", &gate.to_string()).await;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            server.wait_followers(0).await;
        }
    }
}

/// All URLs, with any number of slashes at the end. Streams are never redirected.
#[tokio::test]
async fn trailing_slashes_are_ignored() {
    let cases = [
        ("GET", "/events", 200),
        ("GET", "/boards", 200),
        ("GET", "/boards/main", 200),
        ("GET", "/boards/main/events", 200),
        ("GET", "/boards/main/flights", 200),
        ("GET", "/boards/main/flights/T0", 200),
        ("GET", "/healthz", 200),
        ("GET", "/readyz", 200),
        ("GET", "/metrics", 200),
        ("GET", "/openapi.json", 200),
        ("GET", "/boards/none/events", 404),
        ("GET", "/boards/closed/events", 204),
        ("GET", "/nothing", 404),
        ("DELETE", "/boards/main/flights/T1", 204),
        ("DELETE", "/events", 405),
    ];
    for settings in each_write_path(Settings::default()) {
        for slashes in ["", "/", "//", "/?lastEventId="] {
            let server = start(settings.clone()).await;
            for (method, path, expected) in cases {
                if slashes.contains('?') && (method, expected) != ("GET", 200) {
                    continue;
                }
                if slashes.contains('?') && path.contains("/flights/") {
                    continue;
                }
                let request =
                    format!("{method} {path}{slashes} HTTP/1.1\r\nHost: localhost\r\n\r\n");
                let answer = head_of(&server, &request).await;
                assert_eq!(status(&answer), expected, "{request}{answer}");
                let is_stream = path.ends_with("/events") && expected == 200;
                assert_eq!(has_header(&answer, "content-type: text/event-stream"), is_stream);
            }
        }
    }
}

/// RFC 3986, section 6.2.2.2.
#[tokio::test]
async fn escaped_paths_are_equivalent() {
    for settings in each_write_path(Settings::default()) {
        let server = start(settings).await;
        for (path, expected) in [
            ("/%65vents", 200),
            ("/boards/%4dain/events", 200),
            ("/%62oards/main/flights/%540", 200),
            ("/boards/main%2Fevents", 404),
            ("/boards/%00/events", 404),
            ("/boards/%ff/events", 404),
            ("/boards/main/flights/%2e%2e", 422),
        ] {
            let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
            let answer = head_of(&server, &request).await;
            assert_eq!(status(&answer), expected, "{request}{answer}");
        }
    }
}

/// RFC 9112, sections 6.1 and 6.3: no two readings of where a request ends.
#[tokio::test]
async fn ambiguous_lengths_end_the_connection() {
    let put = "PUT /boards/main/flights/T0 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    let hidden = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let cases = [
        ("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 200),
        ("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 200),
        ("Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 200),
        ("Transfer-Encoding: chunked, identity\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 400),
        ("Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}", 400),
        ("Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
        ("Content-Length: 2, 3\r\n\r\n{}", 400),
        ("Content-Length: +2\r\n\r\n{}", 400),
        ("Content-Length: -2\r\n\r\n{}", 400),
        ("Content-Length : 2\r\n\r\n{}", 400),
        ("Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n", 400),
    ];
    for settings in each_write_path(Settings::default()) {
        let server = start(settings).await;
        for (rest, expected) in cases {
            let request = format!("{put}{rest}{hidden}");
            let answer = whole_answer(&server, &request).await;
            assert_eq!(status(&answer), expected, "{request}\n{answer}");
            assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{request}\n{answer}");
        }
        let old = "GET /events HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
        assert_eq!(status(&head_of(&server, old).await), 400);
        // A stream's request with a body is no plain request for a stream.
        let body = "GET /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(status(&head_of(&server, body).await), 200);
    }
}

/// RFC 9110, section 10.1.1: a refusal comes instead of 100.
#[tokio::test]
async fn refused_bodies_are_not_asked_for() {
    let put = "PUT /boards/main/flights/T0 HTTP/1.1\r\nHost: localhost\r\n";
    let cases = [
        ("Content-Type: application/json\r\nContent-Length: 2", "100-continue", 100),
        ("Content-Type: application/json\r\nContent-Length: 2", "100-Continue", 100),
        ("Content-Type: text/plain\r\nContent-Length: 2", "100-continue", 415),
        ("Content-Type: application/json\r\nContent-Length: 999999", "100-continue", 413),
        (
            "Content-Type: application/json\r\nContent-Encoding: br\r\nContent-Length: 2",
            "100-continue",
            415,
        ),
        ("Content-Type: application/json\r\nContent-Length: 2", "a-miracle", 417),
    ];
    for settings in each_write_path(Settings::default()) {
        let server = start(settings).await;
        for (headers, expectation, expected) in cases {
            let request = format!("{put}{headers}\r\nExpect: {expectation}\r\n\r\n");
            let mut socket = connect(&server, &request).await;
            let first = read_to(&mut socket, "\r\n\r\n").await;
            assert_eq!(status(&first), expected, "{request}{first}");
            if expected == 100 {
                socket.write_all(b"{}").await.unwrap();
                let answer = read_to(&mut socket, "\r\n\r\n").await;
                assert_eq!(status(&answer), 200, "{answer}");
            }
        }
        let stream = "GET /events HTTP/1.1\r\nHost: localhost\r\nExpect: a-miracle\r\n\r\n";
        assert_eq!(status(&head_of(&server, stream).await), 417);
    }
}

/// RFC 9110, section 8.6, and RFC 9112, section 6.3.
#[tokio::test]
async fn answers_without_content_have_no_length() {
    for settings in each_write_path(Settings::default()) {
        let server = start(settings).await;
        let tag = server.direct.get("/boards/main/flights").await.header("etag").to_owned();
        for version in ["1.0", "1.1"] {
            for (method_and_path, header, expected) in [
                ("GET /boards/closed/events", "X: y".to_owned(), 204),
                ("DELETE /boards/main/flights/T2", "X: y".to_owned(), 204),
                ("GET /boards/main/flights", format!("If-None-Match: {tag}"), 304),
                ("HEAD /boards/main/flights", format!("If-None-Match: {tag}"), 304),
            ] {
                server.direct.send("PUT", "/boards/main/flights/T2", json!({})).await;
                let tag_now = server.direct.get("/boards/main/flights").await;
                let header = header.replace(&tag, tag_now.header("etag"));
                let request = format!(
                    "{method_and_path} HTTP/{version}\r\nHost: localhost\r\n{header}\r\n\r\n"
                );
                let answer = head_of(&server, &request).await;
                assert_eq!(status(&answer), expected, "{request}{answer}");
                assert!(!answer.to_lowercase().contains("content-length"), "{request}{answer}");
                assert!(!answer.to_lowercase().contains("transfer-encoding"), "{answer}");
            }
        }
    }
}

/// RFC 9112, section 9.3: HTTP/1.0 is persistent only if both sides say so and the body has a length.
#[tokio::test]
async fn old_clients_get_delimited_bodies() {
    for settings in each_write_path(Settings::default()) {
        let server = start(settings).await;
        for (path, options, keeps) in [
            ("/events", "X: y", false),
            ("/events", "Connection: keep-alive", false),
            ("/boards/main/flights", "X: y", false),
            ("/boards/main/flights", "Connection: keep-alive", true),
            ("/boards/closed/events", "Connection: keep-alive", true),
        ] {
            let request = format!("GET {path} HTTP/1.0\r\n{options}\r\n\r\n");
            let answer = head_of(&server, &request).await;
            assert!(answer.starts_with("HTTP/1.0 "), "{answer}");
            assert_eq!(has_header(&answer, "connection: keep-alive"), keeps, "{request}{answer}");
            assert!(!answer.to_lowercase().contains("transfer-encoding"), "{answer}");
            if keeps {
                let twice = format!("{request}GET {path} HTTP/1.0\r\n\r\n");
                let answer = whole_answer(&server, &twice).await;
                assert_eq!(answer.matches("HTTP/1.0 20").count(), 2, "{answer}");
            }
        }
    }
}

/// RFC 9110, sections 9.3.2, 9.3.7 and 15.5.6.
#[tokio::test]
async fn methods_follow_the_standard() {
    for settings in each_write_path(Settings::default()) {
        let server = start(settings).await;
        for (request, expected, header) in [
            ("POST /events", 405, "allow: GET,HEAD"),
            ("PATCH /boards/main", 405, "allow: GET,HEAD,PUT,DELETE"),
            ("POST /boards/main/flights/T0", 405, "allow: GET,HEAD,PUT,PATCH,DELETE"),
            ("HEAD /events", 200, "content-type: text/event-stream"),
            ("HEAD /healthz", 200, "content-length: 18"),
            ("OPTIONS *", 200, ""),
            ("OPTIONS /events", 200, ""),
            ("TRACE /events", 405, ""),
            ("BREW /events", 405, "allow: GET,HEAD"),
            ("GET *", 404, ""),
        ] {
            let bytes =
                format!("{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            let answer = whole_answer(&server, &bytes).await;
            assert_eq!(status(&answer), expected, "{request}: {answer}");
            assert!(header.is_empty() || has_header(&answer, header), "{request}: {answer}");
            if request.starts_with("HEAD") {
                assert!(answer.ends_with("\r\n\r\n"), "{request}: {answer}");
            }
        }
    }
}
