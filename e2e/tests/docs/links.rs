//! Files, tests and links in documents exist.

use std::fs;

use crate::document::{Document, all_documents, root};
use crate::sources::test_names;

/// Code spans that begin so name a file.
const FOLDERS: [&str; 8] =
    [".ci/", "bench/", "crates/", "data/", "docs/", "e2e/", "web/", "xtask/"];

#[test]
fn named_files_and_tests_exist() {
    let mut tests = 0;
    for document in all_documents() {
        for code in document.code_spans() {
            if !FOLDERS.iter().any(|folder| code.starts_with(folder)) {
                continue;
            }
            let (file, test) = match code.split_once("::") {
                Some((file, test)) => (file, Some(test)),
                None => (&*code, None),
            };
            assert!(root().join(file).exists(), "{} names {file}", document.path);
            if let Some(test) = test {
                assert!(test_names(file).contains(test), "{} names {code}", document.path);
                tests += 1;
            }
        }
    }
    assert!(tests > 10, "ARCHITECTURE.md names the tests of its invariants");
}

#[test]
fn every_crate_is_described() {
    let architecture = Document::read("ARCHITECTURE.md");
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let heading = format!("\n### `crates/{name}`");
        assert!(architecture.text().contains(&heading), "{name}");
    }
}

#[test]
fn links_resolve() {
    for document in all_documents() {
        let here = root().join(&document.path);
        for link in document.link_targets().iter().filter(|link| !link.starts_with("http")) {
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
