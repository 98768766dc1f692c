//! A disk that fails and a clock that jumps, in a real program: the library `faults/disk.c`, built
//! here and preloaded, and the file through which it is told what to do. Linux only; a C compiler is
//! there wherever the program can be built.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// What is wrong with the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// No file can grow (`ENOSPC`).
    NoRoom,
    /// Writes succeed, but the disk does not confirm them (`EIO`).
    FailingSync,
}

/// Faults of the programs that were started with [`Faults::preload`]. They see a change at once.
#[derive(Debug)]
pub struct Faults {
    folder: TempDir,
    control: File,
}

impl Faults {
    /// Builds the library. The disk is well and the clock is right.
    ///
    /// # Errors
    /// There is no C compiler, or it fails.
    pub fn new() -> io::Result<Self> {
        let folder = TempDir::new()?;
        let source = folder.path().join("disk.c");
        fs::write(&source, SOURCE)?;
        let mut cc = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()));
        cc.args(["-shared", "-fPIC", "-O1", "-o"]);
        let built = cc.arg(library(&folder)).arg(source).arg("-ldl").output()?;
        if !built.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&built.stderr).into_owned()));
        }
        let mut options = File::options();
        let control = options.read(true).write(true).create_new(true).open(control(&folder))?;
        control.set_len(CONTROL_BYTES)?;
        Ok(Self { folder, control })
    }

    /// Lets a program that is about to start have these faults, with the files in `journals`.
    ///
    /// # Errors
    /// There is no such folder.
    pub fn preload<'a>(
        &self,
        program: &'a mut Command,
        journals: &Path,
    ) -> io::Result<&'a mut Command> {
        let journals = journals.canonicalize()?;
        let program = program.env("LD_PRELOAD", library(&self.folder));
        let program = program.env("DISK_FAULTS_CONTROL", control(&self.folder));
        Ok(program.env("DISK_FAULTS_FOLDER", journals))
    }

    /// What is wrong with the disk from now on.
    ///
    /// # Errors
    /// The temporary folder is gone, or full itself.
    pub fn set(&self, fault: Fault) -> io::Result<()> {
        let number = match fault {
            Fault::None => 0,
            Fault::NoRoom => 1,
            Fault::FailingSync => 2,
        };
        self.write(0, number)
    }

    /// By how many seconds the clock is ahead of the right time from now on.
    ///
    /// # Errors
    /// As with [`Faults::set`].
    pub fn set_clock_offset(&self, secs: i64) -> io::Result<()> {
        self.write(1, secs)
    }

    /// How many calls of all these programs have failed so far.
    ///
    /// # Errors
    /// As with [`Faults::set`].
    pub fn failures(&self) -> io::Result<i64> {
        let mut number = [0; NUMBER_BYTES as usize];
        self.control.read_exact_at(&mut number, 2 * NUMBER_BYTES)?;
        Ok(i64::from_ne_bytes(number))
    }

    /// The file is never made shorter: programs have it mapped.
    fn write(&self, place: u64, number: i64) -> io::Result<()> {
        self.control.write_all_at(&number.to_ne_bytes(), place * NUMBER_BYTES)
    }
}

fn library(folder: &TempDir) -> PathBuf {
    folder.path().join("disk.so")
}

fn control(folder: &TempDir) -> PathBuf {
    folder.path().join("control")
}

const SOURCE: &str = include_str!("../faults/disk.c");

const NUMBER_BYTES: u64 = 8;

/// Which fault, the clock's offset, and how many calls have failed.
const CONTROL_BYTES: u64 = 3 * NUMBER_BYTES;
