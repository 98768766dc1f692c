//! The program as a process of its own, that ends with the test.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::api::Api;
use crate::wait::{PATIENCE, until};

/// A running `flightboard`, killed when dropped.
pub(crate) struct Program {
    child: Child,
    /// What it has said, `stdout` and `stderr`.
    said: TempDir,
}

/// A running `flightboard demo` or `flightboard serve`.
pub(crate) struct Server {
    pub(crate) program: Program,
    pub(crate) address: SocketAddr,
}

/// How a program ended, and what it had said by then.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A program that is about to run, with no settings but those that a test gives it.
pub(crate) fn flightboard<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(binary());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("FLIGHTBOARD_") {
            command.env_remove(name);
        }
    }
    command.args(args);
    command
}

/// `flightboard serve` on a port that is free, with its journal in `folder`.
pub(crate) fn serve(folder: &Path, more: &[&str]) -> Server {
    serve_at("127.0.0.1:0", folder, more)
}

/// The same on the address of a server that has ended.
pub(crate) fn serve_at(address: &str, folder: &Path, more: &[&str]) -> Server {
    let mut command = flightboard(["serve", "--listen", address, "--journal"]);
    command.arg(folder.join("journal.db")).args(more);
    Server::start(&mut command)
}

impl Program {
    pub(crate) fn start(command: &mut Command) -> Self {
        let said = TempDir::new().unwrap();
        let file = |name| File::create(said.path().join(name)).unwrap();
        let command = command.stdin(Stdio::piped()).stdout(file("stdout")).stderr(file("stderr"));
        Self { child: command.spawn().unwrap(), said }
    }

    /// Waits until it ends by itself.
    pub(crate) fn end(mut self, within: Duration) -> Ended {
        let status = until("the program ends", within, || self.child.try_wait().unwrap());
        Ended { status, stdout: self.said("stdout"), stderr: self.said("stderr") }
    }

    pub(crate) fn stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().expect("nobody has taken it before")
    }

    pub(crate) fn terminate(&self) {
        let kill = ["-c", "kill -s TERM \"$0\"", &self.child.id().to_string()];
        assert!(Command::new("sh").args(kill).status().unwrap().success());
    }

    /// SIGKILL, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn said(&self, name: &str) -> String {
        fs::read_to_string(self.said.path().join(name)).unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("── what the program said:\n{}{}", self.said("stdout"), self.said("stderr"));
        }
    }
}

impl Server {
    /// Starts it and waits until it says where it is.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut program = Program::start(command);
        let address = until("the server says where it is", PATIENCE, || {
            let stdout = program.said("stdout");
            let address = stdout.strip_prefix("flightboard is at http://");
            if let Some((address, _)) = address.and_then(|rest| rest.split_once('\n')) {
                return Some(address.parse().unwrap());
            }
            assert_eq!(program.child.try_wait().unwrap(), None, "{}", program.said("stderr"));
            None
        });
        Self { program, address }
    }

    pub(crate) fn api(&self) -> Api {
        Api::new(self.address)
    }

    /// SIGKILL; a server at the same place comes back with [`serve_at`].
    pub(crate) fn kill(mut self) -> String {
        self.program.kill();
        self.address.to_string()
    }
}

/// Runs a command to its end, with `input` on its standard input.
pub(crate) fn run(command: &mut Command, input: &str) -> Ended {
    let mut program = Program::start(command);
    // A program that has failed by then reads nothing.
    let _ = program.stdin().write_all(input.as_bytes());
    program.end(PATIENCE)
}

fn binary() -> PathBuf {
    let binary = std::env::var_os("FLIGHTBOARD_BIN").map_or_else(
        || {
            let test = std::env::current_exe().unwrap();
            let profile = test.parent().and_then(Path::parent).unwrap();
            profile.join(format!("flightboard{}", std::env::consts::EXE_SUFFIX))
        },
        PathBuf::from,
    );
    assert!(binary.is_file(), "{} is not there: run `cargo build` first", binary.display());
    binary
}
