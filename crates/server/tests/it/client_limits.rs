//! Limits on what one client may use, each reached.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use serde_json::json;
use server::{ClientLimits, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout};

use crate::socket_server::{SocketServer, each_write_path, serve};
use crate::test_server::TestServer;

/// Far longer than any wait that ends.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A longer problem would let a small request cause a large answer.
const MAX_PROBLEM_BYTES: usize = 1_000;

const HEALTHZ: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

fn with_limits(limits: ClientLimits) -> Settings {
    Settings { limits, ..Settings::default() }
}

/// Connects from `127.0.0.<last>`.
async fn connect(server: &SocketServer, last: u8) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(IpAddr::from([127, 0, 0, last]), 0)).unwrap();
    socket.connect(server.address).await.unwrap()
}

/// Sends `request` on a new connection, and returns the connection with the answer up to `end`. The
/// answer is shorter if the connection ends.
async fn ask(server: &SocketServer, last: u8, request: &str, end: &str) -> (TcpStream, String) {
    let mut socket = connect(server, last).await;
    // A refused connection may be reset already.
    let _ = socket.write_all(request.as_bytes()).await;
    let answer = read_until(&mut socket, end).await;
    (socket, answer)
}

async fn read_until(socket: &mut TcpStream, end: &str) -> String {
    let mut bytes = Vec::new();
    while !String::from_utf8_lossy(&bytes).contains(end) {
        match timeout(TIMEOUT, socket.read_buf(&mut bytes)).await.expect(end) {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn follow(headers: &str) -> String {
    format!("GET /events HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n")
}

fn is_admitted(answer: &str) -> bool {
    answer.contains("event: timetable")
}

/// Asks for a stream, and returns its connection if it is admitted.
async fn try_follow(server: &SocketServer, last: u8, headers: &str) -> Option<TcpStream> {
    let (socket, answer) = ask(server, last, &follow(headers), "event: timetable").await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 200 "), "{answer}");
    is_admitted(&answer).then_some(socket)
}

fn bulk_head(content_type: &str, length: usize, board: &str) -> String {
    format!(
        "POST /boards/{board}/flights HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n\
         Content-Length: {length}\r\n\r\n"
    )
}

#[tokio::test]
async fn problems_are_short() {
    let server = TestServer::new().await;
    let date = |day: u32| {
        format!("/boards/main/flights/A?date=2026-{:02}-{:02}", day / 28 + 1, day % 28 + 1)
    };
    for day in 0..300 {
        server.send("PUT", &date(day), json!({})).await;
    }
    let problem = server.send("PATCH", "/boards/main/flights/A", json!({ "gate": "1" })).await;
    assert_eq!(problem.status.as_u16(), 409);
    assert_eq!(problem.json()["dates"].as_array().unwrap().len(), 5);
    assert!(problem.body.len() <= MAX_PROBLEM_BYTES, "{}", problem.body);
    for name in ["x".repeat(60_000), "\u{1}".repeat(9_000), "\"".repeat(20_000), "é".repeat(20_000)]
    {
        let problem = server.send("PUT", "/boards/main/flights/B", json!({ &*name: 1 })).await;
        assert_eq!(problem.status.as_u16(), 422);
        assert!(problem.body.len() <= MAX_PROBLEM_BYTES, "{}", problem.body);
    }
}

#[tokio::test]
async fn later_bulk_errors_are_statuses() {
    let limits = ClientLimits { bulk_errors: 10, ..ClientLimits::default() };
    let server = TestServer::with(with_limits(limits)).await;
    let good = json!({ "event": "flightAddition", "data": { "flight": "A1" } });
    let lines = format!("{}{good}\n", "1\n".repeat(5_000));
    let answer = server.send_lines("main", &lines).await;
    let outcomes: Vec<serde_json::Value> =
        answer.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(outcomes.len(), 5_001);
    for (number, outcome) in (1..).zip(&outcomes[..5_000]) {
        assert_eq!((&outcome["line"], &outcome["status"]), (&json!(number), &json!(422)));
        assert_eq!(outcome.get("detail").is_some(), number <= 10, "{outcome}");
    }
    assert_eq!(outcomes[5_000]["status"], 200);
    let shortened = server.get("/metrics").await.body;
    assert!(shortened.contains("\nflightboard_bulk_errors_shortened_total 4990\n"), "{shortened}");
}

#[tokio::test]
async fn bulk_lines_are_limited() {
    let limits = ClientLimits { bulk_lines: 100, ..ClientLimits::default() };
    let server = TestServer::with(with_limits(limits)).await;
    let line = json!({ "event": "flightAddition", "data": { "flight": "A1" } }).to_string();
    let lines = |count| vec![&*line; count].join("\n\n");
    assert_eq!(server.send_lines("main", &lines(101)).await.status.as_u16(), 413);
    let refused = server.get("/metrics").await.body;
    assert!(refused.contains("\nflightboard_bulks_too_long_total 1\n"), "{refused}");
    assert_eq!(server.get("/boards/main/flights/A1").await.status.as_u16(), 404);
    assert_eq!(server.send_lines("main", &lines(100)).await.body.lines().count(), 100);
}

/// Asks for `count` new rows whose numbers start with `prefix`, and reads the answer with this pause before each part.
async fn publish_slowly(server: &TestServer, prefix: &str, count: u32, pause: Duration) -> usize {
    let line = |number| {
        let data = json!({ "flight": format!("{prefix}{number}") });
        json!({ "event": "flightAddition", "data": data }).to_string()
    };
    let lines: Vec<_> = (0..count).map(line).collect();
    let request = Request::post("/boards/main/flights");
    let request = request.header("content-type", "application/x-ndjson");
    let request = request.body(Body::from(lines.join("\n"))).unwrap();
    let (status, _, mut answer) = server.open_stream(request).await;
    assert_eq!(status.as_u16(), 200);
    let mut outcomes = 0;
    loop {
        tokio::time::sleep(pause).await;
        let Some(part) = answer.bytes().await else { return outcomes };
        outcomes += part.lines().count();
    }
}

#[tokio::test(start_paused = true)]
async fn unread_answers_stop_their_request() {
    let server = TestServer::new().await;
    let slow = publish_slowly(&server, "A", 8_000, Duration::from_secs(14)).await;
    assert_eq!(slow, 8_000);
    let too_slow = publish_slowly(&server, "B", 8_000, Duration::from_secs(31)).await;
    assert!((1_000..8_000).contains(&too_slow), "{too_slow}");
    assert_eq!(server.get("/boards/main/flights/B999").await.status.as_u16(), 200);
    assert_eq!(server.get("/boards/main/flights/B7999").await.status.as_u16(), 404);
}

#[tokio::test]
async fn refusals_precede_the_body() {
    for settings in each_write_path(Settings::default()) {
        let server = serve(settings).await;
        let length = 1_000_000;
        for (head, status) in [
            (bulk_head("text/plain", length, "main"), "415"),
            (bulk_head("application/x-ndjson", length, "none"), "404"),
            (bulk_head("application/x-ndjson", 5_000_000, "main"), "413"),
            (bulk_head("application/json", length, "main").replace("POST", "PATCH"), "405"),
        ] {
            let (mut socket, answer) = ask(&server, 1, &head, "}").await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
            if status == "413" {
                continue;
            }
            // The connection goes on after the body that was not read.
            socket.write_all(" ".repeat(length).as_bytes()).await.unwrap();
            socket.write_all(HEALTHZ.as_bytes()).await.unwrap();
            assert!(read_until(&mut socket, "alive").await.ends_with("\"alive\"}"), "{status}");
        }
    }
}

#[tokio::test]
async fn bodies_in_memory_are_limited() {
    const BUDGET: usize = 4 * 1024 * 1024;
    let limits = ClientLimits { body_bytes: BUDGET, ..ClientLimits::default() };
    let server = serve(with_limits(limits)).await;
    let part = " ".repeat(900_000);
    let request = bulk_head("application/x-ndjson", 1_000_000, "main") + &part;
    let mut uploads = Vec::new();
    for count in 1..=3 {
        let mut socket = connect(&server, 1).await;
        socket.write_all(request.as_bytes()).await.unwrap();
        uploads.push(socket);
        let arrived = async {
            while server.metric("flightboard_request_bodies_bytes").await < count * 900_000 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(TIMEOUT, arrived).await.unwrap();
    }
    let (_, refused) = ask(&server, 1, &request, "}").await;
    assert!(refused.starts_with("HTTP/1.1 503 ") && refused.contains("retry-after"), "{refused}");
    assert!(server.metric("flightboard_bodies_refused_total").await >= 1);
    assert!(server.metric("flightboard_request_bodies_bytes").await <= BUDGET as u64);
    // One update still has room.
    let row = "{}";
    let update = format!(
        "PUT /boards/main/flights/A1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{row}",
        row.len()
    );
    assert!(ask(&server, 1, &update, "}").await.1.starts_with("HTTP/1.1 201 "));
    drop(uploads);
    let freed = async {
        while server.metric("flightboard_request_bodies_bytes").await > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(TIMEOUT, freed).await.unwrap();
}

#[tokio::test]
async fn followers_of_an_address_are_limited() {
    let limits = ClientLimits { followers_per_address: Some(2), ..ClientLimits::default() };
    for settings in each_write_path(with_limits(limits)) {
        let server = serve(settings).await;
        let first = try_follow(&server, 2, "").await;
        let _second = try_follow(&server, 2, "").await.unwrap();
        assert!(try_follow(&server, 2, "").await.is_none());
        let limit = "flightboard_streams_over_limit_total{limit=\"address\"}";
        assert_eq!(server.metric(limit).await, 1);
        assert!(try_follow(&server, 3, "").await.is_some(), "another address");
        drop(first);
        server.wait_followers(1).await;
        assert!(try_follow(&server, 2, "").await.is_some(), "its place is free again");
    }
}

#[tokio::test]
async fn new_followers_of_addresses_are_limited() {
    let limits = ClientLimits { new_followers_per_address: Some(1), ..ClientLimits::default() };
    for settings in each_write_path(with_limits(limits)) {
        let server = serve(settings).await;
        let start = Instant::now();
        let mut streams = Vec::new();
        while let Some(stream) = try_follow(&server, 2, "").await {
            streams.push(stream);
            let seconds = usize::try_from(start.elapsed().as_secs()).unwrap();
            assert!(streams.len() <= seconds + 2, "{} in {seconds} s", streams.len());
        }
        let limit = "flightboard_streams_over_limit_total{limit=\"address-rate\"}";
        assert_eq!(server.metric(limit).await, 1);
        assert!(try_follow(&server, 3, "").await.is_some(), "another address");
        let later = async { while try_follow(&server, 2, "").await.is_none() {} };
        timeout(TIMEOUT, later).await.expect("a later second has room");
    }
}

/// One follower for each address that the proxy at 127.0.0.1 names.
fn limits_behind_a_proxy() -> ClientLimits {
    ClientLimits {
        followers_per_address: Some(1),
        trusted_proxies: vec!["127.0.0.1".parse().unwrap()],
        ..ClientLimits::default()
    }
}

#[tokio::test]
async fn proxied_clients_have_own_limits() {
    for settings in each_write_path(with_limits(limits_behind_a_proxy())) {
        let server = serve(settings).await;
        let client = |last: u8| format!("X-Forwarded-For: 10.9.9.9, 192.0.2.{last}\r\n");
        let _first = try_follow(&server, 1, &client(1)).await.unwrap();
        assert!(try_follow(&server, 1, &client(1)).await.is_none());
        let _second = try_follow(&server, 1, &client(2)).await.unwrap();
        // Another peer cannot choose its address.
        let _third = try_follow(&server, 2, &client(3)).await.unwrap();
        assert!(try_follow(&server, 2, &client(4)).await.is_none());
    }
}

#[tokio::test]
async fn forged_names_free_no_client() {
    for settings in each_write_path(with_limits(limits_behind_a_proxy())) {
        let server = serve(settings).await;
        let forged =
            |name: &str| format!("Forwarded: for={name}\r\nX-Forwarded-For: 192.0.2.1\r\n");
        let _first = try_follow(&server, 1, &forged("7.7.7.1")).await.unwrap();
        for name in ["7.7.7.2", "unknown", "192.0.2.9"] {
            assert!(try_follow(&server, 1, &forged(name)).await.is_none(), "{name}");
        }
        let victim = "X-Forwarded-For: 192.0.2.9\r\n";
        assert!(try_follow(&server, 1, victim).await.is_some(), "its place is free");
    }
}

#[tokio::test]
async fn new_addresses_may_always_follow() {
    for settings in each_write_path(Settings { max_followers: 2, ..Settings::default() }) {
        let server = serve(settings).await;
        let _attacker = [try_follow(&server, 2, "").await, try_follow(&server, 2, "").await];
        assert!(try_follow(&server, 2, "").await.is_none(), "full");
        let newcomer = try_follow(&server, 3, "").await;
        assert!(newcomer.is_some() && try_follow(&server, 3, "").await.is_none());
    }
}

#[tokio::test]
async fn health_checks_outlast_all_places() {
    for settings in
        each_write_path(Settings { max_followers: 2, spare_connections: 2, ..Settings::default() })
    {
        let server = serve(settings).await;
        let _followers = [try_follow(&server, 2, "").await, try_follow(&server, 2, "").await];
        let upload = bulk_head("application/x-ndjson", 9, "main");
        let upload = upload.replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n");
        let mut uploads = Vec::new();
        for _ in 0..2 {
            let (socket, answer) = ask(&server, 2, &upload, "\r\n\r\n").await;
            assert!(answer.starts_with("HTTP/1.1 100 "), "{answer}");
            uploads.push(socket);
        }
        // An address that has a connection already, and one that has none.
        let mut kept = Vec::new();
        for _ in 0..3 {
            let (socket, answer) = ask(&server, 3, HEALTHZ, "alive").await;
            assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
            kept.push(socket);
        }
        let (_, stream) = ask(&server, 3, &follow(""), "retry: ").await;
        assert!(!is_admitted(&stream) && stream.contains("connection: close"), "{stream}");
    }
}

#[tokio::test]
async fn connections_of_an_address_are_limited() {
    let limits = ClientLimits { connections_per_address: Some(2), ..ClientLimits::default() };
    for settings in each_write_path(with_limits(limits)) {
        let server = serve(settings).await;
        let first = ask(&server, 2, HEALTHZ, "alive").await;
        let _second = ask(&server, 2, HEALTHZ, "alive").await;
        assert_eq!(ask(&server, 2, HEALTHZ, "alive").await.1, "");
        assert_eq!(server.metric("flightboard_connections_refused_total").await, 1);
        assert!(ask(&server, 3, HEALTHZ, "alive").await.1.contains("alive"));
        drop(first);
        let freed = async {
            while ask(&server, 2, HEALTHZ, "alive").await.1.is_empty() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(TIMEOUT, freed).await.unwrap();
    }
}
