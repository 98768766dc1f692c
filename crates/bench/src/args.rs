//! The flags of `flightboard-bench`.

use std::time::Duration;

use clap::builder::RangedU64ValueParser;
use clap::{ArgGroup, Args};

use crate::churn_args::ChurnArgs;
use crate::external_server::ExternalArgs;
use crate::flag_values;
use crate::own_boards::{MAX_BOARDS, MeasuredStream};
use crate::worker_pool::MAX_WORKERS;

#[derive(Args)]
#[command(group = ArgGroup::new("publish_rate").args(["rate", "deliveries"]))]
pub(crate) struct BenchArgs {
    /// URL of the server (plain HTTP).
    #[arg(
        long,
        env = "FLIGHTBOARD_TO",
        value_name = "URL",
        default_value = "http://127.0.0.1:5000"
    )]
    to: String,
    /// Number of streams to open; with several numbers, separated by commas, measures each and compares
    /// their costs.
    #[arg(long, env = "FLIGHTBOARD_BENCH_FOLLOWERS", value_name = "N", default_value = "1000",
          value_delimiter = ',', value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000_000))]
    pub(crate) followers: Vec<usize>,
    /// Number of boards, over which followers and messages are spread evenly; several numbers as for
    /// --followers.
    #[arg(long, env = "FLIGHTBOARD_BENCH_BOARDS", value_name = "N", default_value = "1",
          value_delimiter = ',',
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=MAX_BOARDS))]
    pub(crate) boards: Vec<usize>,
    /// Follow the whole board, or the one flight that changes on it, on boards of our own; several as for
    /// --followers.
    #[arg(
        long,
        env = "FLIGHTBOARD_BENCH_SUBJECT",
        value_name = "SUBJECT",
        default_value = "board",
        value_delimiter = ',',
        conflicts_with = "publish_url"
    )]
    pub(crate) subject: Vec<MeasuredStream>,
    /// Number of rounds; each round runs all measurements once.
    #[arg(long, env = "FLIGHTBOARD_BENCH_ROUNDS", value_name = "N", default_value_t = 1,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000))]
    pub(crate) rounds: usize,
    /// Number of messages to publish.
    #[arg(long, env = "FLIGHTBOARD_BENCH_MESSAGES", value_name = "N", default_value_t = 200,
          conflicts_with = "duration", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub(crate) messages: u64,
    /// Messages to publish per second; without it, --window limits the messages in flight.
    #[arg(long, env = "FLIGHTBOARD_BENCH_RATE", value_name = "R", value_parser = flag_values::rate)]
    pub(crate) rate: Option<f64>,
    /// Target deliveries per second, instead of --rate; the publish rate is derived from the number of
    /// followers.
    #[arg(long, env = "FLIGHTBOARD_BENCH_DELIVERIES", value_name = "R", value_parser = flag_values::rate)]
    pub(crate) deliveries: Option<f64>,
    /// Time to publish for, instead of --messages; needs --rate or --deliveries.
    #[arg(long = "for", env = "FLIGHTBOARD_BENCH_FOR", value_name = "DURATION",
          requires = "publish_rate", value_parser = flags::duration)]
    pub(crate) duration: Option<Duration>,
    /// Maximum number of messages in flight when there is no rate: the next one is published when an
    /// earlier one has reached all its followers.
    #[arg(long, env = "FLIGHTBOARD_BENCH_WINDOW", value_name = "N", default_value_t = 8,
          value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) window: u64,
    /// Number of publishing connections.
    #[arg(long, env = "FLIGHTBOARD_BENCH_PUBLISHERS", value_name = "N", default_value_t = 8,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000))]
    pub(crate) publishers: usize,
    /// At the end, disconnect all followers, publish a few messages, and reconnect them all at once with
    /// their Last-Event-ID.
    #[arg(long, env = "FLIGHTBOARD_BENCH_STORM")]
    pub(crate) storm: bool,
    #[command(flatten)]
    pub(crate) churn: ChurnArgs,
    /// Process ID of the server, to measure its CPU time and memory (Linux only); repeatable.
    #[arg(long = "pid", env = "FLIGHTBOARD_BENCH_PID", value_name = "PID", value_delimiter = ',')]
    pub(crate) pids: Vec<u32>,
    /// Number of worker processes for the followers (by default as many as the limit of open files requires).
    #[arg(long, env = "FLIGHTBOARD_BENCH_PROCESSES", value_name = "N",
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=MAX_WORKERS as u64))]
    pub(crate) processes: Option<usize>,
    #[command(flatten)]
    pub(crate) external: ExternalArgs,
    /// Print the report as JSON.
    #[arg(long, env = "FLIGHTBOARD_BENCH_JSON")]
    pub(crate) json: bool,
}

impl BenchArgs {
    /// The server's URL without a trailing slash, so that a path can be appended.
    pub(crate) fn server_url(&self) -> &str {
        self.to.trim_end_matches('/')
    }
}
