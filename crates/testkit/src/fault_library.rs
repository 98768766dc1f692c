//! A failing disk and a wrong clock in a real program: builds the library `faults/disk.c`, preloads it, and
//! controls it through a mapped file. Linux only. A C compiler exists wherever the program was built: its
//! bundled SQLite needs one.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

const SOURCE: &str = include_str!("../faults/disk.c");

const FIELD_BYTES: u64 = 8;

/// Fields of the control file, in the order of `struct control` in `disk.c`.
const FAULT_FIELD: u64 = 0;
const CLOCK_OFFSET_FIELD: u64 = 1;
const FAILED_CALLS_FIELD: u64 = 2;
const FIELDS: u64 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskFault {
    None,
    /// No file can grow (`ENOSPC`).
    NoSpace,
    /// Writes succeed, syncs fail (`EIO`).
    SyncError,
}

/// The library and its control file. Programs started with [`FaultLibrary::preload`] see each change at once.
#[derive(Debug)]
pub struct FaultLibrary {
    folder: TempDir,
    control: File,
}

impl FaultLibrary {
    /// Builds the library, with no fault and the right time.
    ///
    /// # Errors
    /// The C compiler is missing or fails.
    pub fn build() -> io::Result<Self> {
        let folder = TempDir::new()?;
        let source = folder.path().join("disk.c");
        fs::write(&source, SOURCE)?;
        let mut compiler = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()));
        compiler.args(["-shared", "-fPIC", "-O1", "-o"]);
        let output = compiler.arg(library_path(&folder)).arg(source).arg("-ldl").output()?;
        if !output.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        let mut options = File::options();
        let control =
            options.read(true).write(true).create_new(true).open(control_path(&folder))?;
        // The file keeps this size: programs have it mapped.
        control.set_len(FIELDS * FIELD_BYTES)?;
        Ok(Self { folder, control })
    }

    /// Preloads the library into a command. Only files in the folder `journals` fail.
    ///
    /// # Errors
    /// The folder does not exist.
    pub fn preload<'a>(
        &self,
        command: &'a mut Command,
        journals: &Path,
    ) -> io::Result<&'a mut Command> {
        let journals = journals.canonicalize()?;
        command.env("LD_PRELOAD", library_path(&self.folder));
        command.env("DISK_FAULTS_CONTROL", control_path(&self.folder));
        Ok(command.env("DISK_FAULTS_FOLDER", journals))
    }

    /// Sets the fault of the disk.
    ///
    /// # Errors
    /// The control file cannot be written.
    pub fn set_disk_fault(&self, fault: DiskFault) -> io::Result<()> {
        let number = match fault {
            DiskFault::None => 0,
            DiskFault::NoSpace => 1,
            DiskFault::SyncError => 2,
        };
        self.write_field(FAULT_FIELD, number)
    }

    /// Sets the wall clock this number of seconds ahead of the real time.
    ///
    /// # Errors
    /// The control file cannot be written.
    pub fn set_clock_offset(&self, secs: i64) -> io::Result<()> {
        self.write_field(CLOCK_OFFSET_FIELD, secs)
    }

    /// Calls that have failed so far, in all programs with this library.
    ///
    /// # Errors
    /// The control file cannot be read.
    pub fn failed_calls(&self) -> io::Result<i64> {
        let mut number = [0; FIELD_BYTES as usize];
        self.control.read_exact_at(&mut number, FAILED_CALLS_FIELD * FIELD_BYTES)?;
        Ok(i64::from_ne_bytes(number))
    }

    fn write_field(&self, field: u64, number: i64) -> io::Result<()> {
        self.control.write_all_at(&number.to_ne_bytes(), field * FIELD_BYTES)
    }
}

fn library_path(folder: &TempDir) -> PathBuf {
    folder.path().join("disk.so")
}

fn control_path(folder: &TempDir) -> PathBuf {
    folder.path().join("control")
}
