//! The output: a file that appears once it is complete, or standard output.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Stdout, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The output of an export.
pub(crate) enum ExportOutput {
    Stdout(BufWriter<Stdout>),
    File(PartialFile),
}

/// A file beside its final name. Removed if it is dropped before.
pub(crate) struct PartialFile {
    path: PathBuf,
    partial: PathBuf,
    writer: BufWriter<File>,
    is_complete: bool,
}

/// The reader of standard output wants no more.
#[derive(Debug)]
pub(crate) struct ReaderGone;

impl fmt::Display for ReaderGone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the reader of standard output has gone")
    }
}

impl std::error::Error for ReaderGone {}

impl ExportOutput {
    /// Begins a file, or standard output without a path.
    ///
    /// # Errors
    /// The file cannot be created.
    pub(crate) fn create(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else { return Ok(Self::Stdout(BufWriter::new(io::stdout()))) };
        PartialFile::create(path).map(Self::File).with_context(|| cannot_write(path))
    }

    /// Writes a line.
    ///
    /// # Errors
    /// [`ReaderGone`], or the file or standard output cannot be written.
    pub(crate) fn write_line(&mut self, line: &str) -> Result<()> {
        match self {
            Self::Stdout(stdout) => check(writeln!(stdout, "{line}")),
            Self::File(file) => {
                writeln!(file.writer, "{line}").with_context(|| cannot_write(&file.path))
            }
        }
    }

    /// Ends the output. A file appears under its name.
    pub(crate) fn finish(self) -> Result<()> {
        match self {
            Self::Stdout(mut stdout) => check(stdout.flush()),
            Self::File(mut file) => file.publish().with_context(|| cannot_write(&file.path)),
        }
    }
}

impl PartialFile {
    fn create(path: &Path) -> io::Result<Self> {
        let name = path.file_name().ok_or_else(|| io::Error::other("it names no file"))?;
        let mut partial_name = OsString::from(".");
        partial_name.push(name);
        // Two exports to one name at the same time do not write to the same file.
        partial_name.push(format!(".{:016x}.partial", rand::random::<u64>()));
        let partial = path.with_file_name(partial_name);
        let file = File::create_new(&partial)?;
        let writer = BufWriter::new(file);
        Ok(Self { path: path.to_owned(), partial, writer, is_complete: false })
    }

    fn publish(&mut self) -> io::Result<()> {
        self.writer.flush()?;
        self.writer.get_ref().sync_all()?;
        fs::rename(&self.partial, &self.path)?;
        self.is_complete = true;
        Ok(())
    }
}

impl Drop for PartialFile {
    fn drop(&mut self) {
        if !self.is_complete {
            // The error that ends the export matters more.
            drop(fs::remove_file(&self.partial));
        }
    }
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write --output {}", path.display())
}

fn check(printed: io::Result<()>) -> Result<()> {
    match printed {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(ReaderGone.into()),
        printed => printed.context("cannot write to standard output"),
    }
}
