//! `flightboard`: a live airport timetable, pushed to every screen by Server-Sent Events.
#![warn(clippy::print_stderr)]

/// `flightboard demo`: two live boards without any setup.
mod demo;

/// `flightboard serve`: the server.
mod serve;

/// `flightboard feed`: plays the demo's feeds into a running server.
mod feed;

/// `flightboard publish`: publishes updates from standard input to a running server.
mod publish;

/// `flightboard copy`: copies a journal, also to one of another kind.
mod copy;

/// Flags for the journal: in a file, in memory or in NATS.
mod journal_args;

/// A server that is one of several replicas on NATS.
mod replica;

/// Listening sockets and stop signals.
mod listen;

/// Tokio runtimes.
mod runtime;

/// The limit of open files, and the connections that fit it.
mod open_files;

/// A client that publishes to a running server.
mod client;

/// Parsers for flag values.
mod flag_values;

/// Standard output: results.
mod stdout;

/// Standard error: log lines and messages.
mod stderr;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};

const ENVIRONMENT_HELP: &str = "Each flag can also be set by the environment variable in its help. \
FLIGHTBOARD_LOG sets the log filter: a level such as warn, or directives such as \
server=debug,journal=info.";

/// async-nats logs every connection attempt, so silence it; nats-journal logs connection problems itself.
const DEFAULT_LOG_FILTER: &str = "info,async_nats=warn,async_nats::connector=off";

#[derive(Parser)]
#[command(version, about, max_term_width = 100, after_help = ENVIRONMENT_HELP)]
struct FlightboardCli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Demo),
    Serve(serve::Serve),
    Feed(feed::Feed),
    Publish(publish::Publish),
    Copy(copy::CopyCommand),
}

fn main() -> ExitCode {
    if stderr::start().is_err() {
        return ExitCode::FAILURE;
    }
    stderr::log_panics();
    let code = match FlightboardCli::try_parse() {
        Ok(cli) => run(cli.command),
        Err(usage) => stdout::print_usage(&usage),
    };
    stderr::flush();
    code
}

fn run(command: Command) -> ExitCode {
    log_to_stderr();
    keep_file_size_errors();
    let outcome = match command {
        Command::Demo(demo) => demo.run(),
        Command::Serve(serve) => serve.run(),
        Command::Feed(feed) => feed.run(),
        Command::Publish(publish) => publish.run(),
        Command::Copy(copy) => copy.run(),
    };
    outcome.unwrap_or_else(|error| {
        stderr::write(&format!("flightboard: {error:#}\n"));
        ExitCode::FAILURE
    })
}

/// Replaces the default action of SIGXFSZ, which kills the program at the limit of file sizes (`ulimit -f`,
/// `LimitFSIZE`). With any handler, writes beyond the limit fail like those on a full disk.
fn keep_file_size_errors() {
    let handled = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
    if let Err(error) = handled {
        tracing::warn!("the limit of file sizes may end the program: {error}");
    }
}

/// Logs to standard error, filtered by `FLIGHTBOARD_LOG`.
fn log_to_stderr() {
    let directives = std::env::var("FLIGHTBOARD_LOG");
    let filter = tracing_subscriber::EnvFilter::builder()
        .with_default_directive(tracing::level_filters::LevelFilter::INFO.into())
        .parse_lossy(directives.as_deref().unwrap_or(DEFAULT_LOG_FILTER));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(|| stderr::LogLine)
        // A line that cannot be formatted is lost; its error would go to standard error directly.
        .log_internal_errors(false)
        .init();
}
