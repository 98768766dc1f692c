//! Files, tests and links that are named exist.

use std::fs;

use crate::document::{self, Document, root};

/// Code that begins so is the place of a file.
const FOLDERS: [&str; 8] =
    [".ci/", "bench/", "crates/", "data/", "docs/", "e2e/", "web/", "xtask/"];

#[test]
fn files_and_tests_named_exist() {
    let mut tests = 0;
    for document in document::all() {
        for code in document.code() {
            if !FOLDERS.iter().any(|folder| code.starts_with(folder)) {
                continue;
            }
            let (path, test) = match code.split_once("::") {
                Some((path, test)) => (path, Some(test)),
                None => (&*code, None),
            };
            assert!(root().join(path).exists(), "{} names {path}", document.path);
            if let Some(test) = test {
                let source = fs::read_to_string(root().join(path)).unwrap();
                assert!(is_test(&source, test), "{} names {code}", document.path);
                tests += 1;
            }
        }
    }
    assert!(tests > 10, "the architecture names the tests of what always holds");
}

/// A function with `#[test]` or the like above it, or within a macro of tests, or a test by its
/// title in TypeScript.
pub(crate) fn is_test(source: &str, name: &str) -> bool {
    let function = |end| source.contains(&format!("fn {name}{end}"));
    function('(') || function('<') || source.contains(&format!("(\"{name}\","))
}

#[test]
fn every_crate_is_told_of() {
    let architecture = Document::read("ARCHITECTURE.md");
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let heading = format!("\n### `crates/{name}`");
        assert!(architecture.text().contains(&heading), "{name}");
    }
}

#[test]
fn links_lead_somewhere() {
    for document in document::all() {
        let here = root().join(&document.path);
        for link in document.links().iter().filter(|link| !link.starts_with("http")) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { here.clone() } else { here.with_file_name(path) };
            assert!(target.exists(), "{}: {link}", document.path);
            if !anchor.is_empty() {
                let target = target.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
                let anchors = Document::read(&target).anchors();
                assert!(anchors.iter().any(|known| known == anchor), "{}: {link}", document.path);
            }
        }
    }
}
