//! Settings from the environment.

use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use crate::follower::TestFollower;
use crate::process::{ServerProcess, flightboard_command, run};
use crate::wait::WAIT_TIMEOUT;

/// A command with these variables and a free port.
fn command_with(command: &str, variables: &[(&str, &str)]) -> Command {
    let mut command = flightboard_command([command]);
    command.env("FLIGHTBOARD_LISTEN", "127.0.0.1:0").envs(variables.iter().copied());
    command
}

#[test]
fn boolean_variables_accept_several_values() {
    let demos = ["true", "1"]
        .map(|yes| ServerProcess::start(&mut command_with("demo", &[("FLIGHTBOARD_ONCE", yes)])));
    // All are opened before any is read: after the end a follower gets only a status.
    let followers = demos.each_ref().map(|demo| TestFollower::open(demo.address));
    for mut follower in followers {
        let events = follower.read_to_end(WAIT_TIMEOUT);
        assert_eq!(events.last().unwrap().name, "closedConnection");
    }
}

#[test]
fn serve_reads_the_environment() {
    let folder = TempDir::new().unwrap();
    let journal = folder.path().join("other.db");
    let journal = journal.to_str().unwrap();
    let variables = [
        ("FLIGHTBOARD_JOURNAL", journal),
        ("FLIGHTBOARD_ALLOW_ORIGIN", "http://localhost:3000,https://example.org"),
        ("FLIGHTBOARD_KEEP", "2d"),
        ("FLIGHTBOARD_WINDOW", "4KiB"),
        ("FLIGHTBOARD_DRAIN", "1s"),
        ("FLIGHTBOARD_MAX_FOLLOWERS", "2"),
    ];
    let server = ServerProcess::start(&mut command_with("serve", &variables));
    assert!(std::path::Path::new(journal).is_file());
    for (origin, allowed) in
        [("http://localhost:3000", true), ("https://example.org", true), ("http://other", false)]
    {
        let stream =
            TestFollower::request(server.address, "/events", &format!("Origin: {origin}\r\n"));
        let header = format!("access-control-allow-origin: {origin}\r\n");
        assert_eq!(stream.head().contains(&header), allowed, "{origin}: {}", stream.head());
    }
}

#[test]
fn flags_override_the_environment() {
    let mut command = command_with("serve", &[("FLIGHTBOARD_JOURNAL", "/nowhere/journal.db")]);
    let folder = TempDir::new().unwrap();
    command.arg("--journal").arg(folder.path().join("journal.db"));
    assert_eq!(ServerProcess::start(&mut command).api().get_status("/readyz"), 200);
    let memory = &mut command_with("serve", &[("FLIGHTBOARD_MEMORY", "true")]);
    assert_eq!(ServerProcess::start(memory).api().get_status("/readyz"), 200);
}

#[test]
fn publish_reads_the_environment() {
    let server = ServerProcess::start(&mut command_with("serve", &[("FLIGHTBOARD_MEMORY", "1")]));
    let api = server.api();
    let variables = [
        ("FLIGHTBOARD_TO", api.url()),
        ("FLIGHTBOARD_BOARD", "main"),
        ("FLIGHTBOARD_IDEMPOTENCY_KEY", "monday"),
    ];
    let line = r#"{"event":"flightAddition","data":{"flight":"I768"}}"#;
    let output = run(&mut command_with("publish", &variables), line);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(api.rows("main"), [json!({"flight": "I768"})]);
    let output = run(&mut command_with("publish", &variables), line);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(api.update_count("repeated"), 1);
}
