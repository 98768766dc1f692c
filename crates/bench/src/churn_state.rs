//! The churn of one worker: its disconnects and reconnects over time, and the messages that each follower
//! has received.

use std::collections::VecDeque;
use std::time::Instant;

use crate::churn_args::AWAY_TIME;
use crate::sequence::SequenceTracker;
use crate::timestamps::Timestamp;
use crate::worker_protocol::{WorkerPlan, WorkerProgress};

/// Kinds of disconnects and reconnects, used cyclically.
const DEPARTURES: [Departure; 4] = [
    Departure { disconnect: DisconnectKind::Close, resumes: true },
    Departure { disconnect: DisconnectKind::Reset, resumes: false },
    Departure { disconnect: DisconnectKind::Close, resumes: false },
    Departure { disconnect: DisconnectKind::Reset, resumes: true },
];

#[derive(Debug, Clone, Copy)]
pub(crate) struct Departure {
    pub(crate) disconnect: DisconnectKind,
    /// The follower reconnects with its last event's id.
    pub(crate) resumes: bool,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum DisconnectKind {
    /// An orderly close (FIN).
    Close,
    /// A reset (RST).
    Reset,
}

pub(crate) struct ChurnState {
    disconnects_per_sec: f64,
    /// While followers disconnect: the start, and the number of disconnects since then.
    running: Option<(Instant, u64)>,
    /// Followers that are away, each at most once, with the time of the disconnect; in that order.
    away: VecDeque<(Instant, usize)>,
    /// The received messages of each follower.
    sequences: Vec<SequenceTracker>,
}

impl ChurnState {
    /// `None` if the plan has no churn.
    pub(crate) fn new(plan: &WorkerPlan) -> Option<Self> {
        Some(Self {
            disconnects_per_sec: plan.disconnects_per_sec? * plan.followers as f64,
            running: None,
            away: VecDeque::new(),
            sequences: vec![SequenceTracker::default(); plan.followers],
        })
    }

    pub(crate) fn start(&mut self) {
        self.running = Some((Instant::now(), 0));
    }

    pub(crate) fn stop(&mut self) {
        self.running = None;
    }

    /// The number of disconnects that have become due since the last call.
    pub(crate) fn take_due_disconnects(&mut self) -> u64 {
        let Some((start, done)) = &mut self.running else { return 0 };
        let total = (start.elapsed().as_secs_f64() * self.disconnects_per_sec) as u64;
        let due = total - *done;
        *done = total;
        due
    }

    /// A follower that has been away long enough; once the churn has stopped, any that is away.
    pub(crate) fn take_due_reconnect(&mut self) -> Option<usize> {
        let (since, _) = self.away.front()?;
        let is_due = self.running.is_none() || since.elapsed() >= AWAY_TIME;
        let (_, index) = is_due.then(|| self.away.pop_front())??;
        Some(index)
    }

    /// Records that a follower disconnects, and returns how it does, given the number of earlier ones.
    pub(crate) fn disconnect(&mut self, index: usize, earlier: u64) -> Departure {
        let departure = DEPARTURES[earlier as usize % DEPARTURES.len()];
        if !departure.resumes {
            self.sequences[index].reset();
        }
        self.away.push_back((Instant::now(), index));
        departure
    }

    /// Records that a follower's stream is open. Returns whether it had been open before.
    pub(crate) fn record_open(&mut self, index: usize, now_nanos: u64) -> bool {
        self.sequences[index].open(now_nanos)
    }

    /// Counts missed messages and duplicates. Returns whether the follower was connected when the message
    /// was sent.
    pub(crate) fn receive(
        &mut self,
        index: usize,
        timestamp: Timestamp,
        progress: &mut WorkerProgress,
    ) -> bool {
        let sequence = &mut self.sequences[index];
        sequence.receive(timestamp, progress);
        sequence.was_open_at(timestamp)
    }
}
