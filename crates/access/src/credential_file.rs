//! Reads a file when it has changed.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Largest file: the most tokens with lines of some hundred characters.
const MAX_FILE_BYTES: u64 = 8 * 1024 * 1024;

/// Age of a file from which a further change must change its time too, however coarse the times are.
const SETTLED_AGE: Duration = Duration::from_secs(2);

/// A file that may change.
#[derive(Debug)]
pub(crate) struct CredentialFile {
    path: PathBuf,
    /// The size and time that the file had when it was read last.
    stamp: Option<(u64, SystemTime)>,
    /// The content that was returned last.
    content: String,
    /// Other content that was seen once. It is returned when it is seen again: a program may be about to write the rest.
    unsettled: Option<String>,
}

impl CredentialFile {
    /// Reads the file for the first time.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let stamp = stamp(path)?;
        let content = read(path)?;
        Ok(Self { path: path.to_owned(), stamp: Some(stamp), content, unsettled: None })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn content(&self) -> &str {
        &self.content
    }

    /// True if [`content`](Self::content) is new: two calls in a row have seen it.
    pub(crate) fn poll(&mut self) -> io::Result<bool> {
        let stamp = stamp(&self.path)?;
        let is_old = stamp.1.elapsed().is_ok_and(|age| age > SETTLED_AGE);
        if self.unsettled.is_none() && self.stamp == Some(stamp) && is_old {
            return Ok(false);
        }
        let content = read(&self.path)?;
        self.stamp = Some(stamp);
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

fn stamp(path: &Path) -> io::Result<(u64, SystemTime)> {
    let metadata = fs::metadata(path)?;
    Ok((metadata.len(), metadata.modified()?))
}

fn read(path: &Path) -> io::Result<String> {
    let mut content = String::new();
    File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_string(&mut content)?;
    if content.len() as u64 > MAX_FILE_BYTES {
        return Err(io::Error::other(format!("the file is larger than {MAX_FILE_BYTES} bytes")));
    }
    Ok(content)
}
