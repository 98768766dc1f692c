//! One measurement of all that the flags ask for: so many followers, on so many boards.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::Bench;
use crate::measure::Job;
use crate::message::Message;
use crate::own::OwnBoards;
use crate::pace::Rhythm;
use crate::report::Report;
use crate::target::Place;
use crate::workers;

/// What is published on boards of its own: the row is another one each time.
const OWN_BODY: &str = r#"{"remark":"{time}"}"#;

/// What counts as one delivery there.
const OWN_MARK: &str = "event: flightStateUpdate";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) followers: usize,
    pub(crate) boards: usize,
}

/// Where followers are, where messages go, and how they are recognised.
struct Ends {
    streams: Vec<Place>,
    publish_to: Place,
    message: Message,
    mark: String,
}

impl Bench {
    /// In the order in which they are measured: in each round all, so that whatever else the machine
    /// does meets all alike.
    pub(crate) fn cases(&self) -> Result<Vec<Case>> {
        let pairs = self.followers.iter().flat_map(|followers| {
            self.boards.iter().map(|boards| Case { followers: *followers, boards: *boards })
        });
        let pairs: Vec<_> = pairs.collect();
        for Case { followers, boards } in &pairs {
            ensure!(
                followers.is_multiple_of(*boards),
                "{followers} followers cannot be spread evenly over {boards} boards: take a multiple"
            );
        }
        let cases = pairs.repeat(self.rounds);
        let is_plain = !self.storm && self.churn.is_none();
        ensure!(
            cases.len() == 1 || is_plain,
            "--storm and --churn are measured with one number of followers and of boards, once"
        );
        Ok(cases)
    }
}

impl Case {
    pub(crate) async fn measure(self, bench: &Bench, reports: &mut Vec<Report>) -> Result<()> {
        // Closed when this ends, whatever the reason.
        let boards = match bench.foreign.publish_url {
            None => Some(OwnBoards::open(bench.server_url(), self.boards)?),
            Some(_) => None,
        };
        let ends = match &boards {
            Some(boards) => Ends::own(boards)?,
            None => Ends::foreign(bench, self.boards)?,
        };
        let job = self.job(bench, ends)?;
        job.stream().look()?;
        reports.push(self.report(&job));
        let report = reports.last_mut().expect("it was just put there");
        job.measure(report).await
    }

    fn job(self, bench: &Bench, ends: Ends) -> Result<Job> {
        let Self { followers, boards } = self;
        let of_deliveries = |per_sec: f64| per_sec / (followers / boards) as f64;
        let rate = bench.rate.or(bench.deliveries.map(of_deliveries));
        let churn = bench.churn.churn(rate, bench.lasting);
        if let Some(churn) = &churn {
            churn.ensure_possible(followers)?;
        }
        let in_time = |(rate, lasting): (f64, Duration)| (rate * lasting.as_secs_f64()).max(1.0);
        let messages = rate.zip(bench.lasting).map(in_time);
        Ok(Job {
            streams: ends.streams,
            publish_to: ends.publish_to,
            message: ends.message,
            messages: messages.map_or(bench.messages, |messages| messages as u64),
            rhythm: rate.map_or(Rhythm::Window(bench.window), Rhythm::Rate),
            // One if they come and go, so that messages come in the order of their numbers.
            publishers: if churn.is_some() { 1 } else { bench.publishers },
            followers,
            processes: workers::needed(followers, bench.processes)?,
            mark: ends.mark,
            storm: bench.storm,
            churn,
            pids: bench.pid.clone(),
        })
    }

    fn report(self, job: &Job) -> Report {
        let (rate, window) = match job.rhythm {
            Rhythm::Rate(rate) => (Some(rate), None),
            Rhythm::Window(window) => (None, Some(window)),
        };
        Report {
            stream: job.stream().url(),
            boards: self.boards,
            followers: self.followers,
            processes: job.processes,
            messages: job.messages,
            rate_per_sec: rate,
            window,
            publishers: job.publishers,
            ..Report::default()
        }
    }
}

impl Ends {
    fn own(boards: &OwnBoards) -> Result<Self> {
        let places = |urls: Vec<String>| -> Result<Vec<Place>> {
            urls.iter().map(|url| Place::parse(url)).collect()
        };
        let flights = places(boards.flights())?;
        Ok(Self {
            streams: places(boards.events())?,
            publish_to: flights[0].clone(),
            message: Message::new(&flights, "PATCH", &[], OWN_BODY),
            mark: OWN_MARK.to_owned(),
        })
    }

    fn foreign(bench: &Bench, boards: usize) -> Result<Self> {
        let foreign = &bench.foreign;
        let (places, streams) = foreign.places(bench.server_url(), boards)?;
        let (method, headers) = (&foreign.publish_method, &foreign.publish_header);
        let message = Message::new(&places, method, headers, &foreign.publish_body);
        let (publish_to, mark) = (places[0].clone(), foreign.mark.clone());
        Ok(Self { streams, publish_to, message, mark })
    }
}
