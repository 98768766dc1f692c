//! One measurement from the first connection to the last delivery.

use std::sync::Arc;

use anyhow::{Result, bail, ensure};
use tokio::time::Instant;

use crate::job::{self, BenchJob, CONNECT_TIMEOUT};
use crate::pacing::{DELIVERY_TIMEOUT, LoadModel, PublishPacer};
use crate::process_usage::ProcessUsage;
use crate::progress::ProgressDisplay;
use crate::publisher::PublishCounts;
use crate::report::{
    BenchReport, ConnectReport, CpuReport, DeliveryReport, LatencySummary, MemoryReport,
};
use crate::worker_pool::{self, WorkerPool};
use crate::worker_protocol::{WorkerCommand, WorkerProgress};
use crate::{churn, storm, tcp_stats};

/// Fills in `report` step by step, so that an interrupted measurement still has its figures.
pub(crate) async fn measure(job: &BenchJob, report: &mut BenchReport) -> Result<()> {
    let before = job.server_usage()?;
    let mut workers = WorkerPool::start(&job.worker_plan(), job.processes)?;
    let open = connect(job, &mut workers, report).await?;
    let connected = job.server_usage()?;
    match &job.churn {
        None => publish(job, &mut workers, open, report).await?,
        Some(plan) => churn::measure(plan, job, &mut workers, report).await?,
    }
    if let (Some(before), Some(connected), Some(end)) = (before, connected, job.server_usage()?) {
        let growth = connected.memory_bytes as f64 - before.memory_bytes as f64;
        report.memory = Some(MemoryReport {
            before_bytes: before.memory_bytes,
            connected_bytes: connected.memory_bytes,
            end_bytes: end.memory_bytes,
            per_follower_bytes: growth / open as f64,
        });
    }
    if job.storm {
        report.storm = Some(storm::measure(job, &mut workers, open).await?);
    }
    Ok(())
}

/// Connects all followers. Returns the number of open streams when all have tried and the initial events
/// are over.
async fn connect(
    job: &BenchJob,
    workers: &mut WorkerPool,
    report: &mut BenchReport,
) -> Result<usize> {
    let start = Instant::now();
    let tcp_before = tcp_stats::read();
    let mut states = workers.states();
    let display =
        ProgressDisplay::start("connecting", job.followers as u64, states.clone(), |progress| {
            progress.open as u64
        });
    workers.command(WorkerCommand::Connect).await?;
    let all_tried = |progress: &WorkerProgress| progress.attempted() >= job.followers;
    let attempted = |progress: &WorkerProgress| progress.attempted() as u64;
    worker_pool::wait(&mut states, CONNECT_TIMEOUT, all_tried, attempted).await;
    drop(display);

    let progress = worker_pool::total_progress(&states.borrow());
    let WorkerProgress { open, ended, .. } = progress;
    let failed = job.followers - open.saturating_add(ended).min(job.followers);
    report.connected = Some(ConnectReport {
        open,
        failed,
        ended,
        secs: start.elapsed().as_secs_f64(),
        slowest_millis: progress.slowest_connect_nanos as f64 / 1e6,
        slow: progress.slow_connects,
        kernel: tcp_before.and_then(|before| Some(tcp_stats::read()?.since(before))),
    });
    let failure = worker_pool::first_failure(&states.borrow());
    if let Some(failure) = &failure {
        tracing::warn!("{failed} of {} followers failed: {failure}", job.followers);
    }
    ensure!(open > 0, "no follower has a stream: {}", failure.unwrap_or_default());
    job::wait_until_idle(&states, open).await;
    Ok(open)
}

/// Publishes all messages and waits for their deliveries.
async fn publish(
    job: &BenchJob,
    workers: &mut WorkerPool,
    open: usize,
    report: &mut BenchReport,
) -> Result<()> {
    let publishers = job.open_publishers().await?;
    let expected = job.messages * open as u64 / job.streams.len() as u64;
    workers.command(WorkerCommand::Count(job.messages)).await?;
    let mut states = workers.states();
    let display = ProgressDisplay::start("delivered", expected, states.clone(), |progress| {
        progress.delivered
    });
    let server_before = job.server_usage()?;
    let generator_before = job::generator_usage(workers)?;
    let followers = job.followers_per_stream(open);
    let pacer = Arc::new(PublishPacer::new(job.messages, job.load, followers, states.clone()));

    let start = Instant::now();
    let published = publishers.publish(&pacer).await?;
    ensure_accepted(job, &published)?;
    let delivered = |progress: &WorkerProgress| progress.delivered;
    let all_delivered = |progress: &WorkerProgress| progress.delivered >= expected;
    let end = worker_pool::wait(&mut states, DELIVERY_TIMEOUT, all_delivered, delivered).await;
    let secs = (end - start).as_secs_f64();
    drop(display);

    let server_secs = cpu_secs(server_before, job.server_usage()?);
    let generator_secs = cpu_secs(generator_before, job::generator_usage(workers)?);
    let results = workers.results().await?;
    let count = results.progress.delivered;
    ensure!(
        count > 0,
        "{} accepted {} messages, but none came on {}: a delivery is counted by the text {:?}, see \
         --mark; --path must be the stream of the published messages",
        job.publish_to.url(),
        published.accepted,
        job.stream().url(),
        job.mark
    );
    report.published = Some(published);
    let max_delay_millis = pacer.max_delay().await.as_secs_f64() * 1e3;
    report.delivered = Some(DeliveryReport {
        count,
        expected,
        complete_followers: results.complete,
        ended_followers: results.progress.ended,
        secs,
        per_sec: count as f64 / secs,
        latest_publish_millis: match job.load {
            LoadModel::Rate(_) => Some(max_delay_millis),
            LoadModel::Window(_) => None,
        },
    });
    report.latency = LatencySummary::from_latencies(&results.latencies()?);
    let micros_per_delivery = |secs: f64| secs * 1e6 / count as f64;
    report.cpu = generator_secs.map(|generator_secs| CpuReport {
        server_secs,
        server_micros_per_delivery: server_secs.map(micros_per_delivery),
        generator_secs,
        generator_micros_per_delivery: micros_per_delivery(generator_secs),
    });
    Ok(())
}

fn cpu_secs(before: Option<ProcessUsage>, after: Option<ProcessUsage>) -> Option<f64> {
    Some(after?.cpu_secs - before?.cpu_secs)
}

fn ensure_accepted(job: &BenchJob, published: &PublishCounts) -> Result<()> {
    match &published.refusal {
        Some(refusal) if published.accepted == 0 => {
            bail!("{} refuses the messages: {refusal}", job.publish_to.url())
        }
        _ => Ok(()),
    }
}
