//! Commands to worker processes and their replies: one JSON value per line.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::latencies::{Latencies, LatencyCounts};

/// A connection that took at least this long was retried: Linux resends a SYN after one second.
const SYN_RETRY_DELAY: Duration = Duration::from_secs(1);

/// The first line to a worker.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct WorkerPlan {
    pub(crate) address: SocketAddr,
    /// Value of the `Host` header.
    pub(crate) host: String,
    /// Paths of the streams, assigned to followers round-robin.
    pub(crate) paths: Vec<String>,
    /// Number of followers in the workers before this one.
    pub(crate) first: usize,
    pub(crate) followers: usize,
    /// One in this many followers measures latency.
    pub(crate) sample_every: usize,
    /// The text that counts as one delivery.
    pub(crate) mark: String,
    /// Followers keep event ids, to resume with them.
    pub(crate) reconnects: bool,
    /// Mean disconnects per second and follower, under churn.
    pub(crate) disconnects_per_sec: Option<f64>,
}

/// Each following line. The worker replies [`WorkerReply::Started`] when it has started to carry it out.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) enum WorkerCommand {
    Connect,
    /// Reset the counters; this many messages follow, sent to the streams round-robin.
    Count(u64),
    /// Report the results.
    Report,
    /// Disconnect all followers at once.
    Disconnect,
    /// Reconnect all followers at once, to receive the part that they missed of this many messages.
    Reconnect(u64),
    /// Start to disconnect and reconnect followers.
    Churn,
    /// Stop that, and reconnect the followers that are away.
    StopChurn,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum WorkerReply {
    Progress(WorkerProgress),
    Results(WorkerResults),
    /// Why a follower failed; only the first failure is reported.
    Failure(String),
    Started,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WorkerProgress {
    /// Open streams.
    pub(crate) open: usize,
    /// Followers that could not connect.
    pub(crate) failed: usize,
    /// Streams that the server ended.
    pub(crate) ended: usize,
    pub(crate) delivered: u64,
    /// Times that any follower received something.
    pub(crate) reads: u64,
    pub(crate) slowest_connect_nanos: u64,
    /// Connections that took a second or more.
    pub(crate) slow_connects: u64,
    /// Disconnects by churn.
    pub(crate) disconnects: u64,
    /// Reconnects after a disconnect by churn.
    pub(crate) reconnects: u64,
    /// Messages that a follower should have received and did not.
    pub(crate) missed: u64,
    /// Messages that a follower received again.
    pub(crate) duplicates: u64,
}

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct WorkerResults {
    pub(crate) progress: WorkerProgress,
    /// Followers that received each message exactly once.
    pub(crate) complete: usize,
    /// Latencies of messages at the followers that measure them or, after a reconnect, the time in which
    /// each follower caught up. One element per worker.
    pub(crate) latencies: Vec<LatencyCounts>,
}

impl WorkerPlan {
    /// The stream of this follower, as an index into the paths.
    pub(crate) fn stream(&self, follower: usize) -> usize {
        (self.first + follower) % self.paths.len()
    }

    /// The number of `messages`, sent to the streams round-robin, that this follower should receive.
    pub(crate) fn expected(&self, follower: usize, messages: u64) -> u64 {
        let streams = self.paths.len() as u64;
        let stream = self.stream(follower) as u64;
        (messages + streams - 1 - stream) / streams
    }
}

impl WorkerProgress {
    /// Followers that have tried to connect.
    pub(crate) fn attempted(&self) -> usize {
        self.open + self.failed + self.ended
    }

    pub(crate) fn record_connect(&mut self, elapsed: Duration) {
        let nanos = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
        self.slowest_connect_nanos = self.slowest_connect_nanos.max(nanos);
        self.slow_connects += u64::from(elapsed >= SYN_RETRY_DELAY);
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.open += other.open;
        self.failed += other.failed;
        self.ended += other.ended;
        self.delivered += other.delivered;
        self.reads += other.reads;
        self.slowest_connect_nanos = self.slowest_connect_nanos.max(other.slowest_connect_nanos);
        self.slow_connects += other.slow_connects;
        self.disconnects += other.disconnects;
        self.reconnects += other.reconnects;
        self.missed += other.missed;
        self.duplicates += other.duplicates;
    }
}

impl WorkerResults {
    pub(crate) fn add(&mut self, other: &Self) {
        self.progress.add(&other.progress);
        self.complete += other.complete;
        self.latencies.extend_from_slice(&other.latencies);
    }

    /// The merged latencies of all workers.
    pub(crate) fn latencies(&self) -> Result<Latencies> {
        let mut merged = Latencies::new();
        for counts in &self.latencies {
            merged.merge(counts)?;
        }
        Ok(merged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_rotate_among_streams() {
        let plan = |first| WorkerPlan {
            address: "127.0.0.1:1".parse().unwrap(),
            host: String::new(),
            paths: ["/a", "/b", "/c"].map(str::to_owned).to_vec(),
            first,
            followers: 3,
            sample_every: 1,
            mark: String::new(),
            reconnects: false,
            disconnects_per_sec: None,
        };
        for first in [0, 3] {
            let expected =
                |messages| [0, 1, 2].map(|follower| plan(first).expected(follower, messages));
            assert_eq!(
                [expected(0), expected(1), expected(5), expected(6)],
                [[0; 3], [1, 0, 0], [2, 2, 1], [2; 3]]
            );
        }
        assert_eq!([0, 1, 2].map(|follower| plan(2).stream(follower)), [2, 0, 1]);
    }
}
