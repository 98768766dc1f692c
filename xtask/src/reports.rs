//! Counts tests and files from the reports of each tool: a tool that exits successfully without having run
//! anything proves nothing.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Removes an old report, so that it cannot be mistaken for a new one.
pub(crate) fn remove_stale(report: &Path) -> Result<()> {
    match fs::remove_file(report) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", report.display()))
        }
        _ => Ok(()),
    }
}

/// Files that rustfmt checked.
pub(crate) fn formatted_files(lines: &[String]) -> usize {
    lines.iter().filter(|line| names_formatted_file(line)).count()
}

/// True for a line of rustfmt that only names a file.
pub(crate) fn names_formatted_file(line: &str) -> bool {
    line.starts_with("Formatting ") || line.starts_with("Using rustfmt config ")
}

/// Targets that cargo checked, from its JSON messages.
pub(crate) fn checked_targets(lines: &[String]) -> usize {
    let artifact = |line: &&String| line.contains(r#""reason":"compiler-artifact""#);
    lines.iter().filter(artifact).count()
}

/// Documentation tests that `cargo test --doc` passed.
pub(crate) fn doctests(lines: &[String]) -> usize {
    let passed = |line: &String| {
        let counts = line.strip_prefix("test result: ok. ")?;
        counts.split_once(" passed;")?.0.parse::<usize>().ok()
    };
    lines.iter().filter_map(passed).sum()
}

/// Passed tests of nextest's JUnit report; an error unless all passed.
pub(crate) fn junit(report: &str) -> Result<usize> {
    let (_, suites) = report.split_once("<testsuites ").context("not a JUnit report")?;
    let count = |name: &str| {
        let (_, rest) =
            suites.split_once(&format!("{name}=\"")).with_context(|| format!("no {name}"))?;
        let (number, _) = rest.split_once('"').context("unterminated attribute")?;
        number.parse::<usize>().with_context(|| format!("{name} is {number}"))
    };
    let (tests, failures, errors) = (count("tests")?, count("failures")?, count("errors")?);
    ensure!(failures + errors == 0, "{failures} of {tests} tests failed, {errors} had errors");
    Ok(tests)
}

/// Requests of schemathesis; an error unless it finished without a failure.
pub(crate) fn schemathesis(report: &str) -> Result<usize> {
    let report: Value = serde_json::from_str(report).context("not a report of schemathesis")?;
    let count =
        |name: &str| report["test_cases"][name].as_u64().with_context(|| format!("no {name}"));
    let (requests, failed, errored) =
        (count("generated")?, count("with_failures")?, count("errored")?);
    ensure!(report["complete"] == true, "schemathesis has not finished");
    ensure!(failed + errored == 0, "{failed} of {requests} requests failed, {errored} had errors");
    Ok(usize::try_from(requests)?)
}

/// The page's sources among the files that the TypeScript compiler lists.
pub(crate) fn page_sources(lines: &[String]) -> usize {
    lines.iter().filter(|line| line.contains("/web/") && !line.contains("/node_modules/")).count()
}

/// Passed tests of vitest's JSON report; an error unless all passed. A skipped test has not passed.
pub(crate) fn vitest(report: &str) -> Result<usize> {
    let report: Value = serde_json::from_str(report).context("the report is not JSON")?;
    let count = |name: &str| report[name].as_u64().with_context(|| format!("no {name}"));
    let (passed, total) = (count("numPassedTests")?, count("numTotalTests")?);
    ensure!(passed == total, "{passed} of {total} tests passed");
    Ok(usize::try_from(passed)?)
}

/// Passed tests of a TAP report by Node's test runner; an error unless all passed.
pub(crate) fn tap(report: &str) -> Result<usize> {
    let count = |name: &str| {
        let prefix = format!("# {name} ");
        let mut values = report.lines().filter_map(|line| line.strip_prefix(&prefix));
        let value = values.next_back().with_context(|| format!("no {name}"))?;
        value.parse::<usize>().with_context(|| format!("{name} is {value}"))
    };
    let (passed, total) = (count("pass")?, count("tests")?);
    ensure!(passed == total, "{passed} of {total} tests passed");
    Ok(passed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn doctests_are_summed() {
        let output = "running 3 tests\ntest result: ok. 3 passed; 0 failed; 1 ignored\n\
                      test result: ok. 12 passed; 0 failed\nsomething else";
        assert_eq!(doctests(&lines(output)), 15);
        assert_eq!(doctests(&lines("test result: FAILED. 3 passed; 1 failed")), 0);
    }

    #[test]
    fn failed_requests_are_counted() {
        let report = |failed, complete| {
            let cases = json!({ "generated": 7, "with_failures": failed, "errored": 0 });
            json!({ "complete": complete, "test_cases": cases }).to_string()
        };
        assert_eq!(schemathesis(&report(0, true)).unwrap(), 7);
        assert!(schemathesis(&report(1, true)).is_err());
        assert!(schemathesis(&report(0, false)).is_err());
    }

    #[test]
    fn junit_counts_tests_without_failures() {
        let report = |failures| {
            format!(
                "<?xml version=\"1.0\"?>\n<testsuites name=\"nextest-run\" tests=\"7\" \
                 failures=\"{failures}\" errors=\"0\"><testsuite tests=\"3\"/></testsuites>"
            )
        };
        assert_eq!(junit(&report(0)).unwrap(), 7);
        assert!(junit(&report(1)).is_err());
        assert!(junit("").is_err());
    }

    #[test]
    fn page_sources_exclude_packages() {
        let output = "/x/web/node_modules/react/index.d.ts\n/x/web/src/App.tsx\n/x/web/packages/p/src/a.ts\n";
        assert_eq!(page_sources(&lines(output)), 2);
    }

    #[test]
    fn skipped_tests_have_not_passed() {
        assert_eq!(vitest(r#"{"numTotalTests":7,"numPassedTests":7}"#).unwrap(), 7);
        assert!(vitest(r#"{"numTotalTests":7,"numPassedTests":6}"#).is_err());
        assert!(vitest("{}").is_err());
        assert_eq!(tap("ok 1 - a\n# tests 2\n# pass 2\n# skipped 0").unwrap(), 2);
        assert!(tap("ok 1 - a # SKIP\n# tests 2\n# pass 1\n# skipped 1").is_err());
        assert!(tap("").is_err());
    }

    #[test]
    fn files_and_targets_are_counted() {
        let output = "Using rustfmt config file a for b\nFormatting a.rs\nFormatting b.rs\nDiff in";
        assert_eq!(formatted_files(&lines(output)), 3);
        let output = "{\"reason\":\"compiler-artifact\"}\n{\"reason\":\"x\"}";
        assert_eq!(checked_targets(&lines(output)), 1);
    }
}
