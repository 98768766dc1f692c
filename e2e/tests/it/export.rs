//! `flightboard export`, and its files in `flightboard feed recording` and `flightboard publish`.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::api::ApiClient;

use crate::process::{ProcessOutput, ServerProcess, flightboard_command, run, start_server};
use crate::wait::{WAIT_TIMEOUT, wait_until};

/// The board before the recording.
const MORNING: [(&str, &str); 6] = [
    (
        "boardUpdate",
        r#"{"title":"Gates","kind":"departures","airport":"OSL","timeZone":"Europe/Oslo","note":"Snow"}"#,
    ),
    (
        "sourceUpdate",
        r#"{"name":"Avinor","attribution":"Flight data from Avinor","status":"current","lastAnswer":"2026-11-22T09:00:00Z","lateAfter":540}"#,
    ),
    (
        "flightAddition",
        r#"{"flight":"SK1457","date":"2026-11-22","destination":"CPH","via":["GOT"],"codeshares":["LH6120","UA9901"],"departure":"2026-11-22T11:10:00+01:00","gate":"A5"}"#,
    ),
    (
        "flightAddition",
        r#"{"flight":"DY604","date":"2026-11-22","leg":"1","destination":"BGO","departure":"12:40","gate":"B12"}"#,
    ),
    (
        "flightAddition",
        r#"{"flight":"DY604","date":"2026-11-22","leg":"2","destination":"SVG","departure":"14:05"}"#,
    ),
    ("flightAddition", r#"{"flight":"BA767","date":"2026-11-22","destination":"LHR"}"#),
];

/// The recorded changes.
const DAY: [(&str, &str); 8] = [
    (
        "flightStateUpdate",
        r#"{"flight":"DY604","date":"2026-11-22","leg":"1","gate":null,"state":"cancelled"}"#,
    ),
    ("flightRemoval", r#"{"flight":"BA767","date":"2026-11-22"}"#),
    (
        "flightAddition",
        r#"{"flight":"SK1457","date":"2026-11-22","destination":"CPH","codeshares":["LH6120"],"departure":"2026-11-22T11:10:00+01:00","gate":"A7"}"#,
    ),
    ("flightAddition", r#"{"flight":"LH861","date":"2026-11-22","destination":"FRA"}"#),
    (
        "flightStateUpdate",
        r#"{"flight":"SK1457","date":"2026-11-22","codeshares":["LH6120","TP7777"],"state":"departed"}"#,
    ),
    (
        "boardUpdate",
        r#"{"title":"Departures","kind":"departures","airport":"OSL","timeZone":"Europe/Oslo"}"#,
    ),
    (
        "sourceUpdate",
        r#"{"name":"Avinor","attribution":"Flight data from Avinor","status":"failing","reason":"status 500"}"#,
    ),
    (
        "flightStateUpdate",
        r#"{"flight":"DY604","date":"2026-11-22","leg":"2","remark":"Fly på norsk – \"i dag\""}"#,
    ),
];

/// Publishes updates, and returns the time of the last one.
fn publish(api: &ApiClient, board: &str, updates: &[(&str, &str)]) -> String {
    let lines =
        updates.iter().map(|(event, data)| format!(r#"{{"event":"{event}","data":{data}}}"#));
    let outcomes = api.publish_lines(board, &lines.collect::<Vec<_>>().join("\n"));
    assert!(outcomes.lines().all(|line| line.contains(r#""status":200"#)), "{outcomes}");
    let newest = api.get(&format!("/boards/{board}/changes?limit=1"));
    newest["changes"][0]["time"].as_str().unwrap().to_owned()
}

fn export(api: &ApiClient, board: &str, flags: &[&str]) -> Command {
    let mut command = flightboard_command(["export", "--server", api.url(), "--board", board]);
    command.args(flags);
    command
}

fn check_success(output: &ProcessOutput) {
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

/// Plays a recording on an empty server of its own.
fn play(file: &Path, folder: &Path) -> ServerProcess {
    let server = start_server(folder, &[]);
    let file = file.to_str().unwrap();
    let to = server.api().url().to_owned();
    let feed = ["feed", "recording", file, "--to", &to, "--board", "copy", "--speed", "3600"];
    check_success(&run(&mut flightboard_command(feed), ""));
    server
}

/// Checks that the board `copy` has the settings, the source and the rows.
fn check_copy(server: &ServerProcess, expected: &Value) {
    let actual = server.api().get("/boards/copy/flights");
    assert_eq!(actual["flights"], expected["flights"]);
    for name in ["title", "note", "timeZone", "kind", "airport"] {
        assert_eq!(actual["board"][name], expected["board"][name], "{name}");
    }
    let source = |board: &Value| {
        let mut source = board["board"]["source"].clone();
        // A recording is not late.
        source.as_object_mut().map(|source| source.remove("lateAfter"));
        source
    };
    assert_eq!(source(&actual), source(expected));
}

#[test]
fn recordings_end_with_same_rows() {
    let folders: [TempDir; 4] = std::array::from_fn(|_| TempDir::new().unwrap());
    let server = start_server(folders[0].path(), &[]);
    let api = server.api();
    api.put_board("gates", &json!({}));
    let from = publish(&api, "gates", &MORNING);
    let to = publish(&api, "gates", &DAY);
    // Later changes are not in the recording. The times of changes are in milliseconds.
    wait_until("a change is later", WAIT_TIMEOUT, || {
        let gate = api.get("/boards/gates")["id"].clone();
        let patch = json!({"flight": "LH861", "date": "2026-11-22", "gate": gate}).to_string();
        (publish(&api, "gates", &[("flightStateUpdate", &patch)]) > to).then_some(())
    });
    let rows = api.get(&format!("/boards/gates/flights?at={to}"));
    assert_eq!(rows["flights"].as_array().unwrap().len(), 4);

    let file = folders[0].path().join("day.ndjson");
    let flags = ["--from", &from, "--to", &to, "--output", file.to_str().unwrap()];
    check_success(&run(&mut export(&api, "gates", &flags), ""));
    let recording = fs::read_to_string(&file).unwrap();
    let printed = run(&mut export(&api, "gates", &flags[..4]), "");
    assert_eq!(printed.stdout, recording, "{printed:?}");

    check_copy(&play(&file, folders[1].path()), &rows);

    let published = start_server(folders[2].path(), &[]);
    published.api().put_board("copy", &json!({}));
    let to = published.api().url().to_owned();
    let publish = ["publish", "--to", &to, "--board", "copy"];
    check_success(&run(&mut flightboard_command(publish), &recording));
    check_copy(&published, &rows);

    // Two recordings that follow each other are one.
    let middle =
        api.get("/boards/gates/changes?order=oldest&limit=20")["changes"][10]["time"].clone();
    let middle = middle.as_str().unwrap().to_owned();
    let half = |flags: &[&str]| run(&mut export(&api, "gates", flags), "").stdout;
    let halves =
        half(&["--from", &from, "--to", &middle]) + &half(&["--from", &middle, "--to", flags[3]]);
    let joined = folders[3].path().join("joined.ndjson");
    fs::write(&joined, halves).unwrap();
    check_copy(&play(&joined, folders[3].path()), &rows);
}

#[test]
fn closed_boards_close_again() {
    let folders: [TempDir; 3] = std::array::from_fn(|_| TempDir::new().unwrap());
    let server = start_server(folders[0].path(), &[]);
    let api = server.api();
    api.put_board("gates", &json!({}));
    let from = publish(&api, "gates", &MORNING);
    let closed = publish(&api, "gates", &[("closedConnection", r#"{"reason":"Good night"}"#)]);
    let reopened = publish(&api, "gates", &[MORNING[0], MORNING[2]]);
    let rows = api.get(&format!("/boards/gates/flights?at={reopened}"));

    let file = folders[0].path().join("day.ndjson");
    let flags = ["--from", &from, "--output", file.to_str().unwrap()];
    check_success(&run(&mut export(&api, "gates", &flags), ""));
    check_copy(&play(&file, folders[1].path()), &rows);

    let recording = fs::read_to_string(&file).unwrap();
    let is_of_night = |line: &&str| line.contains("closedConnection");
    let night = recording.lines().position(|line| is_of_night(&line)).unwrap();
    assert!(recording.lines().nth(night).unwrap().contains(&closed));
    let day: Vec<_> = recording.lines().take(night + 1).collect();
    fs::write(&file, day.join("\n")).unwrap();
    let copy = play(&file, folders[2].path());
    assert_eq!(copy.api().get("/boards/copy")["reason"], "Good night");
    assert_eq!(copy.api().get("/boards/copy")["flights"], 0);
}

/// Runs an export that must fail with these words and leave no file.
fn check_error(command: &mut Command, words: &[&str]) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("day.ndjson");
    let output = run(command.arg("--output").arg(&file), "");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    for words in words {
        assert!(output.stderr.contains(words), "{words}: {}", output.stderr);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn errors_name_flag_and_reason() {
    let folder = TempDir::new().unwrap();
    let tokens = folder.path().join("tokens");
    let token = ["token", "new", "--name", "desk", "--publish", "*", "--file"];
    let token = run(flightboard_command(token).arg(&tokens), "").stdout;
    let server = start_server(folder.path(), &["--tokens", tokens.to_str().unwrap()]);
    let api = server.api();
    let publish = |line: &str| {
        let mut publish = flightboard_command(["publish", "--to", api.url(), "--board", "main"]);
        check_success(&run(publish.env("FLIGHTBOARD_TOKEN", token.trim()), line));
    };
    publish(r#"{"event":"flightAddition","data":{"flight":"I768"}}"#);
    let now = api.get("/boards/main/changes")["changes"][0]["time"].clone();
    let now = now.as_str().unwrap().to_owned();

    let old = ["--from", "2001-01-01T00:00:00Z"];
    check_error(
        &mut export(&api, "main", &old),
        &["--from 2001-01-01T00:00:00Z", "the history begins at"],
    );
    let future = ["--from", "2101-01-01T00:00:00Z", "--to", "2101-01-02T00:00:00Z"];
    check_error(&mut export(&api, "main", &future), &["--from 2101", "in the future"]);
    let backwards = ["--from", &now, "--to", "2001-01-01T00:00:00Z"];
    check_error(&mut export(&api, "main", &backwards), &["--to 2001", "before --from"]);
    check_error(&mut export(&api, "none", &["--from", &now]), &["no such board"]);

    publish(r#"{"event":"boardUpdate","data":{"private":true}}"#);
    check_error(&mut export(&api, "main", &["--from", &now]), &["token"]);
    let mut allowed = export(&api, "main", &["--from", &now]);
    let output = run(allowed.env("FLIGHTBOARD_TOKEN", token.trim()), "");
    check_success(&output);
    assert!(output.stdout.contains(r#""private":true"#), "{}", output.stdout);

    let folder = folder.path().join("absent/day.ndjson");
    let output = folder.to_str().unwrap();
    let output = run(&mut export(&api, "main", &["--from", &now, "--output", output]), "");
    assert!(output.stderr.contains("--output") && output.stderr.contains("absent"), "{output:?}");
}

#[test]
fn broken_lines_are_named() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let line = |time: &str, gate: &str| {
        format!(r#"{{"time":"{time}","event":"flightAddition","data":{{"flight":"I768",{gate}}}}}"#)
    };
    let good = line("2026-11-22T08:00:00Z", r#""gate":"B4""#);
    for (bad, words) in [
        ("nonsense".to_owned(), "not a line of a recording"),
        (line("08:15", r#""gate":"B7""#), "time must be an RFC 3339 time"),
        (line("2026-11-22T08:15:00Z", r#""gat":"B7""#), "gat is not a field"),
    ] {
        let file = folder.path().join("day.ndjson");
        fs::write(&file, format!("{good}\n{bad}\n")).unwrap();
        let to = server.api().url().to_owned();
        let feed = ["feed", "recording", file.to_str().unwrap(), "--to", &to, "--board", "main"];
        let output = run(&mut flightboard_command(feed), "");
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(output.stderr.contains("day.ndjson, line 2"), "{}", output.stderr);
        assert!(output.stderr.contains(words), "{words}: {}", output.stderr);
    }
    // The lines before are published.
    assert_eq!(server.api().rows("main")[0]["gate"], "B4");
}
