//! A fault as it is kept: a unified diff, and above it a sentence and the tests that must fail.
//! `git apply` passes over what stands above.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

const FOLDER: &str = "e2e/mutants";
const CAUGHT_BY: &str = "Caught by: ";

/// One thing broken on purpose.
pub(crate) struct Fault {
    /// That of the file, without its ending.
    pub(crate) name: String,
    pub(crate) patch: PathBuf,
    /// What is wrong then.
    pub(crate) sentence: String,
    /// All of them must fail.
    pub(crate) tests: Vec<Test>,
}

/// A test by its file, from the root of the project, and its name or title in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Test {
    pub(crate) file: String,
    pub(crate) name: String,
}

/// All of them, by name.
pub(crate) fn read_all(root: &Path) -> Result<Vec<Fault>> {
    let entries = fs::read_dir(root.join(FOLDER)).context("there are no faults")?;
    let mut patches = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    patches.retain(|path| path.extension().is_some_and(|end| end == "patch"));
    patches.sort();
    ensure!(!patches.is_empty(), "{FOLDER} is empty");
    patches.into_iter().map(read).collect()
}

fn read(patch: PathBuf) -> Result<Fault> {
    let text = fs::read_to_string(&patch)?;
    let name = patch.file_stem().map(|name| name.to_string_lossy().into_owned());
    let name = name.context("a patch has a name")?;
    let (sentence, tests) = head(&text).with_context(|| format!("{FOLDER}/{name}.patch"))?;
    Ok(Fault { name, patch, sentence, tests })
}

fn head(text: &str) -> Result<(String, Vec<Test>)> {
    let head = text.lines().take_while(|line| !line.starts_with("diff "));
    let (tests, sentence): (Vec<_>, Vec<_>) = head.partition(|line| line.starts_with(CAUGHT_BY));
    let sentence = sentence.join(" ").trim().to_owned();
    ensure!(sentence.ends_with('.'), "it begins with no sentence");
    let tests = tests.into_iter().map(test).collect::<Result<Vec<_>>>()?;
    ensure!(!tests.is_empty(), "no test is named that catches it");
    Ok((sentence, tests))
}

fn test(line: &str) -> Result<Test> {
    let (file, name) = line[CAUGHT_BY.len()..].split_once("::").context("file::name is wanted")?;
    Ok(Test { file: file.to_owned(), name: name.to_owned() })
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}", self.file, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn above_a_patch_stand_a_sentence_and_tests() {
        let (sentence, tests) =
            head("It is\nbroken.\nCaught by: a/b.rs::c_d\nCaught by: e.ts::f: g, h\n\ndiff --git")
                .unwrap();
        assert_eq!(sentence, "It is broken.");
        let tests: Vec<_> = tests.iter().map(|test| (&*test.file, &*test.name)).collect();
        assert_eq!(tests, [("a/b.rs", "c_d"), ("e.ts", "f: g, h")]);
        for bad in ["", "It is broken.\ndiff", "Caught by: a.rs::b\ndiff", "No.\nCaught by: a"] {
            assert!(head(bad).is_err(), "{bad}");
        }
    }
}
