//! How much a suite has done, read from what its tool reports: a tool that ends well without
//! having done anything has shown nothing.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Files that rustfmt or Prettier looked at.
pub(crate) fn formatted(lines: &[String]) -> usize {
    lines.iter().filter(|line| is_formatting(line)).count()
}

/// Whether rustfmt only names a file here.
pub(crate) fn is_formatting(line: &str) -> bool {
    line.starts_with("Formatting ") || line.starts_with("Using rustfmt config ")
}

/// Targets that cargo checked, by its messages.
pub(crate) fn checked(lines: &[String]) -> usize {
    let artifact = |line: &&String| line.contains(r#""reason":"compiler-artifact""#);
    lines.iter().filter(artifact).count()
}

/// Tests that `cargo test` ran.
pub(crate) fn rust_tests(lines: &[String]) -> usize {
    let passed = |line: &String| {
        let counts = line.strip_prefix("test result: ok. ")?;
        counts.split_once(" passed;")?.0.parse::<usize>().ok()
    };
    lines.iter().filter_map(passed).sum()
}

/// Sources of the page that the compiler lists.
pub(crate) fn page_sources(lines: &[String]) -> usize {
    let own = |line: &&String| line.contains("/web/src/");
    lines.iter().filter(own).count()
}

/// Tests of vitest's JSON report. One that was skipped is no test.
pub(crate) fn vitest(report: &str) -> Result<usize> {
    let report: Value = serde_json::from_str(report).context("vitest's report is not JSON")?;
    let count = |name: &str| report[name].as_u64().with_context(|| format!("no {name} in it"));
    let (passed, all) = (count("numPassedTests")?, count("numTotalTests")?);
    ensure!(passed == all, "{passed} of {all} tests passed");
    Ok(usize::try_from(passed)?)
}

/// Tests of a TAP report, as Node's runner writes it.
pub(crate) fn tap(report: &str) -> Result<usize> {
    let count = |name: &str| {
        let start = format!("# {name} ");
        let mut values = report.lines().filter_map(|line| line.strip_prefix(&start));
        let value = values.next_back().with_context(|| format!("no {name} in the report"))?;
        value.parse::<usize>().with_context(|| format!("{name} {value} is no count"))
    };
    let (passed, all) = (count("pass")?, count("tests")?);
    ensure!(passed == all, "{passed} of {all} tests passed");
    Ok(passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn rust_tests_are_summed_over_all_binaries() {
        let output = "running 3 tests\ntest result: ok. 3 passed; 0 failed; 1 ignored\n\
                      test result: ok. 12 passed; 0 failed\nsomething else";
        assert_eq!(rust_tests(&lines(output)), 15);
        assert_eq!(rust_tests(&lines("test result: FAILED. 3 passed; 1 failed")), 0);
    }

    #[test]
    fn only_the_pages_own_sources_count() {
        let output = "/x/web/node_modules/react/index.d.ts\n/x/web/src/App.tsx\n/x/web/src/a.ts\n";
        assert_eq!(page_sources(&lines(output)), 2);
    }

    #[test]
    fn a_skipped_test_is_no_test() {
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
        assert_eq!(formatted(&lines(output)), 3);
        assert_eq!(checked(&lines("{\"reason\":\"compiler-artifact\"}\n{\"reason\":\"x\"}")), 1);
    }
}
