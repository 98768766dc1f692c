//! One measurement's parameters, and the helpers that all kinds of measurements share.

use std::time::Duration;

use anyhow::Result;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::churn_args::ChurnPlan;
use crate::endpoint::Endpoint;
use crate::message_template::MessageTemplate;
use crate::pacing::LoadModel;
use crate::process_usage::{self, ProcessUsage};
use crate::publisher::PublisherPool;
use crate::worker_pool::{self, WorkerPool, WorkerState};
use crate::worker_protocol::WorkerPlan;

/// Connecting ends when no follower has made progress for this long.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// The streams are idle when, within this interval, …
const IDLE_INTERVAL: Duration = Duration::from_millis(500);

/// … at most one in this many followers received anything: the initial events are over then, and only
/// heartbeats are left.
const IDLE_DIVISOR: u64 = 10;

/// The measurement starts after this time even if the streams are not idle.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Approximate number of followers that measure latency.
const LATENCY_SAMPLERS: usize = 128;

pub(crate) struct BenchJob {
    /// Streams of one server, assigned to followers round-robin.
    pub(crate) streams: Vec<Endpoint>,
    pub(crate) publish_to: Endpoint,
    pub(crate) message: MessageTemplate,
    pub(crate) messages: u64,
    pub(crate) load: LoadModel,
    pub(crate) publishers: usize,
    pub(crate) followers: usize,
    pub(crate) processes: usize,
    /// The text that counts as one delivery.
    pub(crate) mark: String,
    pub(crate) storm: bool,
    pub(crate) churn: Option<ChurnPlan>,
    /// Processes of the server.
    pub(crate) pids: Vec<u32>,
}

impl BenchJob {
    /// The first stream; it represents all of them in reports and errors.
    pub(crate) fn stream(&self) -> &Endpoint {
        self.streams.first().expect("a job has at least one stream")
    }

    /// The number of followers that receive each message.
    pub(crate) fn followers_per_stream(&self, followers: usize) -> usize {
        followers / self.streams.len()
    }

    pub(crate) fn worker_plan(&self) -> WorkerPlan {
        WorkerPlan {
            address: self.stream().address,
            host: self.stream().host.clone(),
            paths: self.streams.iter().map(|stream| stream.path.clone()).collect(),
            first: 0,
            followers: self.followers,
            // Under churn every follower reads the timestamps, since they number the messages.
            sample_every: match self.churn {
                Some(_) => 1,
                None => self.followers.div_ceil(LATENCY_SAMPLERS),
            },
            mark: self.mark.clone(),
            reconnects: self.storm || self.churn.is_some(),
            disconnects_per_sec: self.churn.map(|churn| churn.per_sec / self.followers as f64),
        }
    }

    /// The server's usage so far; `None` without `--pid`, or where the kernel does not account for it.
    pub(crate) fn server_usage(&self) -> Result<Option<ProcessUsage>> {
        let is_known = process_usage::IS_SUPPORTED && !self.pids.is_empty();
        is_known.then(|| process_usage::total(&self.pids)).transpose()
    }

    pub(crate) async fn open_publishers(&self) -> Result<PublisherPool> {
        PublisherPool::open(&self.publish_to, &self.message, self.publishers).await
    }
}

/// The usage of this process and its workers so far.
pub(crate) fn generator_usage(workers: &WorkerPool) -> Result<Option<ProcessUsage>> {
    let mut pids = workers.pids();
    pids.push(std::process::id());
    process_usage::IS_SUPPORTED.then(|| process_usage::total(&pids)).transpose()
}

/// Waits until the initial events are over and hardly any follower receives anything.
pub(crate) async fn wait_until_idle(states: &watch::Receiver<Vec<WorkerState>>, open: usize) {
    let reads = || worker_pool::total_progress(&states.borrow()).reads;
    let start = Instant::now();
    let mut before = reads();
    while start.elapsed() < IDLE_TIMEOUT {
        tokio::time::sleep(IDLE_INTERVAL).await;
        let now = reads();
        if (now - before) * IDLE_DIVISOR <= open as u64 {
            return;
        }
        before = now;
    }
    tracing::warn!("the streams do not become idle: other publishers distort the figures");
}
