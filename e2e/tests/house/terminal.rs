//! The program, and a terminal to run it in: `bash`, as a reader would use it.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;

use tempfile::{NamedTempFile, TempDir};
use testkit::ports::free_address;
use testkit::process::binary;

use crate::wait::{WAIT_TIMEOUT, wait_until};

/// A folder with the programs on the path, and an address of its own.
pub(crate) struct Desk {
    folder: TempDir,
    tools: TempDir,
    pub(crate) address: SocketAddr,
}

/// A script that runs, ended with all that it has started when dropped.
pub(crate) struct Terminal {
    shell: Child,
    output: PathBuf,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let (folder, tools) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        for program in ["flightboard", "flightboard-bench"] {
            std::os::unix::fs::symlink(binary(program), tools.path().join(program)).unwrap();
        }
        // On a reader's terminal curl shows no progress.
        fs::write(tools.path().join(".curlrc"), "silent\nshow-error\n").unwrap();
        Self { folder, tools, address: free_address() }
    }

    /// Puts a script on the path.
    pub(crate) fn install(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.tools.path().join(name);
        fs::write(&path, script).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn start(&self, script: &str) -> Terminal {
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
            .stdin(Stdio::null())
            .stderr(out.try_clone().unwrap())
            .stdout(out)
            .process_group(0);
        Terminal { shell: shell.spawn().expect("bash is there"), output }
    }

    /// Runs a script that ends well, and gives what it said.
    pub(crate) fn run(&self, script: &str) -> String {
        let mut terminal = self.start(script);
        let status = terminal.wait_for_exit();
        assert!(status.success(), "{status}:\n{script}");
        terminal.output()
    }

    /// `flightboard serve` with these flags, once it is there.
    pub(crate) fn start_server(&self, flags: &str) -> Terminal {
        let server = self.start(&format!("flightboard serve {flags}"));
        wait_until("the server is there", WAIT_TIMEOUT, || {
            server.output().contains("flightboard is at").then_some(())
        });
        server
    }
}

impl Terminal {
    /// What it has said so far.
    pub(crate) fn output(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.output).unwrap()).into_owned()
    }

    /// As Ctrl-C does. By another signal, since whoever runs the tests may have SIGINT ignored.
    pub(crate) fn stop(&mut self) {
        self.send_signal("TERM");
        wait_until("all that was started ends", WAIT_TIMEOUT, || {
            let shell = self.shell.try_wait().unwrap();
            shell.filter(|_| !self.send_signal("0"))
        });
    }

    fn wait_for_exit(&mut self) -> ExitStatus {
        wait_until("the commands end", WAIT_TIMEOUT, || self.shell.try_wait().unwrap())
    }

    /// Whether there was anyone to take it.
    fn send_signal(&self, name: &str) -> bool {
        let kill = format!("kill -s {name} -- -{} 2>&-", self.shell.id());
        Command::new("bash").args(["-c", &kill]).status().unwrap().success()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.send_signal("KILL");
        let _ = self.shell.wait();
        if thread::panicking() {
            eprintln!("── what was said in a terminal:\n{}", self.output());
        }
    }
}
