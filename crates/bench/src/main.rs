//! `flightboard-bench`: a load generator for servers of Server-Sent Events.
//!
//! It opens thousands of streams, publishes messages, and measures deliveries per second, latency, and the
//! server's CPU time and memory. A flightboard needs no set-up: the load generator opens boards of its own
//! and closes them at the end. For any other server, `--publish-url` names the URL that publishes a message
//! and `--path` the stream on which the message appears; see `--publish-body` and `--mark`.
//!
//! It uses no crate of the product, so a fault there cannot hide in the figures.
#![allow(clippy::print_stdout, reason = "the figures go to standard output")]

/// The body of an answer, by its framing.
mod body;

/// The head of an answer.
mod head;

/// Counting a text in bytes that come in pieces.
mod marks;

/// Times within messages.
mod stamps;

/// The id of the last event that came whole.
mod ids;

/// Many delays in little memory.
mod delays;

/// What processes of followers are told, and what they answer.
mod orders;

/// One follower among thousands.
mod follower;

/// All followers of one process.
mod crowd;

/// One of the processes that followers are spread over.
mod worker;

/// These processes, as the command sees them.
mod workers;

/// Where a stream is, or where messages are published.
mod target;

/// Boards of its own.
mod own;

/// How a server is measured that is no flightboard.
mod foreign;

/// What is published.
mod message;

/// When the next message may be published.
mod pace;

/// Connections that publish.
mod publisher;

/// What processes have used so far.
mod process;

/// What the system did again or dropped.
mod kernel;

/// How far it is.
mod progress;

/// One measurement from beginning to end.
mod measure;

/// All let go in one moment, and all come back.
mod storm;

/// Which messages one follower has seen.
mod seen;

/// Some come and go all the time.
mod churn;

/// Memory over time.
mod course;

/// What was measured, as a table and as JSON.
mod report;

/// Several measurements side by side.
mod series;

/// One of them, of all that the flags ask for.
mod case;

/// Values of flags that are more than text or a number.
mod flag_values;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::builder::{BoolishValueParser, RangedU64ValueParser};
use clap::{ArgGroup, Args, Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use report::Report;
use series::Series;

/// Open many streams, publish, and measure deliveries, latency, CPU time and memory.
///
/// A flightboard is given boards of its own, which are closed at the end. Any other server can be measured
/// with --publish-url and --path.
#[derive(Parser)]
#[command(version, about, max_term_width = 100, args_conflicts_with_subcommands = true)]
#[command(disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    bench: Bench,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run followers as JSON commands on standard input direct; started by flightboard-bench itself.
    Worker,
}

fn main() -> ExitCode {
    let Cli { bench, command } = Cli::parse();
    log_to_stderr();
    let outcome = match command {
        None => bench.run(),
        Some(Command::Worker) => worker::run(),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("flightboard-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Logs to standard error, filtered by `FLIGHTBOARD_LOG`.
fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::builder()
        .with_default_directive(tracing::level_filters::LevelFilter::INFO.into())
        .with_env_var("FLIGHTBOARD_LOG")
        .from_env_lossy();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
}

#[derive(Args)]
#[command(group = ArgGroup::new("even").args(["rate", "deliveries"]))]
struct Bench {
    /// URL of the server; plain HTTP, without TLS.
    #[arg(
        long,
        env = "FLIGHTBOARD_TO",
        value_name = "URL",
        default_value = "http://127.0.0.1:5000"
    )]
    to: String,
    /// Streams that are opened. Of several numbers with commas between, each is measured, and their
    /// costs are compared.
    #[arg(long, env = "FLIGHTBOARD_BENCH_FOLLOWERS", value_name = "N", default_value = "1000",
          value_delimiter = ',', value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000_000))]
    followers: Vec<usize>,
    /// Boards that they and the messages are spread over; several numbers as with followers.
    #[arg(long, env = "FLIGHTBOARD_BENCH_BOARDS", value_name = "N", default_value = "1",
          value_delimiter = ',',
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=own::MOST_BOARDS))]
    boards: Vec<usize>,
    /// How often each is measured, in turn.
    #[arg(long, env = "FLIGHTBOARD_BENCH_ROUNDS", value_name = "N", default_value_t = 1,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000))]
    rounds: usize,
    /// Messages that are published.
    #[arg(long, env = "FLIGHTBOARD_BENCH_MESSAGES", value_name = "N", default_value_t = 200,
          conflicts_with = "lasting", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    messages: u64,
    /// Messages a second; without it, the next one is published when enough of those before have
    /// come.
    #[arg(long, env = "FLIGHTBOARD_BENCH_RATE", value_name = "R", value_parser = flag_values::rate)]
    rate: Option<f64>,
    /// Instead, deliveries a second: as many messages as come to so many, whatever the number of
    /// followers.
    #[arg(long, env = "FLIGHTBOARD_BENCH_DELIVERIES", value_name = "R", value_parser = flag_values::rate)]
    deliveries: Option<f64>,
    /// With one of both, for how long they are published, instead of how many.
    #[arg(long = "for", env = "FLIGHTBOARD_BENCH_FOR", value_name = "DURATION",
          requires = "even", value_parser = flag_values::duration)]
    lasting: Option<Duration>,
    /// Without a rate: how many messages may be on their way.
    #[arg(long, env = "FLIGHTBOARD_BENCH_WINDOW", value_name = "N", default_value_t = 8,
          value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    window: u64,
    /// Connections that publish.
    #[arg(long, env = "FLIGHTBOARD_BENCH_PUBLISHERS", value_name = "N", default_value_t = 8,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000))]
    publishers: usize,
    /// At the end all let go, miss a few messages, and come back with the last event's id.
    #[arg(long, env = "FLIGHTBOARD_BENCH_STORM", value_parser = BoolishValueParser::new())]
    storm: bool,
    #[command(flatten)]
    churn: churn::Flags,
    /// Process of the server, to tell its CPU time and memory; may be given several times.
    #[arg(long, env = "FLIGHTBOARD_BENCH_PID", value_name = "PID", value_delimiter = ',')]
    pid: Vec<u32>,
    /// Processes that the followers are spread over; as many as the limit of open files asks for,
    /// unless said.
    #[arg(long, env = "FLIGHTBOARD_BENCH_PROCESSES", value_name = "N",
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=workers::MAX_PROCESSES as u64))]
    processes: Option<usize>,
    #[command(flatten)]
    foreign: foreign::Foreign,
    /// Print the figures as JSON.
    #[arg(long, env = "FLIGHTBOARD_BENCH_JSON", value_parser = BoolishValueParser::new())]
    json: bool,
}

impl Bench {
    fn run(self) -> Result<ExitCode> {
        let longest = marks::MAX_MARK_BYTES;
        ensure!(self.foreign.mark.len() <= longest, "--mark is at most {longest} bytes long");
        if !self.pid.is_empty() && !process::IS_KNOWN {
            tracing::warn!("only Linux tells what a process has used: --pid is left out");
        }
        raise_open_file_limit();
        let cases = self.cases()?;
        let mut reports = Vec::new();
        let runtime = tokio::runtime::Runtime::new().context("cannot start threads")?;
        let measured = runtime.block_on(async {
            let stop = stop_signal()?;
            // Dropping the measurement closes its boards, so they are closed on a signal too.
            tokio::select! {
                outcome = self.measure(&cases, &mut reports) => outcome.map(|()| true),
                () = stop => Ok(false),
            }
        })?;
        let are_complete = reports.iter().all(Report::is_complete);
        if cases.len() > 1 {
            self.print(&Series::of(reports))?;
        } else if let Some(report) = reports.first() {
            self.print(report)?;
        }
        if !measured {
            tracing::warn!("stopped before everything was measured");
        }
        let is_right = measured && are_complete;
        Ok(if is_right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// The server's URL, to which a path can be added.
    fn server_url(&self) -> &str {
        self.to.trim_end_matches('/')
    }

    /// Writes down whatever is known, as soon as it is.
    async fn measure(&self, cases: &[case::Case], reports: &mut Vec<Report>) -> Result<()> {
        for (number, case) in cases.iter().enumerate() {
            if cases.len() > 1 {
                let (number, all) = (number + 1, cases.len());
                tracing::info!(
                    "{number} of {all}: {} followers, {} boards",
                    case.followers,
                    case.boards
                );
            }
            case.measure(self, reports).await?;
        }
        Ok(())
    }

    fn print(&self, figures: &(impl std::fmt::Display + serde::Serialize)) -> Result<()> {
        if self.json {
            println!("{}", serde_json::to_string_pretty(figures)?);
        } else {
            print!("{figures}");
        }
        Ok(())
    }
}

/// Raises the soft limit of open files to the hard limit: each follower needs one.
fn raise_open_file_limit() {
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!("cannot raise the limit of open files: {error}");
    }
}

/// Completes at the first SIGTERM or SIGINT from now on.
fn stop_signal() -> Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot handle SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot handle SIGINT")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
