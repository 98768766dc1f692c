//! The deliberate faults are those of the document, apply to the sources, and name tests that exist. Only
//! `cargo xtask mutants` checks that those tests fail: that takes longer.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::document::{Document, root};
use crate::sources::test_names;

const MIN_FAULTS: usize = 24;

#[test]
fn documented_faults_match_the_patches() {
    let documented = Document::read("docs/reliability.md").table("## Deliberate faults");
    let patches: Vec<_> = patches().iter().map(|patch| table_row(patch)).collect();
    for (patch, documented) in patches.iter().zip(&documented) {
        assert_eq!(patch, documented);
    }
    assert_eq!(patches.len(), documented.len());
    assert!(patches.len() >= MIN_FAULTS, "{} faults", patches.len());
}

#[test]
fn every_patch_applies_and_names_tests() {
    for patch in patches() {
        let mut git = Command::new("git");
        let output = git.args(["apply", "--check"]).arg(&patch).current_dir(root()).output();
        let output = output.expect("git is installed");
        let name = patch.display();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));

        let tests = named_tests(&fs::read_to_string(&patch).unwrap());
        assert!(!tests.is_empty(), "{name} names no test");
        for test in &tests {
            let (file, test) = test.split_once("::").expect("file::test");
            assert!(test_names(file).contains(test), "{name} names {file}::{test}");
        }
        let distinct: BTreeSet<_> = tests.iter().collect();
        assert_eq!(distinct.len(), tests.len(), "{name} names a test twice");
    }
}

fn patches() -> Vec<PathBuf> {
    let folder = fs::read_dir(root().join("e2e/mutants")).unwrap();
    let mut patches: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    patches.sort();
    patches
}

/// A fault as the document has it: its name, a sentence, its tests.
fn table_row(patch: &Path) -> Vec<String> {
    let name = patch.file_stem().unwrap().to_str().unwrap().to_owned();
    let text = fs::read_to_string(patch).unwrap();
    let sentence = header(&text).find(|line| !line.is_empty()).unwrap();
    vec![name, sentence.replace('`', ""), named_tests(&text).join(", ")]
}

fn named_tests(patch: &str) -> Vec<String> {
    header(patch).filter_map(|line| line.strip_prefix("Caught by: ")).map(str::to_owned).collect()
}

/// The lines before the first file of the patch.
fn header(patch: &str) -> impl Iterator<Item = &str> {
    patch.lines().take_while(|line| !line.starts_with("diff "))
}
