//! A file as a source of answers.

use std::io::Read;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use bytesize::ByteSize;
use feeds::HttpAnswer;
use tokio::sync::oneshot;

use crate::charset::{self, Charset};
use crate::fetcher::MAX_ANSWER_BYTES;

/// Interval between two looks at the file's time and size.
const FILE_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Most looks at a file that keeps changing before it counts as failed.
const MAX_FILE_CHECKS: u32 = 10;

/// A file that is read as a whole when its time or size has changed.
#[derive(Debug)]
pub(crate) struct SourceFile {
    path: PathBuf,
    charset: Option<Charset>,
    seen: Option<SourceStamp>,
}

/// The time and size by which a change is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct SourceStamp {
    modified: SystemTime,
    size: u64,
}

impl SourceFile {
    pub(crate) fn new(path: PathBuf, charset: Option<Charset>) -> Self {
        Self { path, charset, seen: None }
    }

    /// Waits until the file differs from the one that was read.
    pub(crate) async fn changed(&self) {
        loop {
            tokio::time::sleep(FILE_CHECK_INTERVAL).await;
            if self.stamp().await.ok() != self.seen {
                return;
            }
        }
    }

    /// Reads the file once it has stayed the same between two looks, so that half of it is not taken for all.
    pub(crate) async fn read(&mut self) -> Result<HttpAnswer, String> {
        self.seen = None;
        let mut before = self.stamp().await?;
        for _ in 0..MAX_FILE_CHECKS {
            self.seen = Some(before);
            // A file that has long been the same is not being written.
            let age = before.modified.elapsed().unwrap_or_default();
            if age < FILE_CHECK_INTERVAL {
                tokio::time::sleep(FILE_CHECK_INTERVAL).await;
            }
            let bytes = self.read_bytes().await?;
            let after = self.stamp().await?;
            if before == after && bytes.len() as u64 == after.size {
                let body = charset::decode(&bytes, None, self.charset)?;
                return Ok(HttpAnswer { status: 200, body });
            }
            before = after;
        }
        Err(format!("{} keeps changing", self.name()))
    }

    async fn stamp(&self) -> Result<SourceStamp, String> {
        let metadata =
            tokio::fs::metadata(&self.path).await.map_err(|error| self.explain(&error))?;
        if !metadata.is_file() {
            return Err(format!("{} is not a file", self.name()));
        }
        let modified = metadata.modified().map_err(|error| self.explain(&error))?;
        Ok(SourceStamp { modified, size: metadata.len() })
    }

    async fn read_bytes(&self) -> Result<Vec<u8>, String> {
        let file = tokio::fs::File::open(&self.path).await.map_err(|error| self.explain(&error))?;
        let file = file.into_std().await;
        let name = self.name();
        let read = tokio::task::spawn_blocking(move || read_to_limit(file, &name)).await;
        read.map_err(|error| error.to_string())?
    }

    /// The name without its folders, since readers of the board are shown reasons.
    fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    fn explain(&self, error: &std::io::Error) -> String {
        format!("cannot read {}: {error}", self.name())
    }
}

/// Reads standard input to its end.
pub(crate) async fn read_standard_input(charset: Option<Charset>) -> Result<HttpAnswer, String> {
    // On a thread of its own, which does not keep the program from stopping.
    let (sender, bytes) = oneshot::channel();
    std::thread::spawn(move || sender.send(read_to_limit(std::io::stdin(), "standard input")));
    let bytes = bytes.await.map_err(|_| "cannot read standard input".to_owned())??;
    Ok(HttpAnswer { status: 200, body: charset::decode(&bytes, None, charset)? })
}

fn read_to_limit(reader: impl Read, name: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = reader.take(MAX_ANSWER_BYTES as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("cannot read {name}: {error}"))?;
    if bytes.len() > MAX_ANSWER_BYTES {
        let limit = ByteSize::b(MAX_ANSWER_BYTES as u64);
        return Err(format!("{name} is larger than {limit}"));
    }
    Ok(bytes)
}
