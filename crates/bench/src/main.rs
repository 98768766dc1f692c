//! `flightboard-bench`: a load generator for servers of Server-Sent Events.
//!
//! It opens thousands of streams, publishes messages, and measures deliveries per second, latency, and the
//! server's CPU time and memory. A flightboard needs no set-up: the load generator opens its own boards
//! and closes them at the end. To measure any other server, pass the URL that publishes a message as
//! `--publish-url` and the path of the stream on which messages appear as `--path`; `--publish-body` and
//! `--mark` describe the messages.
//!
//! Of the workspace it uses only `flags`, which reads the command line, so a bug in the product cannot hide in its
//! figures.
#![allow(clippy::print_stdout, reason = "the report goes to standard output")]

/// The flags.
mod args;

/// Flags and settings for followers that disconnect and reconnect during the measurement.
mod churn_args;

/// Flags for servers other than a flightboard.
mod external_server;

/// Parsers for flag values.
mod flag_values;

/// The runs that the flags ask for.
mod run;

/// One measurement's parameters, and the helpers that all kinds of measurements share.
mod job;

/// One measurement from the first connection to the last delivery.
mod measure;

/// Followers disconnect and reconnect while messages are published.
mod churn;

/// All followers disconnect and reconnect at once.
mod storm;

/// Boards opened on a flightboard for a measurement.
mod own_boards;

/// The server's address and the path of a stream or of a publishing URL.
mod endpoint;

/// Requests that publish a message, made from a template.
mod message_template;

/// The pace of publishing: open loop or closed loop.
mod pacing;

/// Connections that publish.
mod publisher;

/// Worker processes, as the parent sees them.
mod worker_pool;

/// Commands to worker processes and their replies.
mod worker_protocol;

/// A worker process.
mod worker;

/// All followers of one worker process.
mod followers;

/// The churn of one worker.
mod churn_state;

/// One follower.
mod follower;

/// The head of an HTTP response.
mod response_head;

/// The body of an HTTP response, decoded incrementally.
mod body;

/// Incremental search for a text in bytes that arrive in pieces.
mod matcher;

/// Timestamps within messages.
mod timestamps;

/// The id of the last complete event of a stream.
mod event_ids;

/// Gaps and duplicates in the messages of one follower.
mod sequence;

/// A histogram of latencies that several processes can merge.
mod latencies;

/// CPU time, memory and open files of processes.
mod process_usage;

/// TCP counters of the kernel.
mod tcp_stats;

/// The server's memory over time.
mod memory_trend;

/// Progress on standard error.
mod progress;

/// The report of one measurement, as a table and as JSON.
mod report;

/// Several measurements side by side.
mod comparison;

/// Numbers with units, for people.
mod format;

use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::{CommandFactory, Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use args::BenchArgs;
use comparison::Comparison;
use report::BenchReport;
use run::BenchRun;

/// Open many streams, publish, and measure deliveries, latency, CPU time and memory.
///
/// On a flightboard it opens its own boards and closes them at the end. For any other server, see
/// --publish-url and --path.
#[derive(Parser)]
#[command(version, about, max_term_width = 100, args_conflicts_with_subcommands = true)]
#[command(disable_help_subcommand = true)]
struct BenchCli {
    #[command(flatten)]
    args: BenchArgs,
    #[command(subcommand)]
    command: Option<BenchCommand>,
}

#[derive(Subcommand)]
enum BenchCommand {
    /// Run followers as directed by JSON lines on standard input; flightboard-bench starts these
    /// processes itself.
    Worker,
}

fn main() -> ExitCode {
    let cli = flags::parse::<BenchCli>().unwrap_or_else(|usage| usage.exit());
    log_to_stderr();
    let environment = flags::Environment::of_process();
    for sentence in environment.unknown_variables(&BenchCli::command(), "FLIGHTBOARD_BENCH_", &[]) {
        tracing::warn!("{sentence}");
    }
    let outcome = match cli.command {
        None => run(&cli.args),
        Some(BenchCommand::Worker) => worker::run(),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("flightboard-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &BenchArgs) -> Result<ExitCode> {
    let max_mark = matcher::MAX_NEEDLE_BYTES;
    ensure!(args.external.mark.len() <= max_mark, "--mark must be at most {max_mark} bytes long");
    if !args.pids.is_empty() && !process_usage::IS_SUPPORTED {
        tracing::warn!("ignoring --pid: process accounting is available on Linux only");
    }
    raise_open_file_limit();
    let runs = run::plan(args)?;
    let mut reports = Vec::new();
    let runtime = tokio::runtime::Runtime::new().context("cannot start threads")?;
    let finished = runtime.block_on(async {
        let stop = stop_signal()?;
        // A signal drops the measurement, which closes its boards.
        tokio::select! {
            outcome = run_all(args, &runs, &mut reports) => outcome.map(|()| true),
            () = stop => Ok(false),
        }
    })?;
    let complete = finished && reports.iter().all(BenchReport::is_complete);
    if runs.len() > 1 {
        print(args, &Comparison::from_reports(reports))?;
    } else if let Some(report) = reports.first() {
        print(args, report)?;
    }
    if !finished {
        tracing::warn!("stopped before all measurements were complete");
    }
    Ok(if complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Fills in `reports` as the measurements proceed, so that an interrupted one still has its figures.
async fn run_all(
    args: &BenchArgs,
    runs: &[BenchRun],
    reports: &mut Vec<BenchReport>,
) -> Result<()> {
    for (number, run) in (1..).zip(runs) {
        if runs.len() > 1 {
            let BenchRun { followers, boards, subject } = run;
            let total = runs.len();
            tracing::info!(
                "{number} of {total}: {followers} followers, {boards} boards, by {subject}"
            );
        }
        run.measure(args, reports).await?;
    }
    Ok(())
}

fn print(args: &BenchArgs, report: &(impl std::fmt::Display + serde::Serialize)) -> Result<()> {
    if args.json {
        println!("{}", serde_json::to_string_pretty(report)?);
    } else {
        print!("{report}");
    }
    Ok(())
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

/// Raises the soft limit of open files to the hard limit: each follower needs one.
fn raise_open_file_limit() {
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!("cannot raise the limit of open files: {error}");
    }
}

/// Completes at the first SIGTERM or SIGINT after this call.
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
