//! Followers disconnect and reconnect while messages are published: none may be missed, and the server's
//! memory must not grow.

use std::sync::Arc;

use anyhow::Result;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::churn_args::ChurnPlan;
use crate::job::{BenchJob, CONNECT_TIMEOUT, wait_until_idle};
use crate::memory_trend::{self, MemorySample, MemorySamples};
use crate::pacing::{DELIVERY_TIMEOUT, LoadModel, PublishPacer};
use crate::process_usage;
use crate::progress::ProgressDisplay;
use crate::report::{BenchReport, ChurnInterval, ChurnReport, LatencySummary};
use crate::worker_pool::{self, WorkerPool, WorkerState};
use crate::worker_protocol::{WorkerCommand, WorkerProgress};

/// Fills in `report` step by step, so that an interrupted measurement still has its figures.
pub(crate) async fn measure(
    plan: &ChurnPlan,
    job: &BenchJob,
    workers: &mut WorkerPool,
    report: &mut BenchReport,
) -> Result<()> {
    let mut states = workers.states();
    let streams = job.streams.len();
    let messages = plan.messages(streams);
    let followers = job.followers_per_stream(job.followers);
    let publishers = job.open_publishers().await?;
    workers.command(WorkerCommand::Count(0)).await?;
    workers.command(WorkerCommand::Churn).await?;
    let start = Instant::now();
    let display = ProgressDisplay::start(
        "seconds of churn",
        plan.duration.as_secs(),
        states.clone(),
        move |_| start.elapsed().as_secs(),
    );
    let load = LoadModel::Rate(plan.rate);
    let pacer = Arc::new(PublishPacer::new(messages, load, followers, states.clone()));
    let publishing = publishers.publish(&pacer);
    let (mut published, ()) =
        tokio::try_join!(publishing, observe_server(plan, job, start, states.clone(), report))?;
    drop(display);
    reconnect_all(job, workers).await?;
    let results = workers.results().await?;

    // One more message per stream, published while all are connected, proves that each still follows.
    let last = streams as u64;
    workers.command(WorkerCommand::Count(last)).await?;
    let pacer = PublishPacer::new(last, LoadModel::Window(last), followers, states.clone());
    let pacer = Arc::new(pacer.starting_after(messages));
    published.add(job.open_publishers().await?.publish(&pacer).await?);
    let delivered = |progress: &WorkerProgress| progress.delivered;
    let all_delivered = |progress: &WorkerProgress| progress.delivered >= job.followers as u64;
    worker_pool::wait(&mut states, DELIVERY_TIMEOUT, all_delivered, delivered).await;
    let last_results = workers.results().await?;

    report.latency = LatencySummary::from_latencies(&results.latencies()?);
    report.messages = messages + last;
    report.published = Some(published);
    if let Some(churned) = &mut report.churned {
        churned.update(&last_results.progress);
        churned.delivered += results.progress.delivered;
        churned.complete_followers = Some(last_results.complete);
    }
    Ok(())
}

/// Samples the server's memory until the time is over, and adds an interval to the report at the end of
/// each tenth.
async fn observe_server(
    plan: &ChurnPlan,
    job: &BenchJob,
    start: Instant,
    states: watch::Receiver<Vec<WorkerState>>,
    report: &mut BenchReport,
) -> Result<()> {
    let mut samples = MemorySamples::new(plan.duration);
    let mut ticks = interval(memory_trend::sample_interval(plan.duration));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let churned = report.churned.insert(ChurnReport::new(plan));
    while churned.rows.len() < memory_trend::INTERVALS {
        ticks.tick().await;
        let secs = start.elapsed().as_secs_f64();
        let is_over = secs >= plan.duration.as_secs_f64();
        let progress = worker_pool::total_progress(&states.borrow());
        churned.update(&progress);
        while churned.rows.len() < samples.interval_at(secs) + usize::from(is_over) {
            let interval = churned.rows.len();
            churned.rows.push(ChurnInterval {
                until_secs: samples.end_secs(interval),
                followers: progress.open,
                missed: progress.missed,
                memory_bytes: samples.mean_bytes(interval),
                open_files: process_usage::open_files(&job.pids),
            });
        }
        if let Some(server) = job.server_usage()?
            && !is_over
        {
            samples.push(MemorySample { secs, bytes: server.memory_bytes });
            churned.trend = samples.trend();
        }
    }
    Ok(())
}

/// Stops the disconnects and waits until all followers are back and their initial events are over.
async fn reconnect_all(job: &BenchJob, workers: &mut WorkerPool) -> Result<()> {
    workers.command(WorkerCommand::StopChurn).await?;
    let mut states = workers.states();
    let all_tried = |progress: &WorkerProgress| progress.attempted() >= job.followers;
    let attempted = |progress: &WorkerProgress| progress.attempted() as u64;
    worker_pool::wait(&mut states, CONNECT_TIMEOUT, all_tried, attempted).await;
    wait_until_idle(&states, job.followers).await;
    Ok(())
}
