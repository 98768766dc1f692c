//! Mutation testing with chosen faults: each patch in `e2e/mutants/` is applied to a copy of the workspace, and
//! each test that it names must then fail.
//!
//! A build error, a missing test or a hanging one does not count as a catch: the test itself must report the
//! fault.

/// Reads the patches and their headers.
mod mutant;

/// The copy of the workspace that is patched.
mod working_copy;

/// Runs one test in the copy.
mod test_run;

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail, ensure};

use mutant::Mutant;
use test_run::TestOutcome;
use working_copy::WorkingCopy;

use crate::workspace_root;

struct MutantResult {
    mutant: Mutant,
    /// The tests that did not fail, with their outcomes; empty if all caught the mutant.
    survived: Vec<String>,
    secs: u64,
}

/// Tests the mutants of these names, or all of them.
pub(crate) fn run(names: &[String]) -> Result<ExitCode> {
    let root = workspace_root()?;
    let mutants = select(mutant::read_all(&root)?, names)?;
    let copy = WorkingCopy::create(&root)?;
    let start = Instant::now();
    check_unmodified(&copy, &mutants)?;
    let count = mutants.len();
    let mut results = Vec::new();
    for (mutant, number) in mutants.into_iter().zip(1..) {
        let start = Instant::now();
        let survived = surviving_tests(&copy, &mutant)?;
        let result = MutantResult { mutant, survived, secs: start.elapsed().as_secs() };
        eprintln!(
            "{number}/{count} {}: {}, {} s",
            result.mutant.name,
            result.verdict(),
            result.secs
        );
        results.push(result);
    }
    Ok(print_results(&results, start.elapsed().as_secs()))
}

fn select(mutants: Vec<Mutant>, names: &[String]) -> Result<Vec<Mutant>> {
    for name in names {
        let is_known = mutants.iter().any(|mutant| mutant.name == *name);
        ensure!(is_known, "no such patch: e2e/mutants/{name}.patch");
    }
    let is_selected = |mutant: &Mutant| names.is_empty() || names.contains(&mutant.name);
    Ok(mutants.into_iter().filter(is_selected).collect())
}

/// A test that fails without a fault catches nothing.
fn check_unmodified(copy: &WorkingCopy, mutants: &[Mutant]) -> Result<()> {
    let tests: BTreeSet<_> = mutants.iter().flat_map(|mutant| &mutant.tests).collect();
    eprintln!("{} tests without any fault", tests.len());
    for test in tests {
        let start = Instant::now();
        match test_run::run(copy, test)? {
            TestOutcome::Passed => eprintln!("passed, {} s: {test}", start.elapsed().as_secs()),
            outcome => {
                let log = copy.save_log("unmodified")?;
                bail!("{test} {outcome} without any fault ({})", log.display());
            }
        }
    }
    Ok(())
}

fn surviving_tests(copy: &WorkingCopy, mutant: &Mutant) -> Result<Vec<String>> {
    copy.apply(mutant)?;
    let mut survived = Vec::new();
    for test in &mutant.tests {
        let outcome = test_run::run(copy, test)?;
        if outcome != TestOutcome::Failed {
            let log = copy.save_log(&mutant.name)?;
            survived.push(format!("{test} {outcome} ({})", log.display()));
        }
    }
    copy.restore()?;
    Ok(survived)
}

impl MutantResult {
    fn verdict(&self) -> String {
        if self.survived.is_empty() {
            "caught".to_owned()
        } else {
            format!("SURVIVED: {}", self.survived.join(", "))
        }
    }
}

fn print_results(results: &[MutantResult], secs: u64) -> ExitCode {
    println!("\nfault | caught by | seconds");
    for result in results {
        let tests = result.mutant.tests.iter().map(ToString::to_string);
        let tests = tests.collect::<Vec<_>>().join(", ");
        let caught_by = if result.survived.is_empty() { tests } else { result.verdict() };
        println!("{} | {caught_by} | {}", result.mutant.sentence, result.secs);
    }
    let caught = results.iter().filter(|result| result.survived.is_empty()).count();
    println!("\n{caught} of {} caught, {secs} s", results.len());
    if caught == results.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
