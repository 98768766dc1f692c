//! The storm: all let go in one moment, miss something, and all come back in one moment.

use std::sync::Arc;

use anyhow::{Result, ensure};

use crate::measure::Job;
use crate::orders::{Order, Progress};
use crate::pace::{Pace, Rhythm, SILENCE};
use crate::progress::Shown;
use crate::report::{Storm, Times};
use crate::workers::{self, Workers};

/// Messages on each stream that are published while all are away. Who gets exactly these, and not rows as they are
/// now, has been resumed.
const MISSED: u64 = 10;

/// Lets `left` followers go and all come back.
pub(crate) async fn measure(job: &Job, workers: &mut Workers, left: usize) -> Result<Storm> {
    workers.order(Order::Leave).await?;
    let mut states = workers.states();
    let messages = MISSED * job.streams.len() as u64;
    let pace = Arc::new(Pace::new(messages, Rhythm::Window(messages), left, states.clone()));
    let published = job.publishers().await?.publish(&pace).await?;
    ensure!(
        published.accepted == messages,
        "of {messages} messages that all should miss, {} were accepted",
        published.accepted
    );
    let due = MISSED * job.followers as u64;
    let shown = Shown::start("coming back", due, states.clone(), |progress| progress.delivered);
    workers.order(Order::Return(messages)).await?;
    let come = |all: &Progress| all.delivered + all.open as u64;
    workers::wait(&mut states, SILENCE, |all| all.delivered >= due, come).await;
    drop(shown);
    let tally = workers.tally().await?;
    Ok(Storm {
        left,
        back: tally.progress.open,
        missed: MISSED,
        resumed: tally.complete,
        slowest_connect_millis: tally.progress.slowest_connect_nanos as f64 / 1e6,
        slow_connects: tally.progress.slow_connects,
        returned: Times::of(&tally.delays),
    })
}
