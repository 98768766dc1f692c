//! Running other programs.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// A command in a folder.
pub(crate) fn command(program: &str, folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).args(args);
    command
}

/// Runs it to its end. Anything but success is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| started(command))?;
    check(command, status)
}

/// The same, and answers with the lines of its standard output. Those that `is_shown` says are
/// passed on as they come.
pub(crate) fn read(command: &mut Command, is_shown: fn(&str) -> bool) -> Result<Vec<String>> {
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| started(command))?;
    let stdout = child.stdout.take().context("it was asked for")?;
    let mut lines = Vec::new();
    for line in BufReader::new(stdout).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        if is_shown(&line) {
            eprintln!("{line}");
        }
        lines.push(line);
    }
    check(command, child.wait()?)?;
    Ok(lines)
}

/// How a command ended that was given a bounded time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    Well,
    Badly,
    /// Its time was over; it was killed with all that it had started.
    Cut,
}

/// Runs it for so long at most. What it says goes into a file.
pub(crate) fn run_within(command: &mut Command, most: Duration, log: &Path) -> Result<Ended> {
    let log = File::create(log).with_context(|| log.display().to_string())?;
    command.stdin(Stdio::null()).stderr(log.try_clone()?).stdout(log).process_group(0);
    let mut child = command.spawn().with_context(|| started(command))?;
    let start = Instant::now();
    while start.elapsed() < most {
        if let Some(status) = child.try_wait()? {
            return Ok(if status.success() { Ended::Well } else { Ended::Badly });
        }
        thread::sleep(GLANCE);
    }
    end(&mut child)?;
    Ok(Ended::Cut)
}

fn end(child: &mut Child) -> Result<()> {
    let group = format!("-{}", child.id());
    run(Command::new("kill").args(["-s", "KILL", "--", &group]))?;
    child.wait()?;
    Ok(())
}

fn check(command: &Command, status: ExitStatus) -> Result<()> {
    if status.success() { Ok(()) } else { bail!("{} ended with {status}", words(command)) }
}

fn started(command: &Command) -> String {
    format!("{} did not start", words(command))
}

fn words(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name();
    let words = program.into_iter().chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// How often a command with a bounded time is looked at.
const GLANCE: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_cut_with_all_that_it_started() {
        let log = std::env::temp_dir().join(format!("xtask-{}", std::process::id()));
        let bash = |script, millis| {
            let mut bash = command("bash", Path::new("."), &["-c", script]);
            run_within(&mut bash, Duration::from_millis(millis), &log).unwrap()
        };
        assert_eq!(bash("true", 60_000), Ended::Well);
        assert_eq!(bash("exit 3", 60_000), Ended::Badly);
        assert_eq!(bash("sleep 600 & echo $!; wait", 500), Ended::Cut);
        let slept = std::fs::read_to_string(&log).unwrap();
        std::fs::remove_file(&log).unwrap();
        let is_there = || {
            let alive = format!("grep -qs '^State:.[^Z]' /proc/{}/status", slept.trim());
            command("bash", Path::new("."), &["-c", &alive]).status().unwrap().success()
        };
        let start = Instant::now();
        while is_there() {
            assert!(start.elapsed() < Duration::from_secs(60), "{slept} goes on");
        }
    }
}
