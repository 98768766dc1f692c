//! Runs a single test in the working copy, with a time limit.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::mutant::TestName;
use super::working_copy::WorkingCopy;
use crate::command::{ProcessOutcome, command, run_with_limit};

/// Limit of a build; the first one starts with an empty target folder.
const BUILD_LIMIT: Duration = Duration::from_secs(30 * 60);

/// Limit of a test.
const TEST_LIMIT: Duration = Duration::from_secs(5 * 60);

/// Cargo's parallel jobs, few enough to leave the machine usable.
const CARGO_JOBS: &str = "-j2";

/// The outcome of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, derive_more::Display)]
pub(crate) enum TestOutcome {
    #[display("failed")]
    Failed,
    #[display("passed")]
    Passed,
    #[display("was not built")]
    NotBuilt,
    #[display("did not run")]
    NotRun,
    #[display("timed out")]
    TimedOut,
}

pub(crate) fn run(copy: &WorkingCopy, test: &TestName) -> Result<TestOutcome> {
    let outcome = if test.file.ends_with(".rs") {
        run_rust_test(copy, test)
    } else {
        run_page_test(copy, test)
    };
    outcome.with_context(|| test.to_string())
}

fn run_rust_test(copy: &WorkingCopy, test: &TestName) -> Result<TestOutcome> {
    let (package, target) = locate(&test.file).context("not in a package's tests")?;
    // End-to-end tests run the program.
    if package == "e2e"
        && !succeeds(
            copy,
            cargo(copy, &["build", "-p", "flightboard", "-p", "flightboard-bench"]),
            BUILD_LIMIT,
        )?
    {
        return Ok(TestOutcome::NotBuilt);
    }
    let manifest = format!("{package}/Cargo.toml");
    let words = ["test", "--manifest-path", &manifest];
    let words: Vec<_> = words.into_iter().chain(target).collect();
    let with = |more: &[&str]| cargo(copy, &[&words[..], more].concat());
    if !succeeds(copy, with(&["--no-run"]), BUILD_LIMIT)? {
        return Ok(TestOutcome::NotBuilt);
    }
    if !succeeds(copy, with(&["--", "--list", &test.name]), TEST_LIMIT)? {
        return Ok(TestOutcome::NotRun);
    }
    let listed = fs::read_to_string(copy.log())?;
    let names = listed.lines().filter_map(|line| line.strip_suffix(": test"));
    let names = names.filter(|name| name.rsplit("::").next() == Some(&test.name));
    let run: Vec<_> = ["--", "--exact"].into_iter().chain(names).collect();
    if run.len() == 2 {
        return Ok(TestOutcome::NotRun);
    }
    let outcome = run_with_limit(&mut with(&run), TEST_LIMIT, &copy.log())?;
    Ok(libtest_outcome(outcome, &fs::read_to_string(copy.log())?))
}

fn cargo(copy: &WorkingCopy, args: &[&str]) -> Command {
    let mut cargo = command(env!("CARGO"), &copy.root(), &args[..1]);
    cargo.args([CARGO_JOBS, "--locked", "--quiet"]).args(&args[1..]);
    // Test the copy's own program.
    cargo.env("CARGO_TARGET_DIR", copy.target()).env_remove("FLIGHTBOARD_BIN");
    cargo
}

fn succeeds(copy: &WorkingCopy, mut command: Command, within: Duration) -> Result<bool> {
    Ok(run_with_limit(&mut command, within, &copy.log())? == ProcessOutcome::Success)
}

/// The package's folder, and cargo's arguments for the test target.
fn locate(file: &str) -> Option<(&str, Vec<&str>)> {
    let split = |folder| file.split_once(folder);
    if let Some((package, rest)) = split("/tests/") {
        return Some((package, vec!["--test", rest.split('/').next()?]));
    }
    Some((split("/src/")?.0, vec!["--lib"]))
}

fn libtest_outcome(outcome: ProcessOutcome, output: &str) -> TestOutcome {
    let mut summary = output.lines().filter_map(|line| line.split_once("test result: "));
    match summary.next_back() {
        _ if outcome == ProcessOutcome::TimedOut => TestOutcome::TimedOut,
        Some((_, counts)) if counts.starts_with("FAILED. ") => TestOutcome::Failed,
        Some((_, counts))
            if outcome == ProcessOutcome::Success && !counts.starts_with("ok. 0 passed") =>
        {
            TestOutcome::Passed
        }
        _ => TestOutcome::NotRun,
    }
}

fn run_page_test(copy: &WorkingCopy, test: &TestName) -> Result<TestOutcome> {
    let web = copy.root().join("web");
    let report = copy.target().join("vitest.json");
    fs::create_dir_all(copy.target())?;
    fs::write(&report, "")?;
    let file = test.file.strip_prefix("web/").context("not in web/")?;
    let reported = format!("--outputFile.json={}", report.display());
    let words =
        ["test", "--silent", "--", file, "--reporter=default", "--reporter=json", &reported];
    if run_with_limit(&mut command("npm", &web, &words), TEST_LIMIT, &copy.log())?
        == ProcessOutcome::TimedOut
    {
        return Ok(TestOutcome::TimedOut);
    }
    Ok(vitest_outcome(&read_report(&report)?, &test.name))
}

fn read_report(report: &Path) -> Result<Value> {
    let text = fs::read_to_string(report)?;
    Ok(serde_json::from_str(&text).unwrap_or_default())
}

fn vitest_outcome(report: &Value, title: &str) -> TestOutcome {
    let files = report["testResults"].as_array().into_iter().flatten();
    let mut tests = files.filter_map(|file| file["assertionResults"].as_array()).flatten();
    let status = tests.find(|test| test["title"] == title).and_then(|test| test["status"].as_str());
    match status {
        Some("failed") => TestOutcome::Failed,
        Some("passed") => TestOutcome::Passed,
        _ => TestOutcome::NotRun,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tests_are_located_in_targets() {
        let integration = Some(("crates/sse", vec!["--test", "it"]));
        assert_eq!(locate("crates/sse/tests/it/cases.rs"), integration);
        assert_eq!(locate("e2e/tests/docs/main.rs"), Some(("e2e", vec!["--test", "docs"])));
        assert_eq!(locate("crates/journal/src/a/b.rs"), Some(("crates/journal", vec!["--lib"])));
        assert_eq!(locate("README.md"), None);
    }

    #[test]
    fn only_run_tests_can_fail() {
        let (ok, failed) =
            ("\ntest result: ok. 2 passed; 0 failed", "test result: FAILED. 1 passed");
        assert_eq!(libtest_outcome(ProcessOutcome::Failure, failed), TestOutcome::Failed);
        assert_eq!(libtest_outcome(ProcessOutcome::Success, ok), TestOutcome::Passed);
        assert_eq!(
            libtest_outcome(ProcessOutcome::Success, "test result: ok. 0 passed"),
            TestOutcome::NotRun
        );
        assert_eq!(
            libtest_outcome(ProcessOutcome::Failure, "error: could not compile"),
            TestOutcome::NotRun
        );
        assert_eq!(libtest_outcome(ProcessOutcome::TimedOut, failed), TestOutcome::TimedOut);
    }

    #[test]
    fn page_tests_are_found_by_title() {
        let result = |title, status| json!({ "title": title, "status": status });
        let results = [result("a", "passed"), result("b", "failed"), result("c", "skipped")];
        let report = json!({ "testResults": [{ "assertionResults": results }] });
        let outcomes = ["a", "b", "c", "d"].map(|title| vitest_outcome(&report, title));
        use TestOutcome::{Failed, NotRun, Passed};
        assert_eq!(outcomes, [Passed, Failed, NotRun, NotRun]);
        assert_eq!(vitest_outcome(&Value::Null, "a"), NotRun);
    }
}
