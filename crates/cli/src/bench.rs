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

/// Where the stream is, and where messages are published.
mod target;

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

use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Args;
use clap::builder::{BoolishValueParser, NonEmptyStringValueParser, RangedU64ValueParser};

use crate::{listen, values};
use measure::Job;
use message::{Header, Message};
use pace::Rhythm;
use report::Report;
use target::{OwnBoard, Place};

pub(crate) use worker::BenchFollowers;

/// What is published on a board of its own: the row is another one each time.
const OWN_BODY: &str = r#"{"remark":"{time}"}"#;

/// What counts as one delivery there.
const OWN_MARK: &str = "event: flightStateUpdate";

/// Open many streams, publish, and measure what comes, how soon, and what it costs.
#[derive(Args)]
pub(crate) struct Bench {
    /// URL of the server. A flightboard is given a board of its own, which is closed at the end.
    #[arg(
        long,
        env = "FLIGHTBOARD_TO",
        value_name = "URL",
        default_value = "http://127.0.0.1:5000"
    )]
    to: String,
    /// Streams that are opened.
    #[arg(long, env = "FLIGHTBOARD_BENCH_FOLLOWERS", value_name = "N", default_value_t = 1_000,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000_000))]
    followers: usize,
    /// Messages that are published.
    #[arg(long, env = "FLIGHTBOARD_BENCH_MESSAGES", value_name = "N", default_value_t = 200,
          value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    messages: u64,
    /// Messages a second; without it, the next one is published when enough of those before have
    /// come.
    #[arg(long, env = "FLIGHTBOARD_BENCH_RATE", value_name = "R", value_parser = values::rate)]
    rate: Option<f64>,
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
    /// For any other server, where messages are published: a whole URL.
    #[arg(long, env = "FLIGHTBOARD_BENCH_PUBLISH_URL", value_name = "URL")]
    publish_url: Option<String>,
    /// The method of these requests.
    #[arg(long, env = "FLIGHTBOARD_BENCH_PUBLISH_METHOD", value_name = "METHOD",
          default_value = "POST", requires = "publish_url", value_parser = values::method)]
    publish_method: String,
    /// Their body, in which {number} is the message's number and {time} the time that latency is
    /// counted from.
    #[arg(
        long,
        env = "FLIGHTBOARD_BENCH_PUBLISH_BODY",
        value_name = "TEXT",
        default_value = r#"{"number":{number},"time":"{time}"}"#,
        requires = "publish_url"
    )]
    publish_body: String,
    /// A header of theirs; may be given several times.
    #[arg(
        long,
        env = "FLIGHTBOARD_BENCH_PUBLISH_HEADER",
        value_name = "NAME: VALUE",
        requires = "publish_url"
    )]
    publish_header: Vec<Header>,
    /// Path of the stream there.
    #[arg(
        long,
        env = "FLIGHTBOARD_BENCH_PATH",
        value_name = "PATH",
        default_value = "/events",
        requires = "publish_url"
    )]
    path: String,
    /// What counts as one delivery: a text that each message has once on the stream.
    #[arg(long, env = "FLIGHTBOARD_BENCH_MARK", value_name = "TEXT", default_value = stamps::BEGINNING,
          requires = "publish_url", value_parser = NonEmptyStringValueParser::new())]
    mark: String,
    /// Print the figures as JSON.
    #[arg(long, env = "FLIGHTBOARD_BENCH_JSON", value_parser = BoolishValueParser::new())]
    json: bool,
}

impl Bench {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let longest = marks::MAX_MARK_BYTES;
        ensure!(self.mark.len() <= longest, "--mark is at most {longest} bytes long");
        if !self.pid.is_empty() && !process::IS_KNOWN {
            tracing::warn!("only Linux tells what a process has used: --pid is left out");
        }
        let board = match self.publish_url {
            None => Some(OwnBoard::open(&self.to)?),
            Some(_) => None,
        };
        let outcome = self.measure(board.as_ref());
        // Whatever became of it.
        if let Some(board) = board {
            board.close();
        }
        outcome
    }

    fn measure(&self, board: Option<&OwnBoard>) -> Result<ExitCode> {
        let job = self.job(board)?;
        job.stream.look()?;
        let mut report = self.report(&job);
        let runtime = listen::runtime()?;
        let measured = runtime.block_on(async {
            let stop = listen::stop()?;
            tokio::select! {
                outcome = job.measure(&mut report) => outcome.map(|()| true),
                () = stop => Ok(false),
            }
        })?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&report)?);
        } else {
            print!("{report}");
        }
        if !measured {
            tracing::warn!("stopped before everything was measured");
        }
        let is_right = measured && report.is_complete();
        Ok(if is_right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

impl Bench {
    fn job(&self, board: Option<&OwnBoard>) -> Result<Job> {
        let (stream, publish_to, message, mark) = match (board, &self.publish_url) {
            (Some(board), _) => {
                let publish_to = Place::parse(&board.flight())?;
                let message = Message::new(&publish_to, "PATCH", &[], OWN_BODY);
                (Place::parse(&board.events())?, publish_to, message, OWN_MARK)
            }
            (None, url) => {
                let publish_to = Place::parse(url.as_deref().unwrap_or(&self.to))?;
                let (method, headers) = (&self.publish_method, &self.publish_header);
                let message = Message::new(&publish_to, method, headers, &self.publish_body);
                let stream = format!("{}{}", self.to.trim_end_matches('/'), self.path);
                (Place::parse(&stream)?, publish_to, message, &*self.mark)
            }
        };
        let churn = self.churn.churn(self.rate);
        if let Some(churn) = &churn {
            churn.ensure_possible(self.followers)?;
        }
        Ok(Job {
            stream,
            publish_to,
            message,
            messages: self.messages,
            rhythm: self.rate.map_or(Rhythm::Window(self.window), Rhythm::Rate),
            // One if they come and go, so that messages come in the order of their numbers.
            publishers: if churn.is_some() { 1 } else { self.publishers },
            followers: self.followers,
            processes: workers::needed(self.followers, self.processes)?,
            mark: mark.to_owned(),
            storm: self.storm,
            churn,
            pids: self.pid.clone(),
        })
    }

    fn report(&self, job: &Job) -> Report {
        Report {
            stream: job.stream.url(),
            followers: job.followers,
            processes: job.processes,
            messages: job.messages,
            rate_per_sec: self.rate,
            window: self.rate.is_none().then_some(self.window),
            publishers: job.publishers,
            connected: None,
            published: None,
            delivered: None,
            latency: None,
            memory: None,
            cpu: None,
            storm: None,
            churned: None,
        }
    }
}
