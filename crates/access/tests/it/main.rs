//! Tokens and JSON Web Tokens, from their files to the rights that they give.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

/// Signs tokens as an issuer does.
mod issuer;

/// Lines of token files, and the tokens that they know.
mod tokens;

/// JSON Web Tokens.
mod json_web_tokens;

/// Files that change.
mod reloads;

use std::path::PathBuf;

use access::{AccessFiles, Credentials};
use flight::BoardName;
use jiff::Timestamp;
use tempfile::TempDir;

/// A time at which all tokens of the tests are valid.
fn now() -> Timestamp {
    "2027-01-15T12:00:00Z".parse().unwrap()
}

fn board(name: &str) -> BoardName {
    BoardName::parse(name).unwrap()
}

/// A file in a folder of its own.
struct TestFile {
    _folder: TempDir,
    path: PathBuf,
}

impl TestFile {
    fn new(content: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials");
        std::fs::write(&path, content).unwrap();
        Self { _folder: folder, path }
    }

    fn write(&self, content: &str) {
        std::fs::write(&self.path, content).unwrap();
    }

    fn tokens(&self) -> AccessFiles {
        AccessFiles { tokens: Some(self.path.clone()), jwt: None }
    }
}

/// The credentials of a token file with this content.
fn load_tokens(content: &str) -> Result<Credentials, String> {
    let file = TestFile::new(content);
    Credentials::load(file.tokens()).map_err(|error| error.to_string())
}
