//! `flightboard bench`: many followers of one server, and what it takes to serve them.

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

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::builder::{BoolishValueParser, RangedU64ValueParser};
use clap::{ArgGroup, Args};

use crate::client::To;
use crate::{listen, runtime, values};
use report::Report;
use series::Series;

pub(crate) use worker::BenchFollowers;

/// Open many streams, publish, and measure what comes, how soon, and what it costs.
///
/// A flightboard is given boards of its own, which are closed at the end.
#[derive(Args)]
#[command(group = ArgGroup::new("even").args(["rate", "deliveries"]))]
pub(crate) struct Bench {
    #[command(flatten)]
    to: To,
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
    #[arg(long, env = "FLIGHTBOARD_BENCH_RATE", value_name = "R", value_parser = values::rate)]
    rate: Option<f64>,
    /// Instead, deliveries a second: as many messages as come to so many, whatever the number of
    /// followers.
    #[arg(long, env = "FLIGHTBOARD_BENCH_DELIVERIES", value_name = "R", value_parser = values::rate)]
    deliveries: Option<f64>,
    /// With one of both, for how long they are published, instead of how many.
    #[arg(long = "for", env = "FLIGHTBOARD_BENCH_FOR", value_name = "DURATION",
          requires = "even", value_parser = values::duration)]
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
    pub(crate) fn run(self) -> Result<ExitCode> {
        let longest = marks::MAX_MARK_BYTES;
        ensure!(self.foreign.mark.len() <= longest, "--mark is at most {longest} bytes long");
        if !self.pid.is_empty() && !process::IS_KNOWN {
            tracing::warn!("only Linux tells what a process has used: --pid is left out");
        }
        let cases = self.cases()?;
        let mut reports = Vec::new();
        let measured = runtime::whole()?.block_on(async {
            let stop = listen::stop()?;
            // What it has open it closes also when it is stopped in the middle.
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
