//! `flightboard`: a live airport timetable, pushed to every screen by Server-Sent Events.
#![allow(clippy::print_stdout, reason = "a command's answer goes to standard output")]

/// `flightboard demo`: two boards that live, nothing to set up.
mod demo;

/// `flightboard serve`: the server.
mod serve;

/// `flightboard feed`: the demo's feeds, into a running server.
mod feed;

/// `flightboard publish`: updates from standard input, into a running server.
mod publish;

/// `flightboard copy`: a journal of one kind becomes one of another kind.
mod copy;

/// Where updates are kept: in a file, in NATS, or nowhere.
mod keeping;

/// A server that is one of several.
mod replica;

/// A socket to listen on, and the reasons to stop.
mod listen;

/// The threads that a command has for its tasks.
mod runtime;

/// Open files: as many as the system allows, and no more connections than there are files for.
mod files;

/// A running server, as a publisher sees it.
mod client;

/// Values of flags that are more than text or a number.
mod values;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What no flag says.
const ENVIRONMENT: &str = "Every flag can also be given as an environment variable, as its help \
says. FLIGHTBOARD_LOG sets what is logged: a level such as warn, or directives such as \
server=debug,journal=info.";

/// What matters of a connection to NATS is said in our words, also why there is none: the library says so
/// at each attempt.
const USUALLY_LOGGED: &str = "info,async_nats=warn,async_nats::connector=off";

#[derive(Parser)]
#[command(version, about, max_term_width = 100, after_help = ENVIRONMENT)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Demo),
    Serve(serve::Serve),
    Feed(feed::Feed),
    Publish(publish::Publish),
    Copy(copy::Copy),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    log_to_stderr();
    let outcome = match cli.command {
        Command::Demo(demo) => demo.run(),
        Command::Serve(serve) => serve.run(),
        Command::Feed(feed) => feed.run(),
        Command::Publish(publish) => publish.run(),
        Command::Copy(copy) => copy.run(),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("flightboard: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// To standard error, as `FLIGHTBOARD_LOG` says.
fn log_to_stderr() {
    let directives = std::env::var("FLIGHTBOARD_LOG");
    let filter = tracing_subscriber::EnvFilter::builder()
        .with_default_directive(tracing::level_filters::LevelFilter::INFO.into())
        .parse_lossy(directives.as_deref().unwrap_or(USUALLY_LOGGED));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
}
