//! The reconnect storm: all followers disconnect at once, miss a few messages, and reconnect at once.

use std::sync::Arc;

use anyhow::{Result, ensure};

use crate::job::BenchJob;
use crate::pacing::{DELIVERY_TIMEOUT, LoadModel, PublishPacer};
use crate::progress::ProgressDisplay;
use crate::report::{LatencySummary, StormReport};
use crate::worker_pool::{self, WorkerPool};
use crate::worker_protocol::{WorkerCommand, WorkerProgress};

/// Messages to publish on each stream while all followers are away. A follower that gets exactly these,
/// and not the current rows, has been resumed.
const MISSED_MESSAGES: u64 = 10;

/// Disconnects the `open` followers and reconnects all.
pub(crate) async fn measure(
    job: &BenchJob,
    workers: &mut WorkerPool,
    open: usize,
) -> Result<StormReport> {
    workers.command(WorkerCommand::Disconnect).await?;
    let mut states = workers.states();
    let messages = MISSED_MESSAGES * job.streams.len() as u64;
    // The window lets all messages out at once, since no one is there to receive them.
    let load = LoadModel::Window(messages);
    let pacer = Arc::new(PublishPacer::new(messages, load, open, states.clone()));
    let published = job.open_publishers().await?.publish(&pacer).await?;
    ensure!(
        published.accepted == messages,
        "only {} of the {messages} messages to be missed were accepted",
        published.accepted
    );
    let expected = MISSED_MESSAGES * job.followers as u64;
    let display = ProgressDisplay::start("reconnecting", expected, states.clone(), |progress| {
        progress.delivered
    });
    workers.command(WorkerCommand::Reconnect(messages)).await?;
    let all_delivered = |progress: &WorkerProgress| progress.delivered >= expected;
    let advanced = |progress: &WorkerProgress| progress.delivered + progress.open as u64;
    worker_pool::wait(&mut states, DELIVERY_TIMEOUT, all_delivered, advanced).await;
    drop(display);
    let results = workers.results().await?;
    Ok(StormReport {
        left: open,
        back: results.progress.open,
        missed: MISSED_MESSAGES,
        resumed: results.complete,
        slowest_connect_millis: results.progress.slowest_connect_nanos as f64 / 1e6,
        slow_connects: results.progress.slow_connects,
        returned: LatencySummary::from_latencies(&results.latencies()?),
    })
}
