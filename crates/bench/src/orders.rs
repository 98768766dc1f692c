//! What the command tells its processes of followers, and what they answer: one JSON value a line.

use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::delays::Delays;

/// What a connection takes that had to be asked for again: the system waits for so long before it does.
const ASKED_AGAIN: Duration = Duration::from_secs(1);

/// What a process is told first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(crate) address: SocketAddr,
    /// For the header `Host`.
    pub(crate) host: String,
    /// Of the streams that followers have in turn.
    pub(crate) paths: Vec<String>,
    /// How many followers come before those of this process.
    pub(crate) first: usize,
    pub(crate) followers: usize,
    /// One of so many followers takes the delays of what it gets.
    pub(crate) sample_every: usize,
    /// What counts as one delivery.
    pub(crate) mark: String,
    /// Whether the followers are to come back.
    pub(crate) returns: bool,
    /// How often each goes in a second, on the average, if they are to come and go.
    pub(crate) going_per_sec: Option<f64>,
}

/// What a process is told then. Each is answered with [`Said::Done`] when it is begun.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Order {
    Connect,
    /// Forget what was counted: so many messages come now, to the streams in turn.
    Count(u64),
    /// Tell all that was counted.
    Tally,
    /// All let go at once.
    Leave,
    /// All come back, to get what they missed of so many messages.
    Return(u64),
    /// From now on they come and go.
    Churn,
    /// Nobody goes any more, and those who are away come back.
    Settle,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Said {
    Progress(Progress),
    Tally(Tally),
    /// A follower failed, and why; only of the first.
    Trouble(String),
    Done,
}

/// How it stands.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// Followers whose stream is open.
    pub(crate) open: usize,
    /// Followers that could not be connected.
    pub(crate) failed: usize,
    /// Followers whose stream was ended by the server.
    pub(crate) ended: usize,
    pub(crate) delivered: u64,
    /// How often anything came to any of them.
    pub(crate) heard: u64,
    /// How long the slowest connection took to be there …
    pub(crate) slowest_connect_nanos: u64,
    /// … and how many took a second or more.
    pub(crate) slow_connects: u64,
    /// How often one went, of those that come and go …
    pub(crate) went: u64,
    /// … how often one was there again …
    pub(crate) came_back: u64,
    /// … how many messages one did not get that it should have …
    pub(crate) missed: u64,
    /// … and how many one got that it had.
    pub(crate) again: u64,
}

/// What came of it.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub(crate) progress: Progress,
    /// Followers that got exactly what they should.
    pub(crate) complete: usize,
    /// How long messages took to those that measure, or, after a return, how long each follower took
    /// to have what it missed.
    pub(crate) delays: Delays,
}

impl Plan {
    /// On which of the streams a follower of this process is.
    pub(crate) fn stream(&self, at: usize) -> usize {
        (self.first + at) % self.paths.len()
    }

    /// How many of so many messages, which take turns, are for one of its followers.
    pub(crate) fn due(&self, at: usize, messages: u64) -> u64 {
        let (streams, stream) = (self.paths.len() as u64, self.stream(at) as u64);
        (messages + streams - 1 - stream) / streams
    }
}

impl Progress {
    pub(crate) fn connected(&mut self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.slowest_connect_nanos = self.slowest_connect_nanos.max(nanos);
        self.slow_connects += u64::from(took >= ASKED_AGAIN);
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.open += other.open;
        self.failed += other.failed;
        self.ended += other.ended;
        self.delivered += other.delivered;
        self.heard += other.heard;
        self.slowest_connect_nanos = self.slowest_connect_nanos.max(other.slowest_connect_nanos);
        self.slow_connects += other.slow_connects;
        self.went += other.went;
        self.came_back += other.came_back;
        self.missed += other.missed;
        self.again += other.again;
    }
}

impl Tally {
    pub(crate) fn add(&mut self, other: &Self) {
        self.progress.add(&other.progress);
        self.complete += other.complete;
        self.delays.add_all(&other.delays);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_that_take_turns_are_shared_out_to_all_streams() {
        let plan = |first| Plan {
            address: "127.0.0.1:1".parse().unwrap(),
            host: String::new(),
            paths: ["/a", "/b", "/c"].map(str::to_owned).to_vec(),
            first,
            followers: 3,
            sample_every: 1,
            mark: String::new(),
            returns: false,
            going_per_sec: None,
        };
        for first in [0, 3] {
            let due = |messages| [0, 1, 2].map(|at| plan(first).due(at, messages));
            assert_eq!([due(0), due(1), due(5), due(6)], [[0; 3], [1, 0, 0], [2, 2, 1], [2; 3]]);
        }
        assert_eq!([0, 1, 2].map(|at| plan(2).stream(at)), [2, 0, 1]);
    }
}
