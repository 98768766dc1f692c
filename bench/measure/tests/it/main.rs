//! The measurements run from end to end, with few followers. No test checks the values of the costs.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::process::Command;

/// Runs the comparison, and returns the cells of its table of transports, without the titles.
fn compare_websockets() -> Vec<Vec<String>> {
    let flags = ["--followers=3", "--rounds=1", "--rate=50", "--secs=0.3", "--cut-secs=0.1"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_websockets"));
    let output = command.args(flags).args(["--idle-secs=0.1", "--no-proxies"]).output().unwrap();
    let [stdout, stderr] =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    eprintln!("{stdout}{stderr}");
    assert!(output.status.success());
    let lines = stdout.lines().filter(|line| line.starts_with('|')).skip(2);
    lines.map(|line| line.split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

#[test]
fn websocket_misses_events_of_cut() {
    let lines = compare_websockets();
    let missed: Vec<_> = lines
        .iter()
        .map(|cells| {
            let cell = cells.iter().rfind(|cell| !cell.is_empty()).unwrap();
            let (missed, published) = cell.split_once(" of ").unwrap();
            assert!(published.parse::<u64>().unwrap() > 0, "{cell}");
            (cells[1].as_str(), missed.parse::<f64>().unwrap() > 0.0)
        })
        .collect();
    let expected = [
        ("flightboard, SSE on HTTP/1.1", false),
        ("flightboard, SSE on HTTP/2", false),
        ("axum `Sse` on HTTP/1.1", true),
        ("axum `WebSocket`", true),
    ];
    assert_eq!(missed, expected);
}
