//! Reads a file when it has changed.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Largest file: the most tokens with lines of some hundred characters.
const MAX_FILE_BYTES: u64 = 8 * 1024 * 1024;

/// A file that may change. Its contents are compared: a program that replaces a link or keeps the times of the file is
/// noticed too.
#[derive(Debug)]
pub(crate) struct CredentialFile {
    path: PathBuf,
    /// The content that was returned last.
    content: String,
    /// Other content that was seen once. It is returned when it is seen again: a program may be about to write the rest.
    unsettled: Option<String>,
}

impl CredentialFile {
    /// Reads the file for the first time.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), content: read(path)?, unsettled: None })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn content(&self) -> &str {
        &self.content
    }

    /// True if [`content`](Self::content) is new: two calls in a row have seen it.
    pub(crate) fn poll(&mut self) -> io::Result<bool> {
        let content = read(&self.path)?;
        if content == self.content {
            self.unsettled = None;
            return Ok(false);
        }
        match self.unsettled.take() {
            Some(seen) if seen == content => {
                self.content = content;
                Ok(true)
            }
            _ => {
                self.unsettled = Some(content);
                Ok(false)
            }
        }
    }
}

fn read(path: &Path) -> io::Result<String> {
    let mut content = String::new();
    File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_string(&mut content)?;
    if content.len() as u64 > MAX_FILE_BYTES {
        return Err(io::Error::other(format!("the file is larger than {MAX_FILE_BYTES} bytes")));
    }
    Ok(content)
}
