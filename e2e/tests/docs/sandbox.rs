//! A folder and `bash` shells with the program on the path, as a reader of the documents has them.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;

use tempfile::{NamedTempFile, TempDir};
use testkit::ports::free_address;
use testkit::process::binary;

use crate::wait::{WAIT_TIMEOUT, wait_until};

/// A working folder, a folder with the programs on the path, and an address for a server.
pub(crate) struct Sandbox {
    folder: TempDir,
    tools: TempDir,
    pub(crate) address: SocketAddr,
}

/// A running script. Dropping it kills the script and all processes that it has started.
pub(crate) struct ShellSession {
    shell: Child,
    output: PathBuf,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let tools = TempDir::new().unwrap();
        for program in ["flightboard", "flightboard-bench"] {
            std::os::unix::fs::symlink(binary(program), tools.path().join(program)).unwrap();
        }
        // The documents show curl without its progress meter.
        fs::write(tools.path().join(".curlrc"), "silent\nshow-error\n").unwrap();
        Self { folder, tools, address: free_address() }
    }

    /// Puts a script on the path.
    pub(crate) fn install(&self, name: &str, script: &str) {
        let path = self.tools.path().join(name);
        fs::write(&path, script).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn start(&self, script: &str) -> ShellSession {
        let (out, output) = NamedTempFile::new_in(self.tools.path()).unwrap().keep().unwrap();
        let path = std::env::var("PATH").unwrap();
        let mut shell = Command::new("bash");
        shell.args(["-eu", "-o", "pipefail", "-c", script]).current_dir(self.folder());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("FLIGHTBOARD_") {
                shell.env_remove(name);
            }
        }
        shell
            .env("PATH", format!("{}:{path}", self.tools.path().display()))
            .env("CURL_HOME", self.tools.path())
            .env("FLIGHTBOARD_LISTEN", self.address.to_string())
            .env("FLIGHTBOARD_TO", format!("http://{}", self.address))
            .env("FLIGHTBOARD_SERVER", format!("http://{}", self.address))
            .stdin(Stdio::null())
            .stderr(out.try_clone().unwrap())
            .stdout(out)
            .process_group(0);
        ShellSession { shell: shell.spawn().expect("bash is installed"), output }
    }

    /// Runs a script that must succeed and returns its output.
    pub(crate) fn run(&self, script: &str) -> String {
        let mut session = self.start(script);
        let status = session.wait_for_exit();
        assert!(status.success(), "{status}:\n{script}");
        session.output()
    }

    /// Starts `flightboard serve` with these flags and waits until it listens.
    pub(crate) fn start_server(&self, flags: &str) -> ShellSession {
        let server = self.start(&format!("flightboard serve {flags}"));
        wait_until("the server prints its address", WAIT_TIMEOUT, || {
            server.output().contains("flightboard is at").then_some(())
        });
        server
    }
}

impl ShellSession {
    /// The output so far.
    pub(crate) fn output(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.output).unwrap()).into_owned()
    }

    /// Stops the whole process group as Ctrl-C does, by SIGTERM: SIGINT is ignored where the tests run in the
    /// background.
    pub(crate) fn stop(&mut self) {
        self.send_signal("TERM");
        wait_until("all processes of the script exit", WAIT_TIMEOUT, || {
            let status = self.shell.try_wait().unwrap();
            status.filter(|_| !self.send_signal("0"))
        });
    }

    fn wait_for_exit(&mut self) -> ExitStatus {
        wait_until("the script exits", WAIT_TIMEOUT, || self.shell.try_wait().unwrap())
    }

    /// Returns whether the process group still has a process.
    fn send_signal(&self, name: &str) -> bool {
        let kill = format!("kill -s {name} -- -{} 2>&-", self.shell.id());
        Command::new("bash").args(["-c", &kill]).status().unwrap().success()
    }
}

impl Drop for ShellSession {
    fn drop(&mut self) {
        self.send_signal("KILL");
        let _ = self.shell.wait();
        if thread::panicking() {
            eprintln!("── output of a script:\n{}", self.output());
        }
    }
}
