//! One measurement from beginning to end: connect, let it come to rest, publish and count, and perhaps
//! the storm.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::churn::Churn;
use crate::kernel;
use crate::message::Message;
use crate::orders::{Order, Plan, Progress};
use crate::pace::{Pace, Rhythm, SILENCE};
use crate::process::{self, Usage};
use crate::progress::Shown;
use crate::publisher::{Published, Publishers};
use crate::report::{Connected, Cpu, Delivered, Memory, Report, Times};
use crate::storm;
use crate::target::Place;
use crate::workers::{self, State, Workers};

/// How long connecting goes on when no follower has come to anything.
pub(crate) const CONNECT_SILENCE: Duration = Duration::from_secs(20);

/// It is at rest when within this time …
const REST: Duration = Duration::from_millis(500);

/// … fewer than one of so many followers heard anything; first events are over then, and what is
/// left are heartbeats.
const REST_PART: u64 = 10;

/// It is measured all the same when it has not come to rest by then.
const REST_WITHIN: Duration = Duration::from_secs(30);

/// About so many followers take delays.
const SAMPLED: usize = 128;

/// What is to be measured.
pub(crate) struct Job {
    /// Of one server. Followers have them in turn.
    pub(crate) streams: Vec<Place>,
    pub(crate) publish_to: Place,
    pub(crate) message: Message,
    pub(crate) messages: u64,
    pub(crate) rhythm: Rhythm,
    pub(crate) publishers: usize,
    pub(crate) followers: usize,
    pub(crate) processes: usize,
    pub(crate) mark: String,
    pub(crate) storm: bool,
    pub(crate) churn: Option<Churn>,
    /// Of the server.
    pub(crate) pids: Vec<u32>,
}

impl Job {
    /// Writes down whatever is known, as soon as it is.
    pub(crate) async fn measure(&self, report: &mut Report) -> Result<()> {
        let before = self.server()?;
        let mut workers = Workers::start(&self.plan(), self.processes)?;
        let open = self.connect(&mut workers, report).await?;
        let connected = self.server()?;
        match &self.churn {
            None => self.publish(&mut workers, open, report).await?,
            Some(churn) => churn.measure(self, &mut workers, report).await?,
        }
        if let (Some(before), Some(connected), Some(end)) = (before, connected, self.server()?) {
            let grown = connected.memory_bytes as f64 - before.memory_bytes as f64;
            report.memory = Some(Memory {
                before_bytes: before.memory_bytes,
                connected_bytes: connected.memory_bytes,
                end_bytes: end.memory_bytes,
                per_follower_bytes: grown / open as f64,
            });
        }
        if self.storm {
            report.storm = Some(storm::measure(self, &mut workers, open).await?);
        }
        Ok(())
    }

    /// The first one stands for all.
    pub(crate) fn stream(&self) -> &Place {
        self.streams.first().expect("there is one at least")
    }

    /// To so many followers of all a message goes.
    pub(crate) fn reach(&self, followers: usize) -> usize {
        followers / self.streams.len()
    }

    fn plan(&self) -> Plan {
        Plan {
            address: self.stream().address,
            host: self.stream().host.clone(),
            paths: self.streams.iter().map(|stream| stream.path.clone()).collect(),
            first: 0,
            followers: self.followers,
            // Of those who come and go each tells which messages it has seen.
            sample_every: self.churn.map_or(self.followers.div_ceil(SAMPLED), |_| 1),
            mark: self.mark.clone(),
            returns: self.storm || self.churn.is_some(),
            going_per_sec: self.churn.map(|churn| churn.per_sec / self.followers as f64),
        }
    }

    /// What the server has used so far, where that can be seen.
    pub(crate) fn server(&self) -> Result<Option<Usage>> {
        let is_seen = process::IS_KNOWN && !self.pids.is_empty();
        is_seen.then(|| process::usage(&self.pids)).transpose()
    }

    pub(crate) async fn publishers(&self) -> Result<Publishers> {
        Publishers::open(&self.publish_to, &self.message, self.publishers).await
    }

    fn generator(workers: &Workers) -> Result<Option<Usage>> {
        let mut pids = workers.pids();
        pids.push(std::process::id());
        process::IS_KNOWN.then(|| process::usage(&pids)).transpose()
    }

    /// How many streams are open when all have tried and the first events are over.
    async fn connect(&self, workers: &mut Workers, report: &mut Report) -> Result<usize> {
        let (start, kernel) = (Instant::now(), kernel::counts());
        let mut states = workers.states();
        let whole = self.followers as u64;
        let shown =
            Shown::start("connecting", whole, states.clone(), |progress| progress.open as u64);
        workers.order(Order::Connect).await?;
        let tried = |progress: &Progress| progress.open + progress.failed + progress.ended;
        let all = |progress: &Progress| tried(progress) >= self.followers;
        workers::wait(&mut states, CONNECT_SILENCE, all, |progress| tried(progress) as u64).await;
        drop(shown);
        let progress = workers::progress(&states.borrow());
        let Progress { open, ended, .. } = progress;
        let secs = start.elapsed().as_secs_f64();
        let failed = self.followers - open.saturating_add(ended).min(self.followers);
        report.connected = Some(Connected {
            open,
            failed,
            ended,
            secs,
            slowest_millis: progress.slowest_connect_nanos as f64 / 1e6,
            slow: progress.slow_connects,
            kernel: kernel.and_then(|before| Some(kernel::counts()?.since(before))),
        });
        let trouble = workers::trouble(&states.borrow());
        if let Some(trouble) = &trouble {
            tracing::warn!("{failed} followers of {} failed: {trouble}", self.followers);
        }
        ensure!(open > 0, "no follower has a stream: {}", trouble.unwrap_or_default());
        rest(&states, open).await;
        Ok(open)
    }

    async fn publish(&self, workers: &mut Workers, open: usize, report: &mut Report) -> Result<()> {
        let publishers = self.publishers().await?;
        let expected = self.messages * open as u64 / self.streams.len() as u64;
        workers.order(Order::Count(self.messages)).await?;
        let mut states = workers.states();
        let shown =
            Shown::start("delivered", expected, states.clone(), |progress| progress.delivered);
        let (server, generator) = (self.server()?, Self::generator(workers)?);
        let pace = Pace::new(self.messages, self.rhythm, self.reach(open), states.clone());
        let (start, pace) = (Instant::now(), Arc::new(pace));
        let published = publishers.publish(&pace).await?;
        self.ensure_accepted(&published)?;
        let come = |progress: &Progress| progress.delivered;
        let end =
            workers::wait(&mut states, SILENCE, |progress| come(progress) >= expected, come).await;
        let secs = (end - start).as_secs_f64();
        drop(shown);
        let used = |since: Option<Usage>, now: Option<Usage>| Some(now?.cpu_secs - since?.cpu_secs);
        let server = used(server, self.server()?);
        let generator = used(generator, Self::generator(workers)?);
        let tally = workers.tally().await?;
        let count = tally.progress.delivered;
        ensure!(
            count > 0,
            "{} messages were accepted by {}, and none came on {}: what counts as one is the text \
             {:?}, set with --mark; and --path must be the stream of what is published",
            published.accepted,
            self.publish_to.url(),
            self.stream().url(),
            self.mark
        );
        report.published = Some(published);
        let latest = pace.latest().await.as_secs_f64() * 1e3;
        report.delivered = Some(Delivered {
            count,
            expected,
            complete_followers: tally.complete,
            ended_followers: tally.progress.ended,
            secs,
            per_sec: count as f64 / secs,
            latest_publish_millis: matches!(self.rhythm, Rhythm::Rate(_)).then_some(latest),
        });
        report.latency = Times::of(&tally.delays);
        let micros = |secs: f64| secs * 1e6 / count as f64;
        report.cpu = generator.map(|generator| Cpu {
            server_secs: server,
            server_micros_per_delivery: server.map(micros),
            generator_secs: generator,
            generator_micros_per_delivery: micros(generator),
        });
        Ok(())
    }

    fn ensure_accepted(&self, published: &Published) -> Result<()> {
        match &published.refusal {
            Some(refusal) if published.accepted == 0 => {
                bail!("{} refuses what is published: {refusal}", self.publish_to.url())
            }
            _ => Ok(()),
        }
    }
}

/// Waits until hardly any follower hears anything.
pub(crate) async fn rest(states: &watch::Receiver<Vec<State>>, open: usize) {
    let heard = || workers::progress(&states.borrow()).heard;
    let start = Instant::now();
    let mut before = heard();
    while start.elapsed() < REST_WITHIN {
        tokio::time::sleep(REST).await;
        let now = heard();
        if (now - before) * REST_PART <= open as u64 {
            return;
        }
        before = now;
    }
    tracing::warn!("the streams do not come to rest: others publish too, and disturb the figures");
}
