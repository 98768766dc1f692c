//! The log: its formats, and its bound.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::process::{ServerProcess, flightboard_command, run};
use crate::wait::{WAIT_TIMEOUT, wait_until};

/// The start of an HTTP/2 connection: the preface, and settings that are the default.
const HTTP2_START: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// The answer to a ping that was never sent.
const PING_ANSWER: &[u8] = b"\0\0\x08\x06\x01\0\0\0\0unasked!";

/// More frames than any place in the code may log in a minute.
const FRAMES: usize = 300;

/// The level and message of each line.
fn json_lines(log: &str) -> Vec<(String, String)> {
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).expect(line));
    let text = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
    lines
        .map(|line| {
            assert!(text(&line, "timestamp").ends_with('Z'), "{line}");
            (text(&line, "level"), text(&line, "message"))
        })
        .collect()
}

#[test]
fn json_log_lines_are_objects() {
    let args = ["serve", "--memory", "--listen", "127.0.0.1:0", "--log", "json"];
    let server = ServerProcess::start(flightboard_command(args).env("FLIGHTBOARD_COLOR", "x"));
    server.process.terminate();
    let output = server.process.wait_for_exit(WAIT_TIMEOUT);
    let lines = json_lines(&output.stderr);
    let has = |level: &str, words: &str| {
        lines.iter().any(|(line_level, message)| line_level == level && message.contains(words))
    };
    assert!(has("WARN", "FLIGHTBOARD_COLOR is not a setting"), "{lines:?}");
    assert!(has("INFO", "stopping"), "{lines:?}");
    let failed = run(
        flightboard_command(["serve", "--memory", "--listen", "nowhere"])
            .env("FLIGHTBOARD_LOG_FORMAT", "json"),
        "",
    );
    let lines = json_lines(&failed.stderr);
    assert!(lines.len() == 1 && lines[0].0 == "ERROR", "{lines:?}");
    assert!(lines[0].1.contains("nowhere is not an address"), "{lines:?}");
}

/// Sends frames that h2 warns of, until the server has read them all.
fn send_bad_frames(server: &ServerProcess) {
    let mut socket = TcpStream::connect(server.address).unwrap();
    socket.write_all(HTTP2_START).unwrap();
    for _ in 0..FRAMES {
        socket.write_all(PING_ANSWER).unwrap();
    }
    // The server answers a ping once it has read the frames before it.
    let mut ping = PING_ANSWER.to_vec();
    ping[4] = 0;
    ping[9..].copy_from_slice(b"answered");
    socket.write_all(&ping).unwrap();
    let mut answers = Vec::new();
    while !answers.windows(8).any(|bytes| bytes == b"answered") {
        let mut chunk = [0; 4096];
        let count = socket.read(&mut chunk).unwrap();
        assert!(count > 0, "the server closed the connection");
        answers.extend_from_slice(&chunk[..count]);
    }
}

#[test]
fn peers_cannot_flood_the_log() {
    let args = ["serve", "--memory", "--listen", "127.0.0.1:0"];
    let quiet = ServerProcess::start(&mut flightboard_command(args));
    send_bad_frames(&quiet);
    quiet.process.terminate();
    let log = quiet.process.wait_for_exit(WAIT_TIMEOUT).stderr;
    assert!(!log.contains("WARN"), "{log}");
    // A filter of the operator lets these warnings through, but not all of them.
    let server = ServerProcess::start(flightboard_command(args).env("FLIGHTBOARD_LOG", "info"));
    send_bad_frames(&server);
    let suppressed = wait_until("each frame is logged or counted", WAIT_TIMEOUT, || {
        let metrics = server.api().get_text("/metrics");
        let name = "flightboard_log_lines_suppressed_total ";
        let value = metrics.lines().find_map(|line| line.strip_prefix(name));
        let suppressed = value.unwrap().parse::<usize>().unwrap();
        let lines = server.process.log().matches("WARN").count();
        (lines + suppressed == FRAMES).then_some(suppressed)
    });
    assert!((1..FRAMES).contains(&suppressed), "{suppressed} lines are left out");
}

/// Sends a request by curl and returns the status.
fn curl(server: &ServerProcess, path: &str, flags: &[&str]) -> String {
    let mut command = Command::new("curl");
    command.args(["--silent", "--output", "/dev/null", "--write-out", "%{http_code}"]);
    let output = run(command.args(flags).arg(format!("http://{}{path}", server.address)), "");
    output.stdout
}

#[test]
fn log_contains_no_token() {
    let folder = TempDir::new().unwrap();
    let right = "flightboard_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let wrong = "another-secret-of-a-client";
    let hash = run(&mut Command::new("sha256sum"), right).stdout;
    let (hash, _) = hash.split_once(' ').unwrap();
    let tokens = folder.path().join("tokens");
    fs::write(&tokens, format!("sha256:{hash} sensor publish=* follow=*\n")).unwrap();
    let args = ["serve", "--memory", "--listen", "127.0.0.1:0", "--tokens"];
    let mut command = flightboard_command(args);
    let server = ServerProcess::start(command.arg(&tokens).env("FLIGHTBOARD_LOG", "trace"));
    let body = ["-X", "PUT", "-H", "Content-Type: application/json", "--data", "{}"];
    for token in [right, wrong] {
        let bearer = format!("Authorization: Bearer {token}");
        let basic = format!("sensor:{token}");
        let cookie = format!("__Host-flightboard={token}");
        let session = format!("{{\"token\": \"{token}\"}}");
        for version in ["--http1.1", "--http2-prior-knowledge"] {
            let put = |flags: &[&str]| {
                curl(&server, "/boards/main/flights/I768", &[&body[..], &[version], flags].concat())
            };
            let accepted = put(&["-H", &bearer]);
            assert_eq!(accepted.starts_with('2'), token == right, "{version}: {accepted}");
            put(&["-u", &basic]);
            put(&["-H", &cookie]);
            curl(&server, &format!("/boards/main/flights?token={token}"), &[version]);
            curl(&server, "/session", &[version, "--json", &session]);
            curl(&server, "/boards/main", &[version, "-H", &bearer]);
        }
    }
    server.process.wait_for_log("h2::");
    server.process.terminate();
    let log = server.process.wait_for_exit(WAIT_TIMEOUT).stderr;
    for token in [right, wrong] {
        let line = log.lines().find(|line| line.contains(token));
        assert_eq!(line, None);
    }
}
