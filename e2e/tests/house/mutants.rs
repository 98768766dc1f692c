//! The deliberate faults are those of the document, each with the tests that catch it, and can still
//! be made. Whether they are caught is for `cargo xtask mutants` to say, which takes longer.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::document::{Document, root};
use crate::places::is_test;

/// What is expected at least; it may grow.
const FEWEST: usize = 24;

/// A fault as it is documented: its name, what is wrong, and the tests, each by its file.
type Row = Vec<String>;

#[test]
fn deliberate_faults_are_those_of_the_document() {
    let documented = Document::read("docs/reliability.md").table("## Deliberate faults");
    let patches = patches();
    let made: Vec<_> = patches.iter().map(row).collect();
    for (made, documented) in made.iter().zip(&documented) {
        assert_eq!(made, documented);
    }
    assert_eq!(made.len(), documented.len());
    assert!(made.len() >= FEWEST, "{} faults", made.len());
}

#[test]
fn every_deliberate_fault_can_be_made_and_names_tests() {
    for patch in patches() {
        let mut apply = Command::new("git");
        let applied = apply.args(["apply", "--check"]).arg(&patch).current_dir(root()).output();
        let applied = applied.expect("git is there");
        let place = patch.display();
        assert!(applied.status.success(), "{place}: {}", String::from_utf8_lossy(&applied.stderr));
        let tests = tests(&fs::read_to_string(&patch).unwrap());
        assert!(!tests.is_empty(), "{place} names no test");
        for test in &tests {
            let (file, name) = test.split_once("::").expect(test);
            let source = fs::read_to_string(root().join(file)).expect(test);
            assert!(is_test(&source, name), "{place} names {test}");
            let titles = source.matches(&format!("(\"{name}\",")).count();
            assert!(titles <= 1, "{titles} tests are called {test}");
        }
        let different: BTreeSet<_> = tests.iter().collect();
        assert_eq!(different.len(), tests.len(), "{place} names a test twice");
    }
}

fn patches() -> Vec<PathBuf> {
    let folder = fs::read_dir(root().join("e2e/mutants")).unwrap();
    let mut patches: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    patches.sort();
    patches
}

fn row(patch: &PathBuf) -> Row {
    let name = patch.file_stem().unwrap().to_str().unwrap().to_owned();
    let text = fs::read_to_string(patch).unwrap();
    let sentence = head(&text).find(|line| !line.is_empty()).unwrap();
    vec![name, sentence.replace('`', ""), tests(&text).join(", ")]
}

fn tests(patch: &str) -> Vec<String> {
    head(patch).filter_map(|line| line.strip_prefix("Caught by: ")).map(str::to_owned).collect()
}

/// What stands above the patch itself.
fn head(patch: &str) -> impl Iterator<Item = &str> {
    patch.lines().take_while(|line| !line.starts_with("diff "))
}
