//! Flags as environment variables.

use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use crate::follower::Follower;
use crate::program::{Server, flightboard, run};
use crate::wait::PATIENCE;

fn with(command: &str, variables: &[(&str, &str)]) -> Command {
    let mut command = flightboard([command]);
    command.env("FLIGHTBOARD_LISTEN", "127.0.0.1:0").envs(variables.iter().copied());
    command
}

#[test]
fn once_may_be_said_in_several_ways() {
    let demos =
        ["true", "1"].map(|yes| Server::start(&mut with("demo", &[("FLIGHTBOARD_ONCE", yes)])));
    // All of them now: one that comes after the end is only told that there is nothing.
    let followers = demos.each_ref().map(|demo| Follower::open(demo.address));
    for mut follower in followers {
        let events = follower.rest(PATIENCE);
        assert_eq!(events.last().unwrap().name, "closedConnection");
    }
}

#[test]
fn serve_takes_its_settings_from_the_environment() {
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
    let server = Server::start(&mut with("serve", &variables));
    assert!(std::path::Path::new(journal).is_file());
    for (origin, allowed) in
        [("http://localhost:3000", true), ("https://example.org", true), ("http://other", false)]
    {
        let stream = Follower::request(server.address, "/events", &format!("Origin: {origin}\r\n"));
        let header = format!("access-control-allow-origin: {origin}\r\n");
        assert_eq!(stream.head.contains(&header), allowed, "{origin}: {}", stream.head);
    }
}

#[test]
fn a_flag_wins_over_the_environment() {
    let mut command = with("serve", &[("FLIGHTBOARD_JOURNAL", "/nowhere/journal.db")]);
    let folder = TempDir::new().unwrap();
    command.arg("--journal").arg(folder.path().join("journal.db"));
    assert_eq!(Server::start(&mut command).api().status("/readyz"), 200);
    let memory = &mut with("serve", &[("FLIGHTBOARD_MEMORY", "true")]);
    assert_eq!(Server::start(memory).api().status("/readyz"), 200);
}

#[test]
fn publish_takes_its_settings_from_the_environment() {
    let server = Server::start(&mut with("serve", &[("FLIGHTBOARD_MEMORY", "1")]));
    let api = server.api();
    let variables = [
        ("FLIGHTBOARD_TO", api.url()),
        ("FLIGHTBOARD_BOARD", "main"),
        ("FLIGHTBOARD_IDEMPOTENCY_KEY", "monday"),
    ];
    let line = r#"{"event":"flightAddition","data":{"flight":"I768"}}"#;
    let ended = run(&mut with("publish", &variables), line);
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(api.rows("main"), [json!({"flight": "I768"})]);
    let ended = run(&mut with("publish", &variables), line);
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(api.updates("repeated"), 1);
}
