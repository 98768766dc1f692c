//! Followers come and go for a time while messages are published: nothing may be missed, and the
//! server's memory must be flat.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::Args;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::course::{self, Look, Looks};
use crate::crowd::AWAY;
use crate::flag_values;
use crate::measure::{CONNECT_SILENCE, Job, rest};
use crate::orders::{Order, Progress};
use crate::pace::{Pace, Rhythm, SILENCE};
use crate::process;
use crate::progress::Shown;
use crate::report::{Churned, Report, Row, Times};
use crate::workers::{self, State, Workers};

/// How followers come and go, as the command is told.
#[derive(Args)]
pub(crate) struct Flags {
    /// Followers that go in a second while messages are published, of whom each comes back.
    #[arg(long, env = "FLIGHTBOARD_BENCH_CHURN", value_name = "R", requires = "even",
          conflicts_with_all = ["messages", "window", "publishers", "storm", "rounds"],
          value_parser = flag_values::rate)]
    churn: Option<f64>,
    /// By how much the memory of the server may grow in that time, after the first fifth of it.
    #[arg(long, env = "FLIGHTBOARD_BENCH_MAY_GROW", value_name = "SIZE", default_value = "4MiB",
          requires = "churn", value_parser = flag_values::bytes)]
    may_grow: u64,
}

impl Flags {
    pub(crate) fn is_none(&self) -> bool {
        self.churn.is_none()
    }

    /// If they are to come and go while so many messages a second are published.
    pub(crate) fn churn(&self, rate: Option<f64>, lasting: Option<Duration>) -> Option<Churn> {
        Some(Churn {
            per_sec: self.churn?,
            lasting: lasting.unwrap_or(LASTING),
            rate: rate?,
            may_grow_bytes: self.may_grow,
        })
    }
}

/// How long it lasts unless said.
const LASTING: Duration = Duration::from_secs(600);

/// How followers come and go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Churn {
    /// How many go in a second, and as many come back.
    pub(crate) per_sec: f64,
    pub(crate) lasting: Duration,
    /// Messages a second.
    pub(crate) rate: f64,
    /// By how much the server's memory may grow after the warm-up.
    pub(crate) may_grow_bytes: u64,
}

impl Churn {
    /// Most of them must be there at any time.
    pub(crate) fn ensure_possible(&self, followers: usize) -> Result<()> {
        let away = self.per_sec * AWAY.as_secs_f64();
        ensure!(
            away * 2.0 <= followers as f64,
            "with {} going a second and away for {} s, {followers} followers are too few: take more \
             --followers, or a lower --churn",
            self.per_sec,
            AWAY.as_secs_f64()
        );
        Ok(())
    }

    /// As many on each stream, and one at least, or nothing could be missed.
    fn messages(&self, streams: usize) -> u64 {
        let messages = (self.lasting.as_secs_f64() * self.rate).max(1.0);
        (messages as u64).next_multiple_of(streams as u64)
    }

    /// Writes down whatever is known, as soon as it is.
    pub(crate) async fn measure(
        &self,
        job: &Job,
        workers: &mut Workers,
        report: &mut Report,
    ) -> Result<()> {
        let (states, streams) = (workers.states(), job.streams.len());
        let messages = self.messages(streams);
        let publishers = job.publishers().await?;
        workers.order(Order::Count(0)).await?;
        workers.order(Order::Churn).await?;
        let start = Instant::now();
        let shown = Shown::start(
            "seconds of coming and going",
            self.lasting.as_secs(),
            states.clone(),
            move |_| start.elapsed().as_secs(),
        );
        let reach = job.reach(job.followers);
        let pace = Pace::new(messages, Rhythm::Rate(self.rate), reach, states.clone());
        let pace = Arc::new(pace);
        let publishing = publishers.publish(&pace);
        let (mut published, ()) =
            tokio::try_join!(publishing, self.watch(job, start, states.clone(), report))?;
        drop(shown);
        self.settle(job, workers).await?;

        let tally = workers.tally().await?;
        let last = streams as u64;
        workers.order(Order::Count(last)).await?;
        let pace = Pace::new(last, Rhythm::Window(last), reach, states).after(messages);
        published.add(job.publishers().await?.publish(&Arc::new(pace)).await?);
        let mut states = workers.states();
        let come = |all: &Progress| all.delivered;
        let due = job.followers as u64;
        workers::wait(&mut states, SILENCE, |all| come(all) >= due, come).await;
        report.latency = Times::of(&tally.delays);
        report.messages = messages + last;
        report.published = Some(published);
        let end = workers.tally().await?;
        if let Some(churned) = &mut report.churned {
            churned.count(&end.progress);
            churned.delivered += tally.progress.delivered;
            churned.complete_followers = Some(end.complete);
        }
        Ok(())
    }

    /// Looks at the server until the time is over.
    async fn watch(
        &self,
        job: &Job,
        start: Instant,
        states: watch::Receiver<Vec<State>>,
        report: &mut Report,
    ) -> Result<()> {
        let mut looks = Looks::new(self.lasting);
        let mut ticks = interval(course::pause(self.lasting));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let churned = report.churned.insert(Churned::new(self));
        while churned.rows.len() < course::PARTS {
            ticks.tick().await;
            let secs = start.elapsed().as_secs_f64();
            let progress = workers::progress(&states.borrow());
            churned.count(&progress);
            let is_over = secs >= self.lasting.as_secs_f64();
            while churned.rows.len() < looks.part(secs) + usize::from(is_over) {
                churned.rows.push(Row {
                    until_secs: looks.end_secs(churned.rows.len()),
                    followers: progress.open,
                    missed: progress.missed,
                    memory_bytes: looks.mean_bytes(churned.rows.len()),
                    open_files: process::open_files(&job.pids),
                });
            }
            if let Some(server) = job.server()?
                && !is_over
            {
                looks.add(Look { secs, bytes: server.memory_bytes });
                churned.course = looks.course();
            }
        }
        Ok(())
    }

    /// Lets all come back and come to rest.
    async fn settle(&self, job: &Job, workers: &mut Workers) -> Result<()> {
        workers.order(Order::Settle).await?;
        let mut states = workers.states();
        let there = |all: &Progress| all.open + all.failed + all.ended;
        let all = |progress: &Progress| there(progress) >= job.followers;
        workers::wait(&mut states, CONNECT_SILENCE, all, |all| there(all) as u64).await;
        rest(&states, job.followers).await;
        Ok(())
    }
}
