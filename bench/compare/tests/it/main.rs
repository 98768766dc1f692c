//! The whole comparison, with the servers of this workspace. No test checks the values of the figures.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// Servers that need no installation.
const OWN_SERVERS: &str = "loop,coalescing-loop,flightboard,axum";

/// The files that the program wrote.
struct ComparisonOutput {
    measurements: Vec<Value>,
    page: String,
    plot: String,
}

fn compare_command(into: &Path, flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_compare"));
    command.arg("--quick").args(flags).arg("--into").arg(into);
    command
}

fn run(into: &Path, command: &mut Command) -> ComparisonOutput {
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    eprintln!("{stderr}");
    let read = |name| fs::read_to_string(into.join(name)).unwrap();
    let results: Value = serde_json::from_str(&read("benchmarks.json")).unwrap();
    ComparisonOutput {
        measurements: results["runs"].as_array().unwrap().clone(),
        page: read("benchmarks.md"),
        plot: read("benchmarks.svg"),
    }
}

/// The measured servers, in order.
fn servers(measurements: &[Value]) -> Vec<&str> {
    measurements.iter().map(|measurement| measurement["server"].as_str().unwrap()).collect()
}

#[test]
fn measured_servers_are_shown() {
    let folder = TempDir::new().unwrap();
    let flags = ["--servers", OWN_SERVERS, "--only", "steady,burst", "--rounds", "1"];
    let output = run(folder.path(), &mut compare_command(folder.path(), &flags));
    let steady = ["loop", "flightboard", "axum", "loop"];
    let burst = ["coalescing-loop", "flightboard", "axum", "coalescing-loop"];
    assert_eq!(servers(&output.measurements), [&steady[..], &burst, &burst].concat());
    for measurement in &output.measurements {
        let figures = &measurement["measured"];
        assert_eq!(figures["complete"], true, "{measurement}");
        assert_eq!(figures["followers"], measurement["followers"], "{measurement}");
        assert!(figures["p99Millis"].as_f64().unwrap() > 0.0, "{measurement}");
    }
    let page = &output.page;
    for title in
        ["bare loop of `send`", "coalescing loop of `send`", "**flightboard**", "axum `Sse`"]
    {
        assert!(page.contains(&format!("\n| {title} | ")), "{title} is not in\n{page}");
    }
    assert!(!page.contains("## Missing measurements"), "{page}");
    let plot = &output.plot;
    assert!(plot.contains(">axum Sse<") && plot.contains(r#"class="ours""#), "{plot}");
}

#[test]
fn added_rounds_extend_the_results() {
    let folder = TempDir::new().unwrap();
    let flags = ["--servers", "loop,axum", "--only", "idle", "--add"];
    let output = compare_command(folder.path(), &flags).output().unwrap();
    assert!(!output.status.success(), "there are no results to extend");
    run(folder.path(), &mut compare_command(folder.path(), &flags[..4]));
    let extended = run(folder.path(), &mut compare_command(folder.path(), &flags));
    assert_eq!(servers(&extended.measurements), ["loop", "axum", "loop", "axum"]);
    let first_round = &extended.measurements[0]["round"];
    let last_round = &extended.measurements[3]["round"];
    assert_eq!([first_round, last_round], [0, 1]);

    // With no rounds, the program writes the page from the existing figures.
    fs::write(folder.path().join("benchmarks.md"), "old").unwrap();
    let rewritten = run(folder.path(), &mut compare_command(folder.path(), &["--rounds", "0"]));
    assert_eq!(rewritten.measurements, extended.measurements);
    assert_eq!(rewritten.page, extended.page);
}

#[test]
fn missing_server_is_omitted_with_reason() {
    let folder = TempDir::new().unwrap();
    let flags = ["--servers", "loop,node", "--only", "idle"];
    let mut command = compare_command(folder.path(), &flags);
    // Node is not in an empty folder.
    let output = run(folder.path(), command.env("PATH", folder.path()));
    assert_eq!(servers(&output.measurements), ["loop"]);
    let page = output.page;
    let reason = "- Node `http` could not be installed: Node is not installed";
    assert!(page.contains(reason), "{page}");
}
