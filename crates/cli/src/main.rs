//! `flightboard`: a live airport timetable, pushed to every screen by Server-Sent Events.
#![warn(clippy::print_stderr)]

/// `flightboard demo`: two live boards without any setup.
mod demo;

/// `flightboard serve`: the server.
mod serve;

/// `flightboard feed`: publishes the updates of a source to a running server.
mod feed;

/// The settings of a feed.
mod feed_settings;

/// The webhook of a feed.
mod feed_webhook;

/// The command line, with the variables and the file that complete it.
mod command_line;

/// The configuration file: flags by their names, and feeds that need more than a flag.
mod config_file;

/// The boards of an airport's feed.
mod airport_boards;

/// A feed whose settings are checked.
mod feed_plan;

/// The feeds of a server.
mod served_feeds;

/// The boards of this process, for its feeds.
mod engine_target;

/// The boards of a running server.
mod http_target;

/// `flightboard publish`: publishes updates from standard input to a running server.
mod publish;

/// `flightboard export`: writes a part of a board's past to a file.
mod export;

/// `flightboard token`: makes tokens.
mod token;

/// `flightboard copy`: copies a journal, also to one of another kind.
mod copy;

/// `flightboard doctor`: finds faults between a server and its screens.
mod doctor;

/// `flightboard watch`: a board in a terminal, as text, and as a line or a command for each change.
mod watch;

/// `flightboard map-worker`: runs a jq program of a feed.
mod map_worker;

/// `flightboard completions`: the completion script of a shell.
mod completions;

/// `flightboard man`: the manual pages of all commands.
mod man_pages;

/// Flags for the journal: in a file, in memory or in NATS.
mod journal_args;

/// A server that is one of several replicas on NATS.
mod replica;

/// Listening sockets and stop signals.
mod listen;

/// Listening sockets that a service manager has opened.
mod inherited_sockets;

/// Tokio runtimes.
mod runtime;

/// The limit of open files, and the connections that fit it.
mod open_files;

/// A client that publishes to a running server.
mod client;

/// Where a client has its token.
mod token_source;

/// The authorities that a client trusts.
mod authorities;

/// Parsers for flag values.
mod flag_values;

/// Standard output: results.
mod stdout;

/// Standard error: log lines and messages.
mod stderr;

/// The format, filter and bound of the log.
mod log;

use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory, Parser, Subcommand};
use flags::Environment;

use crate::command_line::UsageError;
use crate::feed_plan::KEY_VARIABLE_PREFIX;
use crate::log::LogFormat;
use crate::token_source::TOKEN_VARIABLE;

const ENVIRONMENT_HELP: &str = "Each flag can also be set by the environment variable in its help; an empty \
variable counts as unset. FLIGHTBOARD_LOG sets the log filter: a level such as warn, or directives such as \
server=debug,journal=info.";

/// Starts of the names of variables that set no flag: for the log, for a token, for sources' keys, for the load generator and for
/// tests.
const OTHER_VARIABLES: [&str; 6] = [
    "FLIGHTBOARD_LOG",
    TOKEN_VARIABLE,
    KEY_VARIABLE_PREFIX,
    "FLIGHTBOARD_BENCH_",
    "FLIGHTBOARD_BIN",
    "FLIGHTBOARD_TEST_",
];

#[derive(Parser)]
#[command(version, about, max_term_width = 100, after_help = ENVIRONMENT_HELP)]
struct FlightboardCli {
    /// Format of log lines.
    #[arg(
        long,
        global = true,
        env = "FLIGHTBOARD_LOG_FORMAT",
        value_name = "FORMAT",
        default_value = "text"
    )]
    log: LogFormat,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Demo),
    Serve(Box<serve::Serve>),
    Feed(feed::Feed),
    Publish(publish::Publish),
    Export(export::ExportCommand),
    Copy(copy::CopyCommand),
    Token(token::TokenCommand),
    Doctor(doctor::DoctorCommand),
    Watch(watch::WatchCommand),
    #[command(hide = true)]
    MapWorker(map_worker::MapWorkerCommand),
    #[command(hide = true)]
    Completions(completions::Completions),
    #[command(hide = true, name = "man")]
    ManPages(man_pages::ManPages),
}

fn main() -> ExitCode {
    if stderr::start().is_err() {
        return ExitCode::FAILURE;
    }
    stderr::log_panics();
    let code = match command_line::parse() {
        Ok(cli) => run(cli),
        Err(UsageError::Usage(usage)) => stdout::print_usage(&usage),
        Err(UsageError::File(error)) => fail(&error),
    };
    stderr::flush();
    code
}

fn run(cli: FlightboardCli) -> ExitCode {
    log::start(cli.log);
    warn_of_unknown_variables();
    keep_file_size_errors();
    let outcome = match cli.command {
        Command::Demo(demo) => demo.run(),
        Command::Serve(serve) => serve.run(),
        Command::Feed(feed) => feed.run(),
        Command::Publish(publish) => publish.run(),
        Command::Export(export) => export.run(),
        Command::Copy(copy) => copy.run(),
        Command::Token(token) => token.run(),
        Command::Doctor(doctor) => doctor.run(),
        Command::Watch(watch) => watch.run(),
        Command::MapWorker(worker) => worker.run(),
        Command::Completions(completions) => completions.run(),
        Command::ManPages(pages) => pages.run(),
    };
    outcome.unwrap_or_else(|error| fail(&error))
}

/// Reports why the program ends.
fn fail(error: &anyhow::Error) -> ExitCode {
    stderr::write(&log::message_line(tracing::Level::ERROR, &format!("{error:#}")));
    ExitCode::FAILURE
}

fn warn_of_unknown_variables() {
    let environment = Environment::of_process();
    let command = FlightboardCli::command();
    for sentence in environment.unknown_variables(&command, "FLIGHTBOARD_", &OTHER_VARIABLES) {
        tracing::warn!("{sentence}");
    }
}

/// Replaces the default action of SIGXFSZ, which kills the program at the limit of file sizes (`ulimit -f`,
/// `LimitFSIZE`). With any handler, writes beyond the limit fail like those on a full disk.
fn keep_file_size_errors() {
    let handled = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
    if let Err(error) = handled {
        tracing::warn!("the limit of file sizes may end the program: {error}");
    }
}

#[cfg(test)]
mod tests {
    use clap::builder::ValueParser;
    use clap::{Arg, ArgAction};

    use super::*;

    /// All commands and their subcommands, so that the tests cover a new flag too.
    fn commands() -> Vec<clap::Command> {
        let mut commands = vec![FlightboardCli::command()];
        let mut next = 0;
        while let Some(command) = commands.get(next) {
            let subcommands: Vec<_> = command.get_subcommands().cloned().collect();
            commands.extend(subcommands);
            next += 1;
        }
        commands
    }

    #[test]
    fn variables_set_all_flags() {
        let prefix = "FLIGHTBOARD_";
        for command in commands() {
            for flag in command.get_arguments().filter(|arg| arg.get_long().is_some()) {
                if matches!(flag.get_action(), ArgAction::Help | ArgAction::Version) {
                    continue;
                }
                let name = flag.get_env().and_then(|name| name.to_str()).unwrap_or_default();
                assert!(name.starts_with(prefix), "{}: {name}", flag.get_id());
                let is_set = |value: &str| {
                    let environment = Environment::from([(name, value)]);
                    let command = environment.prepare(command.clone());
                    let has_variable = |arg: &Arg| arg.get_env().is_some_and(|env| env == name);
                    command.get_arguments().filter(|arg| has_variable(arg)).count() > 0
                };
                assert!(!is_set("") && !is_set(" ") && is_set("true"), "{name}");
                let is_boolean = matches!(flag.get_action(), ArgAction::SetTrue);
                for no in ["false", "0", "No", "OFF"] {
                    assert_eq!(is_set(no), !is_boolean, "{name}={no}");
                }
            }
        }
    }

    #[test]
    fn durations_share_one_parser() {
        let same = ValueParser::new(flags::duration).type_id();
        let mut durations = 0;
        for command in commands() {
            let flags = command.get_arguments();
            for flag in flags.filter(|flag| flag.get_value_parser().type_id() == same) {
                let name = format!("--{}", flag.get_long().unwrap_or_default());
                let parse = |value: &str| {
                    let args = [command.get_name(), &name, value];
                    let parsed = command.clone().try_get_matches_from(args);
                    parsed.map_err(|error| error.to_string())
                };
                for bad in ["", "7", "never", "-1s", "x"] {
                    let error = parse(bad).unwrap_err();
                    let expected = "not a duration such as 7d, 1h30m, 10s or 500ms";
                    assert!(error.contains(expected) || bad == "-1s", "{name} {bad}: {error}");
                }
                for good in ["7d", "1h30m", "1h 30m", "90s", "500ms", "15m", "0"] {
                    let error = parse(good).err().unwrap_or_default();
                    assert!(!error.contains("duration"), "{name} {good}: {error}");
                }
                durations += 1;
            }
        }
        assert!(durations >= 5, "{durations}");
    }
}
