//! Running other programs.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

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
