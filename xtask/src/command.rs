//! Runs child processes.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// The result of a process with a time limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProcessOutcome {
    Success,
    Failure,
    /// It exceeded its limit and was killed with all its children.
    TimedOut,
}

/// Interval between polls of a process with a time limit.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// A command that runs in `folder`.
pub(crate) fn command(program: impl AsRef<OsStr>, folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).args(args);
    command
}

/// Runs a command to its end; an error unless it succeeds.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| cannot_start(command))?;
    check_status(command, status)
}

/// Runs a command and returns the lines of its standard output; forwards those that `is_shown` accepts.
pub(crate) fn capture(command: &mut Command, is_shown: fn(&str) -> bool) -> Result<Vec<String>> {
    let mut child =
        command.stdout(Stdio::piped()).spawn().with_context(|| cannot_start(command))?;
    let stdout = child.stdout.take().context("standard output is piped")?;
    let mut lines = Vec::new();
    for line in BufReader::new(stdout).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        if is_shown(&line) {
            eprintln!("{line}");
        }
        lines.push(line);
    }
    check_status(command, child.wait()?)?;
    Ok(lines)
}

/// Runs a command for at most `limit`. Its output goes to the file `log`.
pub(crate) fn run_with_limit(
    command: &mut Command,
    limit: Duration,
    log: &Path,
) -> Result<ProcessOutcome> {
    let log = File::create(log).with_context(|| log.display().to_string())?;
    command.stdin(Stdio::null()).stderr(log.try_clone()?).stdout(log).process_group(0);
    let mut child = command.spawn().with_context(|| cannot_start(command))?;
    let start = Instant::now();
    while start.elapsed() < limit {
        if let Some(status) = child.try_wait()? {
            let outcome =
                if status.success() { ProcessOutcome::Success } else { ProcessOutcome::Failure };
            return Ok(outcome);
        }
        thread::sleep(POLL_INTERVAL);
    }
    kill_group(&mut child)?;
    Ok(ProcessOutcome::TimedOut)
}

fn kill_group(child: &mut Child) -> Result<()> {
    let group = format!("-{}", child.id());
    run(Command::new("kill").args(["-s", "KILL", "--", &group]))?;
    child.wait()?;
    Ok(())
}

fn check_status(command: &Command, status: ExitStatus) -> Result<()> {
    if status.success() { Ok(()) } else { bail!("{} ended with {status}", command_line(command)) }
}

fn cannot_start(command: &Command) -> String {
    format!("cannot start {}", command_line(command))
}

fn command_line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name();
    let words = program.into_iter().chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_limit_kills_all_children() {
        let log = std::env::temp_dir().join(format!("xtask-{}", std::process::id()));
        let bash = |script, millis| {
            let mut bash = command("bash", Path::new("."), &["-c", script]);
            run_with_limit(&mut bash, Duration::from_millis(millis), &log).unwrap()
        };
        assert_eq!(bash("true", 60_000), ProcessOutcome::Success);
        assert_eq!(bash("exit 3", 60_000), ProcessOutcome::Failure);
        assert_eq!(bash("sleep 600 & echo $!; wait", 500), ProcessOutcome::TimedOut);
        let sleeper = std::fs::read_to_string(&log).unwrap();
        std::fs::remove_file(&log).unwrap();
        let is_running = || {
            let script = format!("grep -qs '^State:.[^Z]' /proc/{}/status", sleeper.trim());
            command("bash", Path::new("."), &["-c", &script]).status().unwrap().success()
        };
        let start = Instant::now();
        while is_running() {
            assert!(start.elapsed() < Duration::from_secs(60), "{sleeper} is still running");
        }
    }
}
