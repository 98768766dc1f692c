//! The command line, with the variables and the configuration file that complete it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Error, Result, anyhow};
use clap::error::ErrorKind;
use clap::{ArgMatches, Command, CommandFactory, FromArgMatches};
use flags::Environment;

use crate::FlightboardCli;
use crate::config_file::ConfigFile;

/// The command that takes a configuration file.
const SERVE: &str = "serve";

/// Why there is nothing to run.
pub(crate) enum UsageError {
    /// The flags or variables are wrong, or help is wanted.
    Usage(clap::Error),
    /// The configuration file is wrong.
    File(Error),
}

/// Parses the flags of this process. A flag takes precedence over its variable, and this over its key in the file.
pub(crate) fn parse() -> Result<FlightboardCli, UsageError> {
    parse_from(&Environment::of_process(), std::env::args_os().collect())
}

fn parse_from(
    environment: &Environment,
    mut args: Vec<OsString>,
) -> Result<FlightboardCli, UsageError> {
    let command = || environment.prepare(FlightboardCli::command());
    let outcome = command().try_get_matches_from(&args);
    // The file may have a flag that others require.
    let partial = match &outcome {
        Ok(matches) => Some(matches.clone()),
        Err(error) if error.kind() == ErrorKind::MissingRequiredArgument => {
            command().ignore_errors(true).try_get_matches_from(&args).ok()
        }
        Err(_) => None,
    };
    let file = partial.as_ref().and_then(config_path);
    let (Some(partial), Some(path)) = (partial, file) else { return finish(command(), outcome) };
    args.extend(file_flags(&command(), &partial, &path).map_err(UsageError::File)?);
    let completed = command().try_get_matches_from(&args);
    match (outcome, completed) {
        (Ok(_), Err(error)) => Err(UsageError::File(invalid_file(&path, &error))),
        (_, completed) => finish(command(), completed),
    }
}

fn config_path(matches: &ArgMatches) -> Option<PathBuf> {
    matches.subcommand_matches(SERVE)?.get_one::<PathBuf>("config").cloned()
}

fn file_flags(command: &Command, matches: &ArgMatches, path: &Path) -> Result<Vec<OsString>> {
    let serve = command.find_subcommand(SERVE).zip(matches.subcommand_matches(SERVE));
    let (serve, matches) = serve.ok_or_else(|| anyhow!("only {SERVE} has a configuration"))?;
    let global = command.get_arguments().filter(|arg| arg.is_global_set());
    let file = ConfigFile::read(path)?;
    let flags = file.flags(&serve.clone().args(global), matches);
    let flags = flags.map_err(|error| error.context(format!("cannot use {}", path.display())))?;
    Ok(flags.into_iter().map(OsString::from).collect())
}

/// The error of flags that are right without those of the file.
fn invalid_file(path: &Path, error: &clap::Error) -> Error {
    let text = error.to_string();
    let lines = text.lines().map(str::trim).take_while(|line| !line.is_empty());
    let reason = lines.collect::<Vec<_>>().join(" ");
    let reason = reason.strip_prefix("error: ").unwrap_or(&reason);
    anyhow!("cannot use {}: {reason}", path.display())
}

fn finish(
    mut command: Command,
    outcome: Result<ArgMatches, clap::Error>,
) -> Result<FlightboardCli, UsageError> {
    let mut matches = outcome.map_err(UsageError::Usage)?;
    FlightboardCli::from_arg_matches_mut(&mut matches)
        .map_err(|error| UsageError::Usage(error.format(&mut command)))
}

#[cfg(test)]
mod tests {
    use tempfile::NamedTempFile;

    use super::*;

    /// Parses `serve` with a file of this text and these further flags.
    fn parse(text: &str, flags: &[&str]) -> Result<(), String> {
        let file = NamedTempFile::new().unwrap();
        std::fs::write(&file, text).unwrap();
        let mut args: Vec<OsString> = ["flightboard", "serve", "--config"].map(Into::into).into();
        args.push(file.path().into());
        args.extend(flags.iter().map(Into::into));
        match parse_from(&Environment::default(), args) {
            Ok(_) => Ok(()),
            Err(UsageError::Usage(error)) => Err(format!("usage: {error}")),
            Err(UsageError::File(error)) => Err(format!("file: {error:#}")),
        }
    }

    #[test]
    fn file_errors_name_the_file() {
        for (text, flags, expected) in [
            ("window = \"x\"", &[][..], "file: cannot use /"),
            ("max-followers = 7.5", &[], "--max-followers <N>"),
            ("windw = \"7MiB\"", &[], "line 1: windw is no key: did you mean window?"),
            ("log = \"xml\"", &[], "invalid value 'xml' for '--log <FORMAT>'"),
            ("memory = true\njournal = \"a.db\"", &[], "cannot be used with"),
            ("memory = true", &["--nats", "nats://127.0.0.1"], "file: cannot use /"),
            ("", &["--window", "x"], "usage: error: invalid value 'x' for '--window <SIZE>'"),
        ] {
            let error = parse(text, flags).unwrap_err();
            assert!(error.contains(expected), "{text} {flags:?}: {error}");
        }
    }

    #[test]
    fn flags_may_need_the_file() {
        let flags = ["--nats-prefix", "board"];
        assert_eq!(parse("nats = \"nats://127.0.0.1\"", &flags), Ok(()));
        let error = parse("", &flags).unwrap_err();
        assert!(error.starts_with("usage: "), "{error}");
    }

    #[test]
    fn flags_precede_the_file() {
        assert_eq!(parse("window = \"not a size\"", &["--window", "1MiB"]), Ok(()));
        assert_eq!(parse("log = \"xml\"", &["--log", "json"]), Ok(()));
        assert_eq!(parse("log = \"json\"", &[]), Ok(()));
    }
}
