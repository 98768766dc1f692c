//! One test alone, in the copy, within a bounded time.

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::fault::Test;
use super::tree::Tree;
use crate::command::{Ended, command, run_within};

/// How long building may take, the first time from nothing.
const BUILD: Duration = Duration::from_secs(30 * 60);

/// How long a test may take.
const TEST: Duration = Duration::from_secs(5 * 60);

/// How many jobs cargo runs at once, so that the machine is of use meanwhile.
const JOBS: &str = "-j2";

/// What became of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Failed,
    Passed,
    NotBuilt,
    NotRun,
    Hung,
}

pub(crate) fn run(tree: &Tree, test: &Test) -> Result<Outcome> {
    let outcome = if test.file.ends_with(".rs") { rust(tree, test) } else { page(tree, test) };
    outcome.with_context(|| test.to_string())
}

fn rust(tree: &Tree, test: &Test) -> Result<Outcome> {
    let (package, target) = place(&test.file).context("it is in no package's tests")?;
    // Tests of the whole run the program.
    if package == "e2e" && !succeeds(tree, cargo(tree, &["build", "-p", "flightboard"]), BUILD)? {
        return Ok(Outcome::NotBuilt);
    }
    let manifest = format!("{package}/Cargo.toml");
    let words = ["test", "--manifest-path", &manifest];
    let words: Vec<_> = words.into_iter().chain(target).collect();
    let with = |more: &[&str]| cargo(tree, &[&words[..], more].concat());
    if !succeeds(tree, with(&["--no-run"]), BUILD)? {
        return Ok(Outcome::NotBuilt);
    }
    if !succeeds(tree, with(&["--", "--list", &test.name]), TEST)? {
        return Ok(Outcome::NotRun);
    }
    let listed = fs::read_to_string(tree.log())?;
    let names = listed.lines().filter_map(|line| line.strip_suffix(": test"));
    let names = names.filter(|name| name.rsplit("::").next() == Some(&test.name));
    let run: Vec<_> = ["--", "--exact"].into_iter().chain(names).collect();
    if run.len() == 2 {
        return Ok(Outcome::NotRun);
    }
    let ended = run_within(&mut with(&run), TEST, &tree.log())?;
    Ok(of_libtest(ended, &fs::read_to_string(tree.log())?))
}

fn cargo(tree: &Tree, args: &[&str]) -> Command {
    let mut cargo = command(env!("CARGO"), &tree.folder(), &args[..1]);
    cargo.args([JOBS, "--locked", "--quiet"]).args(&args[1..]);
    // The copy's own program, not the one that another run of the tests was told of.
    cargo.env("CARGO_TARGET_DIR", tree.built()).env_remove("FLIGHTBOARD_BIN");
    cargo
}

fn succeeds(tree: &Tree, mut command: Command, within: Duration) -> Result<bool> {
    Ok(run_within(&mut command, within, &tree.log())? == Ended::Well)
}

/// The package's folder, and the words that name the target.
fn place(file: &str) -> Option<(&str, Vec<&str>)> {
    let split = |folder| file.split_once(folder);
    if let Some((package, rest)) = split("/tests/") {
        return Some((package, vec!["--test", rest.split('/').next()?]));
    }
    Some((split("/src/")?.0, vec!["--lib"]))
}

fn of_libtest(ended: Ended, output: &str) -> Outcome {
    let mut summary = output.lines().filter_map(|line| line.split_once("test result: "));
    match summary.next_back() {
        _ if ended == Ended::Cut => Outcome::Hung,
        Some((_, counts)) if counts.starts_with("FAILED. ") => Outcome::Failed,
        Some((_, counts)) if ended == Ended::Well && !counts.starts_with("ok. 0 passed") => {
            Outcome::Passed
        }
        _ => Outcome::NotRun,
    }
}

fn page(tree: &Tree, test: &Test) -> Result<Outcome> {
    let web = tree.folder().join("web");
    let report = tree.built().join("vitest.json");
    fs::create_dir_all(tree.built())?;
    fs::write(&report, "")?;
    let file = test.file.strip_prefix("web/").context("it is none of the page's")?;
    let reported = format!("--outputFile.json={}", report.display());
    let words =
        ["test", "--silent", "--", file, "--reporter=default", "--reporter=json", &reported];
    if run_within(&mut command("npm", &web, &words), TEST, &tree.log())? == Ended::Cut {
        return Ok(Outcome::Hung);
    }
    Ok(of_vitest(&read(&report)?, &test.name))
}

fn read(report: &Path) -> Result<Value> {
    let text = fs::read_to_string(report)?;
    Ok(serde_json::from_str(&text).unwrap_or_default())
}

fn of_vitest(report: &Value, title: &str) -> Outcome {
    let files = report["testResults"].as_array().into_iter().flatten();
    let mut tests = files.filter_map(|file| file["assertionResults"].as_array()).flatten();
    let status = tests.find(|test| test["title"] == title).and_then(|test| test["status"].as_str());
    match status {
        Some("failed") => Outcome::Failed,
        Some("passed") => Outcome::Passed,
        _ => Outcome::NotRun,
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failed => "failed",
            Self::Passed => "passed",
            Self::NotBuilt => "was not built",
            Self::NotRun => "did not run",
            Self::Hung => "hung",
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_test_is_in_a_target_of_a_package() {
        let integration = Some(("crates/sse", vec!["--test", "it"]));
        assert_eq!(place("crates/sse/tests/it/cases.rs"), integration);
        assert_eq!(place("e2e/tests/house/main.rs"), Some(("e2e", vec!["--test", "house"])));
        assert_eq!(place("crates/journal/src/a/b.rs"), Some(("crates/journal", vec!["--lib"])));
        assert_eq!(place("README.md"), None);
    }

    #[test]
    fn only_a_test_that_ran_and_failed_has_failed() {
        let (ok, failed) =
            ("\ntest result: ok. 2 passed; 0 failed", "test result: FAILED. 1 passed");
        assert_eq!(of_libtest(Ended::Badly, failed), Outcome::Failed);
        assert_eq!(of_libtest(Ended::Well, ok), Outcome::Passed);
        assert_eq!(of_libtest(Ended::Well, "test result: ok. 0 passed"), Outcome::NotRun);
        assert_eq!(of_libtest(Ended::Badly, "error: could not compile"), Outcome::NotRun);
        assert_eq!(of_libtest(Ended::Cut, failed), Outcome::Hung);
    }

    #[test]
    fn a_page_test_is_found_by_its_title() {
        let result = |title, status| json!({ "title": title, "status": status });
        let results = [result("a", "passed"), result("b", "failed"), result("c", "skipped")];
        let report = json!({ "testResults": [{ "assertionResults": results }] });
        let outcomes = ["a", "b", "c", "d"].map(|title| of_vitest(&report, title));
        use Outcome::{Failed, NotRun, Passed};
        assert_eq!(outcomes, [Passed, Failed, NotRun, NotRun]);
        assert_eq!(of_vitest(&Value::Null, "a"), NotRun);
    }
}
