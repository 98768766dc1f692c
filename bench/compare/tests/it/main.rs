//! The comparison as a whole, with those servers that need nothing from elsewhere. What its figures are, no
//! test says.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// Servers of this project.
const OWN: &str = "loop,coalescing-loop,flightboard,axum";

fn compare(into: &Path, flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_compare"));
    command.arg("--quick").args(flags).arg("--into").arg(into);
    command
}

/// What it measured, and the page and the plot.
fn run(into: &Path, command: &mut Command) -> (Vec<Value>, String, String) {
    let ended = command.output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
    let read = |name| fs::read_to_string(into.join(name)).unwrap();
    let record: Value = serde_json::from_str(&read("benchmarks.json")).unwrap();
    eprintln!("{said}");
    (record["runs"].as_array().unwrap().clone(), read("benchmarks.md"), read("benchmarks.svg"))
}

/// Which servers were measured, in order.
fn servers(runs: &[Value]) -> Vec<&str> {
    runs.iter().map(|run| run["server"].as_str().unwrap()).collect()
}

#[test]
fn each_server_is_measured_told_of_and_drawn() {
    let folder = TempDir::new().unwrap();
    let flags = ["--servers", OWN, "--only", "steady,burst", "--rounds", "1"];
    let (runs, page, plot) = run(folder.path(), &mut compare(folder.path(), &flags));
    let steady = ["loop", "flightboard", "axum", "loop"];
    let burst = ["coalescing-loop", "flightboard", "axum", "coalescing-loop"];
    assert_eq!(servers(&runs), [&steady[..], &burst, &burst].concat());
    for run in &runs {
        assert_eq!(run["measured"]["complete"], true, "{run}");
        assert_eq!(run["measured"]["followers"], run["followers"], "{run}");
        assert!(run["measured"]["p99Millis"].as_f64().unwrap() > 0.0, "{run}");
    }
    for title in
        ["bare loop of `send`", "coalescing loop of `send`", "**flightboard**", "axum `Sse`"]
    {
        assert!(page.contains(&format!("\n| {title} | ")), "{title} is not in\n{page}");
    }
    assert!(!page.contains("## What is missing"), "{page}");
    assert!(plot.contains(">axum Sse<") && plot.contains(r#"class="ours""#), "{plot}");
}

#[test]
fn rounds_are_added_and_the_page_is_made_anew_of_them() {
    let folder = TempDir::new().unwrap();
    let flags = ["--servers", "loop,axum", "--only", "idle", "--add"];
    let none = compare(folder.path(), &flags).output().unwrap();
    assert!(!none.status.success(), "there is nothing to add to");
    run(folder.path(), &mut compare(folder.path(), &flags[..4]));
    let (runs, page, _) = run(folder.path(), &mut compare(folder.path(), &flags));
    assert_eq!(servers(&runs), ["loop", "axum", "loop", "axum"]);
    assert_eq!([&runs[0]["round"], &runs[3]["round"]], [0, 1]);

    fs::write(folder.path().join("benchmarks.md"), "old").unwrap();
    let (again, made, _) = run(folder.path(), &mut compare(folder.path(), &["--rounds", "0"]));
    assert_eq!((again, made), (runs, page));
}

#[test]
fn a_server_that_cannot_be_had_is_left_out_with_a_sentence() {
    let folder = TempDir::new().unwrap();
    let flags = ["--servers", "loop,node", "--only", "idle"];
    let mut compare = compare(folder.path(), &flags);
    // Where nothing is found, Node is not.
    let (runs, page, _) = run(folder.path(), compare.env("PATH", folder.path()));
    assert_eq!(servers(&runs), ["loop"]);
    assert!(page.contains("- Node `http` could not be had: there is no Node"), "{page}");
}
