//! `flightboard feed map`: rows by a jq program, and programs that never end or want too much.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::process::{ProcessOutput, TestProcess, flightboard_command, run, start_server};
use crate::wait::{WAIT_TIMEOUT, wait_until};

/// Explains `answer` by `program`.
fn explain(folder: &TempDir, program: &str, answer: &str) -> ProcessOutput {
    let file = folder.path().join("rows.jq");
    fs::write(&file, program).unwrap();
    let args = ["feed", "map", "--file", "-", "--explain", "--rows", file.to_str().unwrap()];
    run(&mut flightboard_command(args), answer)
}

const DEADLINE: &str = "failed: the program did not end within 10 s\n";
const MEMORY: &str = "failed: the program needs more than 1024 MiB of memory\n";

#[test]
fn boundless_lists_fail() {
    let folder = TempDir::new().unwrap();
    let output = explain(&folder, "[range(1e9)]", "[]");
    // The speed of the machine decides which limit is the first.
    let text = &output.stdout;
    assert!(text.ends_with(MEMORY) || text.ends_with(DEADLINE), "{text:.2000}");
}

#[test]
fn boundless_programs_fail_with_a_reason() {
    let folder = TempDir::new().unwrap();
    for (program, reason) in [
        ("def f: f; f", DEADLINE),
        ("reduce range(40) as $_ (\"x\"; . + .)", MEMORY),
        ("def f: 1 + f; f", "failed: the program recurses too deeply\n"),
        ("range(1e9) | {flight: \"A\\(.)\"}", "has more than 20000 rows\n"),
        (
            "[range(9999)] | map(tostring * 9) | add | {flight: .} | range(9999) as $n | .",
            "failed: the program wrote more than 16 MiB\n",
        ),
        ("{flight: nan}", "is not JSON\n"),
    ] {
        let output = explain(&folder, program, "[]");
        let text = &output.stdout;
        assert!(!output.status.success() && text.ends_with(reason), "{program}: {text:.2000}");
    }
}

#[test]
fn deep_answers_are_refused() {
    let folder = TempDir::new().unwrap();
    for (open, close) in [("[", "]"), ("<a>", "</a>")] {
        let answer = format!("{}{}", open.repeat(200_000), close.repeat(200_000));
        let output = explain(&folder, ".", &answer);
        let text = &output.stdout;
        assert!(text.contains("nested deeper than 127 levels"), "{text:.2000}");
    }
}

#[test]
fn endless_program_leaves_the_server_live() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let (api, to) = (server.api(), server.api().url().to_owned());
    let (answer, rows) = (folder.path().join("answer.json"), folder.path().join("rows.jq"));
    fs::write(&rows, "if . == [] then def f: f; f else .[] end").unwrap();
    fs::write(&answer, r#"[{"flight": "SK 1457", "arrival": "2026-11-28T08:15"}]"#).unwrap();
    let args = ["feed", "map", "--to", &to, "--board", "in", "--zone", "Europe/Oslo"];
    let mut command = flightboard_command(args);
    let _feed = TestProcess::start(command.arg("--file").arg(&answer).arg("--rows").arg(&rows));
    let source_when = |status: &str| {
        wait_until(status, WAIT_TIMEOUT, || {
            let is_open = api.get_status("/boards/in/flights") == 200;
            let board = is_open.then(|| api.get("/boards/in/flights"));
            board.filter(|board| board["board"]["source"]["status"] == status)
        })
    };
    let board: Value = source_when("current");
    assert_eq!(board["flights"][0]["arrival"], "2026-11-28T08:15:00+01:00");
    assert_eq!(board["board"]["source"]["name"], "answer.json");

    fs::write(&answer, "[]").unwrap();
    let board = source_when("failing");
    let reason = &board["board"]["source"]["reason"];
    assert_eq!(reason, "the program did not end within 10 s");
    assert_eq!(board["flights"][0]["flight"], "SK1457", "the rows stay");
    assert_eq!(api.get_status("/readyz"), 200);
}

#[test]
fn server_runs_mapped_feeds_itself() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("rows.jq"), ".[] | {flight: .number, gate}").unwrap();
    fs::write(path("flights.csv"), "number,gate\nSK1457,D4\n").unwrap();
    let config = format!(
        "[[feed]]\nsource = \"map\"\nfile = {:?}\nheader = true\nrows = {:?}\nboard = \"gates\"\n",
        path("flights.csv"),
        path("rows.jq"),
    );
    fs::write(path("feeds.toml"), config).unwrap();
    let server = start_server(folder.path(), &["--config", &path("feeds.toml")]);
    let gate_is = |gate: &str| {
        wait_until(gate, WAIT_TIMEOUT, || {
            let is_open = server.api().get_status("/boards/gates/flights") == 200;
            let board = is_open.then(|| server.api().get("/boards/gates/flights"));
            board.filter(|board| board["flights"][0]["gate"] == gate)
        })
    };
    let board: Value = gate_is("D4");
    assert_eq!(board["board"]["source"]["name"], "flights.csv");
    fs::write(path("flights.csv"), "number,gate\nSK1457,D5\n").unwrap();
    gate_is("D5");
}
