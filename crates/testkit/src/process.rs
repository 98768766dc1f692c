//! The program as a process that ends with the test.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

pub use rustix::process::Resource;
use rustix::process::{Pid, Rlimit, getrlimit, prlimit};
use tempfile::TempDir;

use crate::api::ApiClient;
use crate::ports::free_address;
use crate::signals::{self, Signal};
use crate::wait::{WAIT_TIMEOUT, wait_until};

/// A process, killed when dropped. A panicking test prints its output.
pub struct TestProcess {
    child: Child,
    /// With the files `stdout` and `stderr`.
    output: TempDir,
}

/// A running `flightboard demo` or `flightboard serve`, or another server that prints its address.
pub struct ServerProcess {
    pub process: TestProcess,
    pub address: SocketAddr,
}

/// The exit status and the whole output of a process.
#[derive(Debug)]
pub struct ProcessOutput {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

/// A command that runs `flightboard` without any settings from the environment of the test.
pub fn flightboard_command<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Command {
    program_command("flightboard", args)
}

/// A command that runs `flightboard-bench` without any settings from the environment of the test.
pub fn bench_command<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Command {
    program_command("flightboard-bench", args)
}

fn program_command<A: AsRef<OsStr>>(program: &str, args: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(binary(program));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("FLIGHTBOARD_") {
            command.env_remove(name);
        }
    }
    command.args(args);
    command
}

/// The same command with a limit on open files.
pub fn with_file_limit(files: usize, command: &Command) -> Command {
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

/// Starts `flightboard serve` on a free port, with its journal in `folder`.
pub fn start_server(folder: &Path, flags: &[&str]) -> ServerProcess {
    start_server_at(&free_address().to_string(), folder, flags)
}

/// Like [`start_server`], at the address of a server that has ended.
pub fn start_server_at(address: &str, folder: &Path, flags: &[&str]) -> ServerProcess {
    let mut command = flightboard_command(["serve", "--listen", address, "--journal"]);
    command.arg(folder.join("journal.db")).args(flags);
    ServerProcess::start(&mut command)
}

/// Starts `flightboard serve` with its journal on the NATS servers at these URLs.
pub fn start_replica(nats: &str, flags: &[&str]) -> ServerProcess {
    let args = ["serve", "--listen", "127.0.0.1:0", "--nats", nats];
    ServerProcess::start(flightboard_command(args).args(flags))
}

/// Runs a command to its end, with `input` as its standard input.
pub fn run(command: &mut Command, input: impl AsRef<[u8]>) -> ProcessOutput {
    let mut process = TestProcess::start(command);
    // A process that has already failed reads nothing.
    let _ = process.take_stdin().write_all(input.as_ref());
    process.wait_for_exit(WAIT_TIMEOUT)
}

impl TestProcess {
    pub fn start(command: &mut Command) -> Self {
        Self::start_with(command, |_| {})
    }

    /// Starts a command whose standard streams the test may redirect.
    pub fn start_with(command: &mut Command, redirect: impl FnOnce(&mut Command)) -> Self {
        let output = TempDir::new().unwrap();
        let file = |name| File::create(output.path().join(name)).unwrap();
        command.stdin(Stdio::piped()).stdout(file("stdout")).stderr(file("stderr"));
        redirect(command);
        Self { child: command.spawn().unwrap(), output }
    }

    /// Waits until the process exits without being killed.
    pub fn wait_for_exit(mut self, timeout: Duration) -> ProcessOutput {
        let exit = || self.child.try_wait().unwrap();
        let status = wait_until("the process exits", timeout, exit);
        let [stdout, stderr] = ["stdout", "stderr"].map(|name| self.read_output(name));
        ProcessOutput { status, stdout, stderr }
    }

    pub fn has_exited(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    pub fn take_stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().expect("standard input is taken once")
    }

    /// Resident memory, from `/proc`.
    pub fn memory_bytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        resident.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
    }

    /// CPU time of all its threads so far, from `/proc`.
    pub fn cpu_time(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // Fields 14 and 15 (proc(5)). The second one, a name, ends with the last parenthesis.
        let (_, fields) = stat.rsplit_once(')').unwrap();
        let times = fields.split_whitespace().skip(11).take(2);
        let ticks: u64 = times.map(|ticks| ticks.parse::<u64>().unwrap()).sum();
        Duration::from_millis(ticks * 1_000 / rustix::param::clock_ticks_per_second())
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Lowers a limit of the running process; with `None`, raises it to its maximum.
    pub fn set_limit(&self, resource: Resource, limit: Option<u64>) {
        let maximum = getrlimit(resource).maximum;
        let limit = Rlimit { current: limit.or(maximum), maximum };
        prlimit(Some(Pid::from_child(&self.child)), resource, limit).unwrap();
    }

    pub fn terminate(&self) {
        self.send_signal(Signal::TERM);
    }

    pub fn send_signal(&self, signal: Signal) {
        signals::send_signal(&self.child, signal);
    }

    /// Stops all threads of the process until [`TestProcess::resume`].
    pub fn pause(&self) {
        signals::pause(&self.child);
    }

    pub fn resume(&self) {
        signals::resume(&self.child);
    }

    /// Sends SIGKILL and waits for the exit.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Standard output so far.
    pub fn output(&self) -> String {
        self.read_output("stdout")
    }

    /// Standard error so far.
    pub fn log(&self) -> String {
        self.read_output("stderr")
    }

    /// Waits until standard error contains these words, and returns it: the program writes its log a moment later.
    pub fn wait_for_log(&self, words: &str) -> String {
        wait_until(words, WAIT_TIMEOUT, || Some(self.log()).filter(|log| log.contains(words)))
    }

    fn read_output(&self, name: &str) -> String {
        fs::read_to_string(self.output.path().join(name)).unwrap()
    }
}

impl Drop for TestProcess {
    fn drop(&mut self) {
        // Both fail if it has already exited.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            let [stdout, stderr] = ["stdout", "stderr"].map(|name| self.read_output(name));
            eprintln!("── output of process {}:\n{stdout}{stderr}", self.id());
        }
    }
}

impl ServerProcess {
    /// Starts the command and waits until it prints its address.
    pub fn start(command: &mut Command) -> Self {
        let mut process = TestProcess::start(command);
        let address = wait_until("the server prints its address", WAIT_TIMEOUT, || {
            let stdout = process.read_output("stdout");
            let url = stdout.split_once(" is at ");
            let address = url.and_then(|(_, url)| url.split_once("://"));
            if let Some((address, _)) = address.and_then(|(_, rest)| rest.split_once('\n')) {
                return Some(address.parse().unwrap());
            }
            assert!(!process.has_exited(), "{}", process.log());
            None
        });
        Self { process, address }
    }

    /// Starts a server with redirected standard streams at `address`, and waits until it is ready.
    pub fn start_redirected(
        command: &mut Command,
        address: SocketAddr,
        redirect: impl FnOnce(&mut Command),
    ) -> Self {
        let mut process = TestProcess::start_with(command, redirect);
        wait_until("the server is ready", WAIT_TIMEOUT, || {
            assert!(!process.has_exited(), "{}", process.log());
            ApiClient::new(address).is_ready().then_some(())
        });
        Self { process, address }
    }

    pub fn api(&self) -> ApiClient {
        ApiClient::new(self.address)
    }

    /// Kills the server and returns its address, for [`start_server_at`].
    pub fn kill(mut self) -> String {
        self.process.kill();
        self.address.to_string()
    }
}

/// A program of this workspace: `FLIGHTBOARD_BIN` or beside it, or in the build folder of the test.
pub fn binary(program: &str) -> PathBuf {
    let name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    let binary = match std::env::var_os("FLIGHTBOARD_BIN").map(PathBuf::from) {
        Some(flightboard) if program == "flightboard" => flightboard,
        Some(flightboard) => flightboard.with_file_name(name),
        None => {
            // Cargo puts programs into a folder and its tests into `deps` in it.
            let this = std::env::current_exe().unwrap();
            let mut candidates = this.ancestors().skip(1).take(2).map(|folder| folder.join(&name));
            candidates.find(|file| file.is_file()).unwrap_or_else(|| name.into())
        }
    };
    let path = binary.display();
    assert!(binary.is_file(), "{path} does not exist: run `cargo build -p {program}` first");
    binary
}
