//! Behaviour that only sockets show: first bytes, disconnects, timeouts, shutdown.

use std::time::Duration;

use server::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::socket_server::{SocketServer, each_write_path, serve};

/// Far longer than any wait that ends.
const TIMEOUT: Duration = Duration::from_secs(60);

const HEALTHZ: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

#[tokio::test]
async fn first_events_come_with_the_head() {
    for settings in each_write_path(Settings::default()) {
        let server = serve(settings).await;
        let mut socket = server.follow().await;
        let mut bytes = vec![0; 16 * 1024];
        let first = socket.read(&mut bytes).await.unwrap();
        let first = String::from_utf8_lossy(&bytes[..first]).into_owned();
        assert!(first.starts_with("HTTP/1.1 200 OK\r\n"), "{first}");
        assert!(first.contains("retry: ") && first.contains("event: timetable"), "{first}");
    }
}

/// Sends `request` on a new connection, and returns it with the first bytes of the response.
async fn ask(server: &SocketServer, request: &[u8]) -> (TcpStream, String) {
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    socket.write_all(request).await.unwrap();
    let mut bytes = vec![0; 16 * 1024];
    let read = timeout(TIMEOUT, socket.read(&mut bytes)).await;
    let count = read.expect("a response").unwrap();
    (socket, String::from_utf8_lossy(&bytes[..count]).into_owned())
}

/// Reads until `text` arrives.
async fn read_until(socket: &mut TcpStream, text: &str) {
    let mut bytes = Vec::new();
    while !String::from_utf8_lossy(&bytes).contains(text) {
        let read = timeout(TIMEOUT, socket.read_buf(&mut bytes)).await;
        assert!(read.expect(text).unwrap() > 0, "the stream has ended");
    }
}

#[tokio::test]
async fn idle_connections_give_way() {
    for settings in
        each_write_path(Settings { max_followers: 2, spare_connections: 3, ..Settings::default() })
    {
        let server = serve(settings).await;
        let mut silent = TcpStream::connect(server.address).await.unwrap();
        let mut partial = TcpStream::connect(server.address).await.unwrap();
        partial.write_all(b"GET /healthz HTTP/1.1\r\nHost:").await.unwrap();
        let (mut kept, _) = ask(&server, HEALTHZ).await;
        let (mut refused, _) =
            ask(&server, b"GET /boards/a/events HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        let (mut http2, _) = ask(&server, &http2_request(200)).await;
        // Each becomes the one that is idle the longest, and gives way to another.
        let mut later = Vec::new();
        for _ in 0..12 {
            let (socket, answer) = ask(&server, HEALTHZ).await;
            assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
            later.push(socket);
        }
        let closed = server.metric("flightboard_idle_connections_closed_total").await;
        assert!(closed >= 12, "{closed} closed");
        let mut rest = Vec::new();
        for socket in [&mut silent, &mut partial, &mut kept, &mut refused] {
            // Unread bytes turn the close into a reset.
            let _ = timeout(TIMEOUT, socket.read_to_end(&mut rest)).await.expect("closed");
            assert!(rest.is_empty(), "{rest:?}");
        }
        timeout(TIMEOUT, http2.read_to_end(&mut rest)).await.expect("closed").unwrap();
        let is_goaway = |header: &[u8]| header == [0, 0, 8, 7, 0, 0, 0, 0, 0];
        assert!(rest.windows(9).any(is_goaway), "{rest:?}");
    }
}

#[tokio::test]
async fn busy_connections_keep_their_places() {
    for settings in
        each_write_path(Settings { max_followers: 2, spare_connections: 2, ..Settings::default() })
    {
        let server = serve(settings).await;
        let mut followers = server.follow_many(2).await;
        for follower in &mut followers {
            read_until(follower, "event: timetable").await;
        }
        let head =
            b"PUT /boards/main/flights/A1 HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n\
                     Content-Type: application/json\r\nContent-Length: 2\r\n\r\n";
        let (mut upload, interim) = ask(&server, head).await;
        assert!(interim.starts_with("HTTP/1.1 100 "), "{interim}");
        let mut idle = Vec::new();
        for _ in 0..5 {
            idle.push(ask(&server, HEALTHZ).await.0);
        }
        upload.write_all(b"{}").await.unwrap();
        let mut answer = [0; 1024];
        let count = upload.read(&mut answer).await.unwrap();
        assert!(answer[..count].starts_with(b"HTTP/1.1 201 Created\r\n"));
        for follower in &mut followers {
            read_until(follower, "event: flightAddition").await;
        }
    }
}

/// All places but four are used by streams and requests.
#[tokio::test]
async fn last_places_answer_requests_only() {
    for settings in each_write_path(Settings {
        max_followers: 60,
        spare_connections: 40,
        ..Settings::default()
    }) {
        let server = serve(settings).await;
        let _followers = server.follow_many(50).await;
        let head =
            b"PUT /boards/main/flights/A1 HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n\
                     Content-Type: application/json\r\nContent-Length: 2\r\n\r\n";
        let mut uploads = Vec::new();
        for _ in 0..46 {
            uploads.push(ask(&server, head).await.0);
        }
        for _ in 0..10 {
            let (_, healthy) = ask(&server, HEALTHZ).await;
            assert!(
                healthy.contains("connection: close") && healthy.contains("200 OK"),
                "{healthy}"
            );
            let (_, stream) =
                ask(&server, b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
            assert!(stream.contains("200 OK") && !stream.contains("event: "), "{stream}");
            assert!(stream.contains("connection: close"), "{stream}");
        }
        drop(uploads);
        let mut last = server.follow().await;
        server.wait_followers(51).await;
        assert!(last.read(&mut [0; 16]).await.unwrap() > 0);
    }
}

#[tokio::test]
async fn disconnected_followers_are_freed() {
    for settings in each_write_path(Settings::default()) {
        let server = serve(settings).await;
        let mut sockets = server.follow_many(20).await;
        // Half of them close, half reset the connection.
        for socket in sockets.drain(..10) {
            socket.set_zero_linger().unwrap();
        }
        server.wait_followers(10).await;
        drop(sockets);
        server.wait_followers(0).await;
    }
}

/// Sends `beginning`, then `more` each second. Returns the response, and the time until the server
/// closed the connection.
async fn trickle(server: &SocketServer, beginning: &[u8], more: &[u8]) -> (Vec<u8>, Duration) {
    let (mut reader, mut writer) = TcpStream::connect(server.address).await.unwrap().into_split();
    writer.write_all(beginning).await.unwrap();
    let start = Instant::now();
    let more = more.to_owned();
    let writes = tokio::spawn(async move {
        while writer.write_all(&more).await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    let mut answer = Vec::new();
    // A reset ends the connection too.
    let _ = timeout(Duration::from_secs(600), reader.read_to_end(&mut answer)).await;
    writes.abort();
    (answer, start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn unfinished_first_requests_time_out() {
    for settings in each_write_path(Settings::default()) {
        let server = serve(settings).await;
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        let settings_of_http2 = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        for beginning in [
            &b""[..],
            b"G",
            b"GET /events HTTP/1.1\r\nHost:",
            b"GET /healthz HTTP/1.1\r\nHost:",
            &preface[..10],
            preface,
            &[&preface[..], &settings_of_http2].concat(),
        ] {
            let (_, after) = trickle(&server, beginning, b"").await;
            let shown = String::from_utf8_lossy(beginning);
            assert!((29..=31).contains(&after.as_secs()), "{shown}: {after:?}");
        }
        assert_eq!(server.direct.followers("main").await, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn trickled_heads_get_no_extra_time() {
    for settings in each_write_path(Settings::default()) {
        let server = serve(settings).await;
        for path in ["/events", "/healthz"] {
            let beginning = format!("GET {path} HTTP/1.1\r\nX: ");
            let (_, after) = trickle(&server, beginning.as_bytes(), b"y").await;
            assert!((29..=31).contains(&after.as_secs()), "{path}: {after:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn unfinished_later_requests_time_out() {
    for settings in each_write_path(Settings::default()) {
        let server = serve(settings).await;
        for next in ["", "G", "GET /events HTTP/1.1\r\nX: y"] {
            let asked = format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n{next}");
            let (answer, after) = trickle(&server, asked.as_bytes(), b"").await;
            assert!(answer.starts_with(b"HTTP/1.1 200 "));
            assert!((29..=31).contains(&after.as_secs()), "{next}: {after:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn long_heads_get_431() {
    for settings in each_write_path(Settings::default()) {
        let server = serve(settings).await;
        for path in ["/events", "/healthz"] {
            let head = format!("GET {path} HTTP/1.1\r\nX: {}", "y".repeat(70_000));
            let (answer, after) = trickle(&server, head.as_bytes(), b"").await;
            // Unread bytes turn the close into a reset, which may overtake the response.
            let answer = String::from_utf8(answer).unwrap();
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
            assert!(after < Duration::from_secs(20), "closed without waiting: {after:?}");
        }
    }
}

/// Returns the bytes of an HTTP/2 connection (RFC 9113, RFC 7541) with one request, which has a header
/// of `header_bytes` bytes.
fn http2_request(header_bytes: usize) -> Vec<u8> {
    let frame = |kind: u8, flags: u8, stream: u8, payload: &[u8]| {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
    };
    // GET http://x/healthz, and the header `a`, whose length starts with a prefix of seven bits.
    let mut block = b"\x82\x86\x04\x08/healthz\x41\x01x\x00\x01a\x7f".to_vec();
    let mut length = header_bytes - 0x7f;
    while length >= 0x80 {
        block.push((length % 0x80) as u8 | 0x80);
        length /= 0x80;
    }
    block.push(length as u8);
    block.resize(block.len() + header_bytes, b'y');
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(4, 0, 0, &[]));
    let (first, rest) = block.split_at(block.len().min(16 * 1024));
    // END_STREAM on the first frame, END_HEADERS on the last.
    bytes.extend(frame(1, if rest.is_empty() { 5 } else { 1 }, 1, first));
    if !rest.is_empty() {
        bytes.extend(frame(9, 4, 1, rest));
    }
    bytes
}

#[tokio::test(start_paused = true)]
async fn long_http2_heads_get_431() {
    let server = serve(Settings::default()).await;
    let has = |answer: &[u8], part: &[u8]| answer.windows(part.len()).any(|window| window == part);
    // 431 in HPACK's Huffman code.
    let refused = b"\x48\x83\x69\x90\xff";
    let (answer, _) = trickle(&server, &http2_request(15_000), b"").await;
    assert!(has(&answer, br#"{"status":"alive""#) && !has(&answer, refused));
    let (answer, _) = trickle(&server, &http2_request(17_000), b"").await;
    assert!(has(&answer, refused) && !has(&answer, br#""alive""#), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn unfinished_bodies_close_the_connection() {
    for settings in each_write_path(Settings::default()) {
        let server = serve(settings).await;
        let head = "PUT /boards/main/flights/A1 HTTP/1.1\r\nHost: localhost\r\n\
                    Content-Type: application/json\r\n";
        for body in ["Content-Length: 9\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"] {
            let (answer, after) = trickle(&server, format!("{head}{body}").as_bytes(), b"").await;
            let answer = String::from_utf8(answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
            assert!(answer.contains("application/problem+json"), "{answer}");
            assert!((29..=31).contains(&after.as_secs()), "{after:?}");
        }
    }
}

#[tokio::test]
async fn shutdown_ends_streams_in_time() {
    let drain = Duration::from_secs(5);
    for settings in each_write_path(Settings { drain, ..Settings::default() }) {
        let server = serve(settings).await;
        let mut sockets = Vec::new();
        for _ in 0..50 {
            sockets.push(server.follow().await);
        }
        server.wait_followers(50).await;
        server.stop.send(()).unwrap();
        tokio::time::timeout(drain, server.serving).await.unwrap().unwrap();
        for mut socket in sockets {
            let mut text = String::new();
            socket.read_to_string(&mut text).await.unwrap();
            assert!(text.ends_with("\r\n0\r\n\r\n"), "{text}");
            assert_eq!(text.matches("retry: ").count(), 2, "{text}");
            assert!(!text.contains("closedConnection"));
        }
        assert!(TcpStream::connect(server.address).await.is_err());
    }
}

#[tokio::test]
async fn shutdown_ignores_stalled_followers() {
    let drain = Duration::from_millis(500);
    for settings in each_write_path(Settings { drain, ..Settings::default() }) {
        let server = serve(settings).await;
        let socket = server.follow().await;
        server.wait_followers(1).await;
        let row = |n: u32| {
            format!(
                r#"{{"event":"flightAddition","data":{{"flight":"B{n}","remark":"{}"}}}}"#,
                "x".repeat(190)
            )
        };
        let lines: Vec<_> = (0..15_000).map(row).collect();
        for part in lines.chunks(5_000) {
            server.direct.send_lines("main", &part.join("\n")).await;
        }
        server.stop.send(()).unwrap();
        tokio::time::timeout(Duration::from_secs(3), server.serving).await.unwrap().unwrap();
        drop(socket);
    }
}
