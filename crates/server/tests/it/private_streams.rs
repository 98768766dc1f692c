//! Streams of private boards end with the right to them.

use std::net::SocketAddr;
use std::time::Duration;

use access::{BoardSet, Token, TokenLine};
use flight::PublisherName;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use server::{ClientLimits, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::http2_frames;
use crate::private_boards::{TokenFile, bearer, cookie, expiring_line, status_with};
use crate::socket_server::{SocketServer, each_write_path, serve};
use crate::test_server::TestServer;

/// Upper bound for anything that a test waits for.
const TIMEOUT: Duration = Duration::from_secs(60);

async fn follow(address: SocketAddr, header: &str) -> TcpStream {
    try_follow(address, header).await.expect("a stream")
}

/// Opens a stream of `hall` on a socket, and reads its first event; returns `None` if it is denied.
async fn try_follow(address: SocketAddr, header: &str) -> Option<TcpStream> {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let request = format!("GET /boards/hall/events HTTP/1.1\r\nHost: x\r\n{header}\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut text = Vec::new();
    while !String::from_utf8_lossy(&text).contains("event: timetable") {
        assert!(socket.read_buf(&mut text).await.unwrap() > 0, "the connection is open");
        if text.starts_with(b"HTTP/1.1 401") {
            return None;
        }
    }
    Some(socket)
}

fn follow_request(token: &Token) -> Vec<u8> {
    let header = header(token);
    format!("GET /boards/hall/events HTTP/1.1\r\nHost: x\r\n{header}\r\n").into_bytes()
}

/// Reads to the end of a connection.
async fn read_all(mut socket: TcpStream) -> String {
    let mut text = String::new();
    let read = tokio::time::timeout(TIMEOUT, socket.read_to_string(&mut text));
    read.await.expect("the connection ends").unwrap();
    text
}

/// Reads to the end of a stream, which has to come as a whole chunked body.
async fn read_to_end(socket: &mut TcpStream) -> String {
    let mut text = String::new();
    tokio::time::timeout(TIMEOUT, async {
        while !text.ends_with("\r\n0\r\n\r\n") && !text.starts_with("0\r\n\r\n") {
            let mut bytes = [0; 4096];
            let count = socket.read(&mut bytes).await.unwrap();
            assert!(count > 0, "cut after {text:?}");
            text += &String::from_utf8_lossy(&bytes[..count]);
        }
    })
    .await
    .expect("the stream ends");
    text
}

fn header(token: &Token) -> String {
    format!("Authorization: {}\r\n", bearer(token))
}

#[tokio::test]
async fn streams_end_with_their_token() {
    for (way, settings) in each_write_path(Settings::default()).into_iter().enumerate() {
        let file = TokenFile::new();
        let access = file.settings().access;
        let server = serve(Settings { access, ..settings }).await;
        file.open_hall(&server.direct, true).await;
        let mut stays = follow(server.address, &header(&file.publisher)).await;
        let mut removed = follow(server.address, &header(&file.follower)).await;
        let cookie = format!("Cookie: {}\r\n", cookie(&file.follower));
        let mut signed_in = follow(server.address, &cookie).await;
        file.write(&[]);
        for socket in [&mut removed, &mut signed_in] {
            read_to_end(socket).await;
        }
        let follower = bearer(&file.follower);
        let token = Some(("authorization", &*follower));
        assert_eq!(
            status_with(&server.direct, "/boards/hall/events", token).await,
            401,
            "way {way}"
        );
        // The others go on.
        let path = "/boards/hall/flights/I768";
        file.publish(&server.direct, "PATCH", path, json!({ "gate": "B2" })).await;
        let mut text = Vec::new();
        while !String::from_utf8_lossy(&text).contains("B2") {
            assert!(stays.read_buf(&mut text).await.unwrap() > 0, "way {way}");
        }
    }
}

#[tokio::test]
async fn streams_end_when_their_token_expires() {
    for settings in each_write_path(Settings::default()) {
        let mut expires = Timestamp::now();
        // A loaded machine may need longer than the first tokens last.
        let mut stream = None;
        for secs in [2, 10, 60] {
            let file = TokenFile::new();
            expires = Timestamp::now() + SignedDuration::from_secs(secs);
            file.write(&[expiring_line(&file.follower, expires)]);
            let access = file.settings().access;
            let server = serve(Settings { access, ..settings.clone() }).await;
            file.open_hall(&server.direct, true).await;
            let socket = try_follow(server.address, &header(&file.follower)).await;
            stream = socket.map(|socket| (socket, server));
            if stream.is_some() {
                break;
            }
        }
        let (mut socket, _server) = stream.expect("a stream before the token has expired");
        read_to_end(&mut socket).await;
        assert!(Timestamp::now() >= expires, "ended before its token");
    }
}

/// Sends `request` on a connection with a small receive buffer, which is never read.
pub(crate) async fn send_without_reading(server: &SocketServer, request: &[u8]) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    let mut socket = socket.connect(server.address).await.unwrap();
    socket.write_all(request).await.unwrap();
    socket
}

/// Publishes more rows than the kernel and hyper take from a stream.
pub(crate) async fn fill_hall(file: &TokenFile, server: &TestServer) {
    for number in 0..1_500 {
        let path = format!("/boards/hall/flights/T{number}");
        let row = json!({ "remark": "\u{1f6eb}".repeat(200), "origin": "\u{1f6eb}".repeat(64) });
        file.publish(server, "PUT", &path, row).await;
    }
}

async fn wait_hall_followers(server: &SocketServer, wanted: u64) {
    let reached = async {
        while server.metric("flightboard_followers{board=\"hall\"}").await != wanted {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(TIMEOUT, reached).await.expect("the streams begin or end");
}

/// A peer that reads nothing would otherwise keep its stream until the stall timeout, of minutes.
#[tokio::test]
async fn unread_streams_end_with_their_token() {
    for settings in each_write_path(Settings::default()) {
        let file = TokenFile::new();
        let access = file.settings().access;
        let server = serve(Settings { access, ..settings }).await;
        file.open_hall(&server.direct, true).await;
        fill_hall(&file, &server.direct).await;
        let http2 = |window| {
            let right = bearer(&file.follower);
            let get = http2_frames::get(1, "/boards/hall/events", Some(&right));
            [http2_frames::preface(window), get].concat()
        };
        let mut streams = Vec::new();
        for request in [follow_request(&file.follower), http2(0), http2(1_000_000)] {
            streams.push(send_without_reading(&server, &request).await);
        }
        let mut stays = follow(server.address, &header(&file.publisher)).await;
        wait_hall_followers(&server, 4).await;
        file.write(&[]);
        wait_hall_followers(&server, 1).await;
        file.publish(&server.direct, "DELETE", "/boards/hall", json!({})).await;
        let text = read_to_end(&mut stays).await;
        assert!(text.contains("closedConnection"), "the stream of another token goes on");
    }
}

#[tokio::test]
async fn followers_of_a_token_are_limited() {
    let limits = ClientLimits { followers_per_token: 2, ..ClientLimits::default() };
    for settings in each_write_path(Settings { limits, ..Settings::default() }) {
        let file = TokenFile::new();
        let other = Token::generate();
        let name = PublisherName::parse("other").unwrap();
        let line = TokenLine::new(&other, name).with_follow(BoardSet::parse("hall").unwrap());
        file.write(&[file.follower_line(), line]);
        let access = file.settings().access;
        let server = serve(Settings { access, ..settings }).await;
        file.open_hall(&server.direct, true).await;
        let first = follow(server.address, &header(&file.follower)).await;
        // Another token of the same name.
        let _second = follow(server.address, &header(&file.publisher)).await;
        let refused = send_without_reading(&server, &follow_request(&file.follower)).await;
        let text = read_all(refused).await;
        assert!(text.starts_with("HTTP/1.1 200 ") && text.contains("retry: "), "{text}");
        assert!(!text.contains("event: "), "{text}");
        let limit = "flightboard_streams_over_limit_total{limit=\"token\"}";
        assert_eq!(server.metric(limit).await, 1);
        let _other = follow(server.address, &header(&other)).await;
        drop(first);
        wait_hall_followers(&server, 2).await;
        follow(server.address, &header(&file.follower)).await;
    }
}

#[tokio::test]
async fn streams_end_with_their_publicity() {
    for settings in each_write_path(Settings::default()) {
        let file = TokenFile::new();
        let access = file.settings().access;
        let server = serve(Settings { access, ..settings }).await;
        file.open_hall(&server.direct, false).await;
        let mut public = follow(server.address, "").await;
        let settings = json!({ "airport": "OSL", "private": true, "note": "secret" });
        file.publish(&server.direct, "PUT", "/boards/hall", settings).await;
        let text = read_to_end(&mut public).await;
        assert!(!text.contains("secret"), "{text}");
        let mut private = follow(server.address, &header(&file.follower)).await;
        // A stream that needed a right ends too: its board has other frames from now on.
        file.publish(&server.direct, "PUT", "/boards/hall", json!({})).await;
        read_to_end(&mut private).await;
        follow(server.address, "").await;
    }
}

/// Opens a stream as soon as the server has a place for it.
async fn follow_once_free(address: SocketAddr, header: &str) -> TcpStream {
    let request =
        format!("GET /boards/hall/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{header}\r\n");
    let opened = async {
        loop {
            let mut socket = TcpStream::connect(address).await.unwrap();
            socket.write_all(request.as_bytes()).await.unwrap();
            let mut text = Vec::new();
            while socket.read_buf(&mut text).await.unwrap() > 0 {
                if String::from_utf8_lossy(&text).contains("event: timetable") {
                    return socket;
                }
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(TIMEOUT, opened).await.expect("a place for the stream")
}

#[tokio::test]
async fn unread_streams_end_with_their_publicity() {
    for settings in each_write_path(Settings { max_followers: 3, ..Settings::default() }) {
        let file = TokenFile::new();
        let access = file.settings().access;
        let server = serve(Settings { access, ..settings }).await;
        file.open_hall(&server.direct, false).await;
        fill_hall(&file, &server.direct).await;
        let http1 = b"GET /boards/hall/events HTTP/1.1\r\nHost: x\r\n\r\n".to_vec();
        let get = http2_frames::get(1, "/boards/hall/events", None);
        let http2 = |window| [&http2_frames::preface(window)[..], &get].concat();
        let mut streams = Vec::new();
        for request in [http1, http2(0), http2(1_000_000)] {
            streams.push(send_without_reading(&server, &request).await);
        }
        wait_hall_followers(&server, 3).await;
        let settings = json!({ "airport": "OSL", "private": true });
        file.publish(&server.direct, "PUT", "/boards/hall", settings).await;
        let mut others = Vec::new();
        for _ in 0..streams.len() {
            others.push(follow_once_free(server.address, &header(&file.follower)).await);
        }
    }
}
