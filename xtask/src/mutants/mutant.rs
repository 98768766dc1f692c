//! A deliberate fault: a unified diff, preceded by a sentence and the tests that must fail. `git apply` skips
//! this header.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

const FOLDER: &str = "e2e/mutants";
const CAUGHT_BY: &str = "Caught by: ";

/// A patch that breaks one thing.
pub(crate) struct Mutant {
    /// The file's name without its ending.
    pub(crate) name: String,
    pub(crate) patch: PathBuf,
    /// Describes the fault.
    pub(crate) sentence: String,
    /// All of them must fail.
    pub(crate) tests: Vec<TestName>,
}

/// A test: its file, relative to the root of the workspace, and its name or title.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, derive_more::Display)]
#[display("{file}::{name}")]
pub(crate) struct TestName {
    pub(crate) file: String,
    pub(crate) name: String,
}

/// Reads all mutants, sorted by name.
pub(crate) fn read_all(root: &Path) -> Result<Vec<Mutant>> {
    let entries =
        fs::read_dir(root.join(FOLDER)).with_context(|| format!("cannot read {FOLDER}"))?;
    let mut patches = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    patches.retain(|path| path.extension().is_some_and(|extension| extension == "patch"));
    patches.sort();
    ensure!(!patches.is_empty(), "{FOLDER} is empty");
    patches.into_iter().map(read).collect()
}

fn read(patch: PathBuf) -> Result<Mutant> {
    let text = fs::read_to_string(&patch)?;
    let name = patch.file_stem().map(|name| name.to_string_lossy().into_owned());
    let name = name.context("a patch has a name")?;
    let (sentence, tests) =
        parse_header(&text).with_context(|| format!("{FOLDER}/{name}.patch"))?;
    Ok(Mutant { name, patch, sentence, tests })
}

fn parse_header(text: &str) -> Result<(String, Vec<TestName>)> {
    let header = text.lines().take_while(|line| !line.starts_with("diff "));
    let (tests, sentence): (Vec<_>, Vec<_>) = header.partition(|line| line.starts_with(CAUGHT_BY));
    let sentence = sentence.join(" ").trim().to_owned();
    ensure!(sentence.ends_with('.'), "the header must start with a sentence");
    let tests = tests.into_iter().map(parse_test).collect::<Result<Vec<_>>>()?;
    ensure!(!tests.is_empty(), "the header must name a test, as \"{CAUGHT_BY}file::name\"");
    Ok((sentence, tests))
}

fn parse_test(line: &str) -> Result<TestName> {
    let (file, name) = line[CAUGHT_BY.len()..].split_once("::").context("expected file::name")?;
    Ok(TestName { file: file.to_owned(), name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_has_sentence_and_tests() {
        let header =
            "It is\nbroken.\nCaught by: a/b.rs::c_d\nCaught by: e.ts::f: g, h\n\ndiff --git";
        let (sentence, tests) = parse_header(header).unwrap();
        assert_eq!(sentence, "It is broken.");
        let tests: Vec<_> = tests.iter().map(|test| (&*test.file, &*test.name)).collect();
        assert_eq!(tests, [("a/b.rs", "c_d"), ("e.ts", "f: g, h")]);
        for bad in ["", "It is broken.\ndiff", "Caught by: a.rs::b\ndiff", "No.\nCaught by: a"] {
            assert!(parse_header(bad).is_err(), "{bad}");
        }
    }
}
