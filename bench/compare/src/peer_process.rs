//! A running process of a server. It is stopped when it is dropped.

use std::fs::{self, File};
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::install::InstallFolder;

const START_TIMEOUT: Duration = Duration::from_secs(20);

/// A process that does not stop within this time is killed.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

const MEASURE_TIMEOUT: Duration = Duration::from_secs(180);

const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// The text before the address in the line that each server prints once it listens.
const ADDRESS_MARKER: &str = " is at http://";

pub(crate) struct PeerProcess {
    child: Child,
    url: String,
    /// The processes whose CPU time and memory are measured.
    pids: Vec<u32>,
}

/// A command for a program of this workspace, without settings from the environment.
pub(crate) fn workspace_command(install: &InstallFolder, name: &str) -> Command {
    let mut command = Command::new(install.built_program(name));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("FLIGHTBOARD_") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a command to its end, with its output in files in `folder`. Returns standard output and standard error.
pub(crate) fn run_to_end(command: &mut Command, folder: &Path) -> Result<(String, String)> {
    let mut child = spawn(command, folder)?;
    if poll_until(MEASURE_TIMEOUT, || child.try_wait()).is_err() {
        child.kill()?;
        child.wait()?;
        bail!("not finished within {MEASURE_TIMEOUT:?}");
    }
    let read = |name| fs::read_to_string(folder.join(name));
    Ok((read("stdout")?, read("stderr")?))
}

impl PeerProcess {
    /// Starts a server that chooses its port and prints its address.
    pub(crate) fn start(command: &mut Command, folder: &Path) -> Result<Self> {
        let child = spawn(command, folder)?;
        let mut process = Self { pids: vec![child.id()], child, url: String::new() };
        let stdout = folder.join("stdout");
        process.url = process.wait_until_started(folder, || {
            let text = fs::read_to_string(&stdout)?;
            // The last line may not be complete yet.
            if !text.ends_with('\n') {
                return Ok(None);
            }
            let address = text.lines().find_map(|line| line.split_once(ADDRESS_MARKER));
            Ok(address.map(|(_, address)| format!("http://{address}")))
        })?;
        Ok(process)
    }

    /// Starts a server that listens on `address`.
    pub(crate) fn start_at(
        address: SocketAddr,
        command: &mut Command,
        folder: &Path,
    ) -> Result<Self> {
        let child = spawn(command, folder)?;
        let url = format!("http://{address}");
        let mut process = Self { pids: vec![child.id()], child, url };
        process.wait_until_started(folder, || Ok(TcpStream::connect(address).ok()))?;
        Ok(process)
    }

    /// Measures the child processes instead, because they do the work. Waits until there are `count` of them.
    pub(crate) fn measure_children(&mut self, count: usize) -> Result<()> {
        let children = PathBuf::from(format!("/proc/{0}/task/{0}/children", self.child.id()));
        let pids = poll_until(START_TIMEOUT, || {
            let pids = fs::read_to_string(&children)?;
            let pids: Vec<_> = pids.split_whitespace().filter_map(|pid| pid.parse().ok()).collect();
            Ok((pids.len() >= count).then_some(pids))
        });
        self.pids = pids.context("cannot find its child processes")?;
        Ok(())
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn pids(&self) -> &[u32] {
        &self.pids
    }

    /// Polls until the server has started. An error has the last line of its standard error.
    fn wait_until_started<T>(
        &mut self,
        folder: &Path,
        mut poll: impl FnMut() -> io::Result<Option<T>>,
    ) -> Result<T> {
        let started = poll_until(START_TIMEOUT, || {
            if let Some(status) = self.child.try_wait()? {
                return Err(io::Error::other(format!("{status}")));
            }
            poll()
        });
        started.with_context(|| {
            let stderr = fs::read_to_string(folder.join("stderr")).unwrap_or_default();
            format!("it did not start: {}", stderr.lines().next_back().unwrap_or_default())
        })
    }

    /// Stops the process by SIGTERM, because a parent ends its child processes only then.
    fn stop(&mut self) -> Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args(["-s", "TERM", &pid]).status()?;
        ensure!(status.success(), "cannot send SIGTERM to process {pid}");
        poll_until(STOP_TIMEOUT, || self.child.try_wait())?;
        Ok(())
    }
}

impl Drop for PeerProcess {
    fn drop(&mut self) {
        if self.stop().is_err() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn spawn(command: &mut Command, folder: &Path) -> Result<Child> {
    let file = |name| File::create(folder.join(name));
    command.stdin(Stdio::null()).stdout(file("stdout")?).stderr(file("stderr")?);
    let name = command.get_program().to_string_lossy().into_owned();
    command.spawn().with_context(|| format!("{name} did not start"))
}

fn poll_until<T>(
    timeout: Duration,
    mut poll: impl FnMut() -> io::Result<Option<T>>,
) -> io::Result<T> {
    let start = Instant::now();
    loop {
        if let Some(value) = poll()? {
            return Ok(value);
        }
        if start.elapsed() > timeout {
            return Err(io::ErrorKind::TimedOut.into());
        }
        thread::sleep(POLL_INTERVAL);
    }
}
