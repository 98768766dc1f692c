//! The runs that the flags ask for: each measures one number of followers on one number of boards.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::args::BenchArgs;
use crate::endpoint::Endpoint;
use crate::job::BenchJob;
use crate::measure;
use crate::message_template::MessageTemplate;
use crate::own_boards::{MeasuredStream, OwnBoards};
use crate::pacing::LoadModel;
use crate::report::BenchReport;
use crate::worker_pool;

/// The body for boards of our own: each message changes the row.
const OWN_BODY: &str = r#"{"remark":"{time}"}"#;

/// The text that counts as one delivery on boards of our own.
const OWN_MARK: &str = "event: flightStateUpdate";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BenchRun {
    pub(crate) followers: usize,
    pub(crate) boards: usize,
    pub(crate) subject: MeasuredStream,
}

/// The streams to follow, the requests that publish, and the text that counts as one delivery.
struct RunEndpoints {
    streams: Vec<Endpoint>,
    publish_to: Endpoint,
    message: MessageTemplate,
    mark: String,
}

/// All runs in order. Each round measures all combinations once, so that other load on the machine affects
/// all of them alike.
pub(crate) fn plan(args: &BenchArgs) -> Result<Vec<BenchRun>> {
    let mut combinations = Vec::new();
    for followers in &args.followers {
        for boards in &args.boards {
            ensure!(
                followers.is_multiple_of(*boards),
                "{followers} followers cannot be spread evenly over {boards} boards: choose a multiple"
            );
            let run = |subject| BenchRun { followers: *followers, boards: *boards, subject };
            combinations.extend(args.subject.iter().copied().map(run));
        }
    }
    let runs = combinations.repeat(args.rounds);
    let is_plain = !args.storm && args.churn.is_none();
    ensure!(
        runs.len() == 1 || is_plain,
        "--storm and --churn allow one number of followers and of boards and one subject, once: with several, leave \
         them out"
    );
    Ok(runs)
}

impl BenchRun {
    pub(crate) async fn measure(
        self,
        args: &BenchArgs,
        reports: &mut Vec<BenchReport>,
    ) -> Result<()> {
        // Dropping the boards closes them, also on an error.
        let own_boards = match args.external.publish_url {
            None => Some(OwnBoards::open(args.server_url(), self.boards)?),
            Some(_) => None,
        };
        let endpoints = match &own_boards {
            Some(boards) => RunEndpoints::of_own_boards(boards, self.subject)?,
            None => RunEndpoints::of_external_server(args, self.boards)?,
        };
        let job = self.job(args, endpoints)?;
        job.stream().ensure_event_stream()?;
        reports.push(self.empty_report(&job));
        let report = reports.last_mut().expect("a report was just pushed");
        measure::measure(&job, report).await
    }

    fn job(self, args: &BenchArgs, endpoints: RunEndpoints) -> Result<BenchJob> {
        let Self { followers, boards, .. } = self;
        let followers_per_board = (followers / boards) as f64;
        let rate = args.rate.or(args.deliveries.map(|per_sec| per_sec / followers_per_board));
        let churn = args.churn.plan(rate, args.duration);
        if let Some(churn) = &churn {
            churn.ensure_possible(followers)?;
        }
        Ok(BenchJob {
            streams: endpoints.streams,
            publish_to: endpoints.publish_to,
            message: endpoints.message,
            messages: match (rate, args.duration) {
                (Some(rate), Some(duration)) => messages_within(rate, duration),
                _ => args.messages,
            },
            load: rate.map_or(LoadModel::Window(args.window), LoadModel::Rate),
            // Under churn, a single publisher keeps the messages in the order of their numbers.
            publishers: if churn.is_some() { 1 } else { args.publishers },
            followers,
            processes: worker_pool::worker_count(followers, args.processes)?,
            mark: endpoints.mark,
            storm: args.storm,
            churn,
            pids: args.pids.clone(),
        })
    }

    fn empty_report(self, job: &BenchJob) -> BenchReport {
        let (rate, window) = match job.load {
            LoadModel::Rate(rate) => (Some(rate), None),
            LoadModel::Window(window) => (None, Some(window)),
        };
        BenchReport {
            stream: job.stream().url(),
            boards: self.boards,
            subject: self.subject,
            followers: self.followers,
            processes: job.processes,
            messages: job.messages,
            rate_per_sec: rate,
            window,
            publishers: job.publishers,
            ..BenchReport::default()
        }
    }
}

fn messages_within(rate: f64, duration: Duration) -> u64 {
    (rate * duration.as_secs_f64()).max(1.0) as u64
}

impl RunEndpoints {
    fn of_own_boards(boards: &OwnBoards, subject: MeasuredStream) -> Result<Self> {
        let parse = |urls: Vec<String>| -> Result<Vec<Endpoint>> {
            urls.iter().map(|url| Endpoint::parse(url)).collect()
        };
        let flights = parse(boards.flight_urls())?;
        Ok(Self {
            streams: parse(boards.stream_urls(subject))?,
            publish_to: flights[0].clone(),
            message: MessageTemplate::new(&flights, "PATCH", &[], OWN_BODY),
            mark: OWN_MARK.to_owned(),
        })
    }

    fn of_external_server(args: &BenchArgs, boards: usize) -> Result<Self> {
        let server = &args.external;
        let (publish, streams) = server.endpoints(args.server_url(), boards)?;
        let message = MessageTemplate::new(
            &publish,
            &server.publish_method,
            &server.publish_header,
            &server.publish_body,
        );
        Ok(Self { streams, publish_to: publish[0].clone(), message, mark: server.mark.clone() })
    }
}
