//! Settings from the environment.

use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use crate::follower::TestFollower;
use crate::process::{ServerProcess, flightboard_command, run};
use crate::wait::{WAIT_TIMEOUT, wait_until};

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

/// The variables in the help of a command, each with whether its flag takes a value.
fn variables_of(command: &str) -> Vec<(String, bool)> {
    let help = run(flightboard_command([command, "--help"]).env_clear(), "").stdout;
    let mut variables = Vec::new();
    let mut takes_value = false;
    for line in help.lines() {
        if line.trim_start().starts_with("--") {
            takes_value = line.contains('<');
        }
        if let Some((_, variable)) = line.split_once("[env: ") {
            let name = variable.split(['=', ']']).next().unwrap();
            variables.push((name.to_owned(), takes_value));
        }
    }
    variables
}

#[test]
fn empty_and_false_variables_are_unset() {
    let variables = variables_of("serve");
    assert!(variables.len() >= 15, "{variables:?}");
    for no in ["", "false", "0", "NO", "off"] {
        let folder = TempDir::new().unwrap();
        let mut command = flightboard_command(["serve", "--listen", "127.0.0.1:0"]);
        command.current_dir(folder.path());
        for (name, takes_value) in &variables {
            // No other value of its flags is the same for all.
            command.env(name, if *takes_value { "" } else { no });
        }
        // Set, it would conflict with a memory journal.
        command.env("FLIGHTBOARD_JOURNAL", "named.db");
        let server = ServerProcess::start(&mut command);
        assert_eq!(server.api().get_status("/readyz"), 200);
        assert!(folder.path().join("named.db").is_file(), "{no:?}");
    }
    let publish = run(
        flightboard_command(["publish"]).env("FLIGHTBOARD_BOARD", "").env("FLIGHTBOARD_TO", " "),
        "",
    );
    assert!(publish.stderr.contains("--board"), "{publish:?}");
    let demo = run(&mut command_with("demo", &[("FLIGHTBOARD_ONCE", "maybe")]), "");
    assert_eq!(demo.status.code(), Some(2), "{demo:?}");
    assert!(demo.stderr.contains("--once") && demo.stderr.contains("boolean"), "{demo:?}");
}

#[test]
fn unknown_variables_are_logged() {
    let variables = [
        ("FLIGHTBOARD_LISTN", "127.0.0.1:1"),
        ("FLIGHTBOARD_COLOUR", "red"),
        ("FLIGHTBOARD_BENCH_RATE", "10"),
        ("FLIGHTBOARD_MEMORY", "1"),
        ("FLIGHTBOARD_LOG", ""),
    ];
    let server = ServerProcess::start(&mut command_with("serve", &variables));
    wait_until("the variables are logged", WAIT_TIMEOUT, || {
        let log = server.process.log();
        let is_logged = log
            .contains("FLIGHTBOARD_LISTN is not a setting: did you mean FLIGHTBOARD_LISTEN?")
            && log.contains("FLIGHTBOARD_COLOUR is not a setting")
            && !log.contains("FLIGHTBOARD_BENCH_RATE");
        is_logged.then_some(())
    });
}

/// Flags and settings of boards read the same durations.
#[test]
fn durations_are_read_alike() {
    let server = ServerProcess::start(&mut command_with("serve", &[("FLIGHTBOARD_MEMORY", "1")]));
    for (text, is_duration) in [
        ("7d", true),
        ("1d 12h", true),
        ("1h30m", true),
        ("90s", true),
        ("500ms", true),
        ("PT15M", true),
        ("7", false),
        ("1h30", false),
        ("x", false),
    ] {
        let line = json!({"event": "boardUpdate", "data": {"removeAfter": {"landed": text}}});
        let outcome = server.api().publish_lines("main", &line.to_string());
        assert_eq!(outcome.contains("\"status\":200"), is_duration, "{text}: {outcome}");
        let flag = ["publish", "--board", "none", "--to", "http://127.0.0.1:1", "--retry", text];
        let publish = run(&mut flightboard_command(flag), "");
        assert_eq!(!publish.stderr.contains("not a duration"), is_duration, "{publish:?}");
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
