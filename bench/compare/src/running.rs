//! A server while it runs: a process that says or is told where it listens, and ends when it is dropped.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::install::Shelf;

/// How long a server may take to be there.
const START_WITHIN: Duration = Duration::from_secs(20);

/// How long it may take to end; then it is killed.
const END_WITHIN: Duration = Duration::from_secs(10);

/// How long one measurement may take.
const MEASURE_WITHIN: Duration = Duration::from_secs(180);

const GLANCE: Duration = Duration::from_millis(20);

/// Before the address, in the line in which a server says where it is.
const IS_AT: &str = " is at http://";

pub(crate) struct Running {
    child: Child,
    url: String,
    /// The processes that do the work.
    pids: Vec<u32>,
}

/// A program of this workspace, with no settings but those that are given here.
pub(crate) fn program(shelf: &Shelf, name: &str) -> Command {
    let mut command = Command::new(shelf.built(name));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("FLIGHTBOARD_") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs it to its end, which must be within the time, and gives what it wrote to standard output and to
/// standard error.
pub(crate) fn read(command: &mut Command, folder: &Path) -> Result<(String, String)> {
    let mut child = spawn(command, folder)?;
    if until(MEASURE_WITHIN, || child.try_wait()).is_err() {
        child.kill()?;
        child.wait()?;
        bail!("it took longer than {MEASURE_WITHIN:?}");
    }
    let read = |name| fs::read_to_string(folder.join(name));
    Ok((read("stdout")?, read("stderr")?))
}

impl Running {
    /// One that chooses its port and says so.
    pub(crate) fn start(command: &mut Command, folder: &Path) -> Result<Self> {
        let child = spawn(command, folder)?;
        let mut running = Self { pids: vec![child.id()], child, url: String::new() };
        let said = folder.join("stdout");
        running.url = running.wait(folder, || {
            let said = fs::read_to_string(&said)?;
            let line = said.lines().find_map(|line| line.split_once(IS_AT));
            Ok(line
                .filter(|_| said.ends_with('\n'))
                .map(|(_, address)| format!("http://{address}")))
        })?;
        Ok(running)
    }

    /// One that was told where to listen.
    pub(crate) fn start_at(
        address: SocketAddr,
        command: &mut Command,
        folder: &Path,
    ) -> Result<Self> {
        let child = spawn(command, folder)?;
        let url = format!("http://{address}");
        let mut running = Self { pids: vec![child.id()], child, url };
        running.wait(folder, || Ok(TcpStream::connect(address).ok()))?;
        Ok(running)
    }

    /// Its children do the work, so many of them.
    pub(crate) fn look_at_children(&mut self, count: usize) -> Result<()> {
        let children = PathBuf::from(format!("/proc/{0}/task/{0}/children", self.child.id()));
        let found = until(START_WITHIN, || {
            let pids = fs::read_to_string(&children)?;
            let pids: Vec<_> = pids.split_whitespace().filter_map(|pid| pid.parse().ok()).collect();
            Ok((pids.len() >= count).then_some(pids))
        });
        self.pids = found.context("its processes are not to be found")?;
        Ok(())
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn pids(&self) -> &[u32] {
        &self.pids
    }

    fn wait<T>(
        &mut self,
        folder: &Path,
        mut look: impl FnMut() -> std::io::Result<Option<T>>,
    ) -> Result<T> {
        let found = until(START_WITHIN, || {
            if let Some(status) = self.child.try_wait()? {
                return Err(std::io::Error::other(format!("it ended with {status}")));
            }
            look()
        });
        found.with_context(|| {
            let said = fs::read_to_string(folder.join("stderr")).unwrap_or_default();
            format!("it did not start: {}", said.lines().next_back().unwrap_or_default())
        })
    }

    /// In good order: one of several processes ends the others only then.
    fn end(&mut self) -> Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        let pid = self.child.id().to_string();
        let asked = Command::new("kill").args(["-s", "TERM", &pid]).status()?;
        ensure!(asked.success(), "there is no process {pid}");
        until(END_WITHIN, || self.child.try_wait())?;
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.end().is_err() {
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

fn until<T>(
    within: Duration,
    mut look: impl FnMut() -> std::io::Result<Option<T>>,
) -> std::io::Result<T> {
    let start = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if start.elapsed() > within {
            return Err(std::io::ErrorKind::TimedOut.into());
        }
        thread::sleep(GLANCE);
    }
}
