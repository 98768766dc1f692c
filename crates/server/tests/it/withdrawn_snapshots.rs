//! Readers of many versions of a board hold a bounded number of bytes: the slowest start again.

use std::time::Duration;

use engine::EngineLimits;
use serde_json::{Value, json};
use server::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::socket_server::{SocketServer, each_write_path, serve};

/// Rows of three kilobytes each, so that a snapshot is larger than all buffers of a connection together.
const ROWS: usize = 1_000;

/// More than two snapshots, and less than three.
const SNAPSHOT_BYTES: usize = 8 * 1024 * 1024;

const WITHDRAWN: &str = "flightboard_snapshots_withdrawn_total";

async fn serve_large_board(settings: &Settings) -> SocketServer {
    let limits = EngineLimits { snapshot_bytes: SNAPSHOT_BYTES, ..EngineLimits::default() };
    let server = serve(Settings { engine_limits: limits, ..settings.clone() }).await;
    let text = |chars| "\u{1f6eb}".repeat(chars);
    let line = |number: usize| {
        let data = json!({
            "flight": format!("F{number}"), "via": vec![text(64); 8], "remark": text(200),
        });
        json!({ "event": "flightAddition", "data": data }).to_string()
    };
    let lines: Vec<_> = (0..ROWS).map(line).collect();
    for part in lines.chunks(200) {
        server.direct.send_lines("main", &part.join("\n")).await;
    }
    server
}

async fn change(server: &SocketServer, gate: usize) {
    let gate = json!({ "gate": gate.to_string() });
    let answer = server.direct.send("PATCH", "/boards/main/flights/F0", gate).await;
    assert!(answer.status.is_success(), "{}", answer.body);
}

/// Waits until the server has sent something of a response, so that it holds the version of this moment.
async fn wait_begun(socket: &TcpStream) {
    let mut byte = [0];
    let begun = tokio::time::timeout(Duration::from_secs(60), socket.peek(&mut byte));
    assert_eq!(begun.await.unwrap().unwrap(), 1);
}

/// Reads a chunked stream until the gate of row `F0` is `gate`. Returns the names and data of the events.
async fn read_to_gate(socket: &mut TcpStream, gate: usize) -> Vec<(String, String)> {
    let end = format!(r#""gate":"{gate}""#);
    let mut bytes = Vec::new();
    let reading = async {
        loop {
            let count = socket.read_buf(&mut bytes).await.unwrap();
            assert!(count > 0, "the stream was cut");
            if bytes.ends_with(b"\n\n\r\n") {
                let events = decode(&bytes);
                if events.iter().any(|(name, data)| name != "discarded" && data.contains(&end)) {
                    return events;
                }
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(120), reading).await.expect("the stream is open")
}

/// The events in a response with a chunked body.
fn decode(response: &[u8]) -> Vec<(String, String)> {
    let head_end = response.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
    let mut rest = &response[head_end..];
    let mut decoder = sse::Decoder::new();
    let mut events = Vec::new();
    while let Some(line_end) = rest.windows(2).position(|end| end == b"\r\n") {
        let size = std::str::from_utf8(&rest[..line_end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        let chunk = rest.get(line_end + 2..line_end + 2 + size);
        let Some(chunk) = chunk else { break };
        events.extend(decoder.feed(chunk).map(Result::unwrap));
        rest = rest.get(line_end + 4 + size..).unwrap_or_default();
    }
    events.into_iter().map(|event| (event.event, event.data)).collect()
}

#[tokio::test]
async fn slow_followers_hold_bounded_memory() {
    for settings in each_write_path(Settings::default()) {
        let server = serve_large_board(&settings).await;
        let mut sockets = Vec::new();
        for gate in 0..8 {
            change(&server, gate).await;
            let socket = server.follow_with_small_buffer().await;
            wait_begun(&socket).await;
            sockets.push(socket);
        }
        assert!(server.metric("flightboard_snapshot_bytes").await <= SNAPSHOT_BYTES as u64);
        assert!(server.metric(WITHDRAWN).await >= 5);
        change(&server, 8).await;
        for (gate, mut socket) in sockets.into_iter().enumerate() {
            let events = read_to_gate(&mut socket, 8).await;
            let names = events.iter().map(|(name, _)| name.as_str());
            let names: Vec<_> = names.filter(|name| *name != "heartbeat").collect();
            let timetable: Value = {
                let (_, data) = events.iter().rfind(|(name, _)| name == "timetable").unwrap();
                serde_json::from_str(data).unwrap()
            };
            assert_eq!(timetable["flights"].as_array().unwrap().len(), ROWS);
            if gate < 4 {
                assert_eq!(names, ["discarded", "timetable"], "{gate}");
                assert_eq!(timetable["reason"], "slow");
            }
        }
    }
}

#[tokio::test]
async fn slow_reads_of_rows_break_off() {
    let server = serve_large_board(&Settings::default()).await;
    let mut sockets = Vec::new();
    for gate in 0..8 {
        change(&server, gate).await;
        let mut socket = TcpStream::connect(server.address).await.unwrap();
        let request = b"GET /boards/main/flights HTTP/1.1\r\nHost: localhost\r\n\r\n";
        socket.write_all(request).await.unwrap();
        wait_begun(&socket).await;
        sockets.push(socket);
    }
    assert!(server.metric("flightboard_snapshot_bytes").await <= SNAPSHOT_BYTES as u64);
    assert!(server.metric(WITHDRAWN).await >= 5);
    let answer = server.direct.get("/boards/main/flights").await;
    assert_eq!(answer.json()["flights"].as_array().unwrap().len(), ROWS);
    // The oldest ends before its last byte.
    let mut body = Vec::new();
    let reading = sockets[0].read_to_end(&mut body);
    let _ = tokio::time::timeout(Duration::from_secs(60), reading).await.unwrap();
    assert!(body.len() < ROWS * 2_000, "{} bytes", body.len());
}
