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
use crate::ports::free_address;
use crate::signals::{self, Signal};
use crate::wait::{PATIENCE, until};

/// A running `flightboard`, killed when dropped.
pub struct Program {
    child: Child,
    /// What it has said, `stdout` and `stderr`.
    said: TempDir,
}

/// A running `flightboard demo` or `flightboard serve`.
pub struct Server {
    pub program: Program,
    pub address: SocketAddr,
}

/// How a program ended, and what it had said by then.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

/// A program that is about to run, with no settings but those that a test gives it.
pub fn flightboard<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(binary());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("FLIGHTBOARD_") {
            command.env_remove(name);
        }
    }
    command.args(args);
    command
}

/// The same program where no process may have more open files than these.
pub fn with_files(files: usize, command: &Command) -> Command {
    let mut limited = Command::new("sh");
    limited.arg("-c").arg(format!("ulimit -n {files} && exec \"$0\" \"$@\""));
    limited.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    limited
}

/// `flightboard serve` on a port that is free, with its journal in `folder`.
pub fn serve(folder: &Path, more: &[&str]) -> Server {
    serve_at(&free_address().to_string(), folder, more)
}

/// The same on the address of a server that has ended.
pub fn serve_at(address: &str, folder: &Path, more: &[&str]) -> Server {
    let mut command = flightboard(["serve", "--listen", address, "--journal"]);
    command.arg(folder.join("journal.db")).args(more);
    Server::start(&mut command)
}

/// `flightboard serve` on NATS servers, at these URLs.
pub fn serve_on(nats: &str, more: &[&str]) -> Server {
    let mut command = flightboard(["serve", "--listen", "127.0.0.1:0", "--nats", nats]);
    Server::start(command.args(more))
}

impl Program {
    pub fn start(command: &mut Command) -> Self {
        let said = TempDir::new().unwrap();
        let file = |name| File::create(said.path().join(name)).unwrap();
        let command = command.stdin(Stdio::piped()).stdout(file("stdout")).stderr(file("stderr"));
        Self { child: command.spawn().unwrap(), said }
    }

    /// Waits until it ends by itself.
    pub fn end(mut self, within: Duration) -> Ended {
        let status = until("the program ends", within, || self.child.try_wait().unwrap());
        Ended { status, stdout: self.said("stdout"), stderr: self.said("stderr") }
    }

    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    pub fn stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().expect("nobody has taken it before")
    }

    /// What it has in memory now.
    pub fn memory_bytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        resident.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    pub fn signal(&self, signal: Signal) {
        signals::send(&self.child, signal);
    }

    /// It does nothing any more, until it is let go on.
    pub fn freeze(&self) {
        signals::freeze(&self.child);
    }

    pub fn let_go_on(&self) {
        signals::let_go_on(&self.child);
    }

    /// SIGKILL, and waits until it is gone.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// What it has said to standard error so far.
    pub fn log(&self) -> String {
        self.said("stderr")
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
    pub fn start(command: &mut Command) -> Self {
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

    pub fn api(&self) -> Api {
        Api::new(self.address)
    }

    /// SIGKILL; a server at the same place comes back with [`serve_at`].
    pub fn kill(mut self) -> String {
        self.program.kill();
        self.address.to_string()
    }
}

/// Runs a command to its end, with `input` on its standard input.
pub fn run(command: &mut Command, input: &str) -> Ended {
    let mut program = Program::start(command);
    // A program that has failed by then reads nothing.
    let _ = program.stdin().write_all(input.as_bytes());
    program.end(PATIENCE)
}

fn binary() -> PathBuf {
    let binary = std::env::var_os("FLIGHTBOARD_BIN").map_or_else(
        || {
            // Tests lie in a folder below it, other programs beside it.
            let this = std::env::current_exe().unwrap();
            let name = format!("flightboard{}", std::env::consts::EXE_SUFFIX);
            let beside = this.ancestors().skip(1).take(2).map(|folder| folder.join(&name));
            beside.into_iter().find(|file| file.is_file()).unwrap_or_else(|| name.into())
        },
        PathBuf::from,
    );
    assert!(binary.is_file(), "{} is not there: run `cargo build` first", binary.display());
    binary
}
