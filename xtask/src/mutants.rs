//! Deliberate faults: each is a patch in `e2e/mutants/`, applied to a copy of the project, and each
//! test that it names must fail then.
//!
//! A build that fails is no catch, nor is a test that did not run, nor one that hangs: whoever breaks
//! the project by accident must be told what is wrong.

/// The patches, and what stands above each.
mod fault;

/// A copy of the project that may be broken.
mod tree;

/// Running single tests in the copy.
mod trial;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use fault::Fault;
use tree::Tree;
use trial::Outcome;

/// What became of one fault.
struct Verdict {
    fault: Fault,
    /// Why it is not caught, if it is not.
    missed: Option<String>,
    secs: u64,
}

/// Tries the faults of these names, or all of them.
pub(crate) fn run(names: &[&str]) -> Result<ExitCode> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask is in it")?;
    let faults = chosen(fault::read_all(root)?, names)?;
    let tree = Tree::of(root)?;
    let start = Instant::now();
    check_unbroken(&tree, &faults)?;
    let count = faults.len();
    let mut verdicts = Vec::new();
    for (fault, number) in faults.into_iter().zip(1..) {
        let start = Instant::now();
        let missed = missed(&tree, &fault)?;
        let verdict = Verdict { fault, missed, secs: start.elapsed().as_secs() };
        let outcome = verdict.missed.as_deref().unwrap_or("caught");
        eprintln!("{number}/{count} {}: {outcome}, {} s", verdict.fault.name, verdict.secs);
        verdicts.push(verdict);
    }
    Ok(tell(&verdicts, start.elapsed().as_secs()))
}

fn chosen(faults: Vec<Fault>, names: &[&str]) -> Result<Vec<Fault>> {
    for name in names {
        let is_known = faults.iter().any(|fault| fault.name == *name);
        ensure!(is_known, "there is no e2e/mutants/{name}.patch");
    }
    let is_chosen = |fault: &Fault| names.is_empty() || names.contains(&&*fault.name);
    Ok(faults.into_iter().filter(is_chosen).collect())
}

/// A test that fails anyway catches nothing.
fn check_unbroken(tree: &Tree, faults: &[Fault]) -> Result<()> {
    let tests: BTreeSet<_> = faults.iter().flat_map(|fault| &fault.tests).collect();
    eprintln!("{} tests without any fault", tests.len());
    for test in tests {
        let start = Instant::now();
        match trial::run(tree, test)? {
            Outcome::Passed => eprintln!("passed, {} s: {test}", start.elapsed().as_secs()),
            outcome => {
                let log = tree.keep_log("unbroken")?;
                bail!("{test} {outcome}, though nothing was broken ({})", log.display());
            }
        }
    }
    Ok(())
}

fn missed(tree: &Tree, fault: &Fault) -> Result<Option<String>> {
    tree.apply(fault)?;
    let mut missed = Vec::new();
    for test in &fault.tests {
        let outcome = trial::run(tree, test)?;
        if outcome != Outcome::Failed {
            let log = tree.keep_log(&fault.name)?;
            missed.push(format!("{test} {outcome} ({})", log.display()));
        }
    }
    tree.renew()?;
    Ok((!missed.is_empty()).then(|| format!("MISSED, {}", missed.join(", and "))))
}

fn tell(verdicts: &[Verdict], secs: u64) -> ExitCode {
    println!("\nfault | caught by | seconds");
    for Verdict { fault, missed, secs } in verdicts {
        let tests = || fault.tests.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let caught_by = missed.clone().unwrap_or_else(tests);
        println!("{} | {caught_by} | {secs}", fault.sentence);
    }
    let caught = verdicts.iter().filter(|verdict| verdict.missed.is_none()).count();
    println!("\n{caught} of {} caught, {secs} s", verdicts.len());
    if caught == verdicts.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
