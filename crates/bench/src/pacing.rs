//! The pace of publishing: at an even rate (open loop), or as soon as enough earlier messages have reached all
//! their followers (closed loop).

use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep_until};

use crate::worker_pool::{self, WorkerState};
use crate::worker_protocol::WorkerProgress;

/// Deliveries are over when none has come for this long.
pub(crate) const DELIVERY_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, Copy)]
pub(crate) enum LoadModel {
    /// Open loop: messages per second.
    Rate(f64),
    /// Closed loop: maximum number of messages that have not reached all their followers.
    Window(u64),
}

/// Hands out message numbers to the publishing connections.
pub(crate) struct PublishPacer {
    /// The number before the first one to hand out.
    offset: u64,
    messages: u64,
    load: LoadModel,
    /// Deliveries of each message.
    followers: u64,
    start: Instant,
    state: Mutex<PacerState>,
}

struct PacerState {
    issued: u64,
    workers: watch::Receiver<Vec<WorkerState>>,
    max_delay: Duration,
}

impl PublishPacer {
    pub(crate) fn new(
        messages: u64,
        load: LoadModel,
        followers: usize,
        workers: watch::Receiver<Vec<WorkerState>>,
    ) -> Self {
        let state = PacerState { issued: 0, workers, max_delay: Duration::ZERO };
        Self {
            offset: 0,
            messages,
            load,
            followers: followers.max(1) as u64,
            start: Instant::now(),
            state: Mutex::new(state),
        }
    }

    /// Hands out the numbers after `offset`.
    pub(crate) fn starting_after(self, offset: u64) -> Self {
        Self { offset, ..self }
    }

    /// Waits until the next message may be published and returns its number. `None` when all have been
    /// handed out, or when no delivery comes any more.
    pub(crate) async fn next(&self) -> Option<u64> {
        let mut state = self.state.lock().await;
        if state.issued == self.messages {
            return None;
        }
        match self.load {
            LoadModel::Rate(per_sec) => {
                let due = self.start + Duration::from_secs_f64(state.issued as f64 / per_sec);
                sleep_until(due).await;
                state.max_delay = state.max_delay.max(due.elapsed());
            }
            LoadModel::Window(window) => {
                let issued = state.issued;
                let has_room = |progress: &WorkerProgress| {
                    issued < progress.delivered / self.followers + window
                };
                let delivered = |progress: &WorkerProgress| progress.delivered;
                worker_pool::wait(&mut state.workers, DELIVERY_TIMEOUT, has_room, delivered).await;
                if !has_room(&worker_pool::total_progress(&state.workers.borrow())) {
                    state.issued = self.messages;
                    return None;
                }
            }
        }
        state.issued += 1;
        Some(self.offset + state.issued)
    }

    /// The longest time by which a message was published after it was due.
    pub(crate) async fn max_delay(&self) -> Duration {
        self.state.lock().await.max_delay
    }
}
