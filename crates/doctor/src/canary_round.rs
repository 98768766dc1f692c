//! Times of the canaries: updates with a mark, by which each is recognised on the stream.

use std::fmt;
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::probe_client::{ProbeClient, describe};
use crate::probed_stream::{ProbedStream, StreamStep};
use flightboard_client::BoardUrl;

const CANARIES: usize = 8;

/// Time between two canaries.
const CANARY_INTERVAL: Duration = Duration::from_millis(250);

/// Time to wait for the canaries after the last one was published.
const ARRIVAL_TIMEOUT: Duration = Duration::from_secs(4);

/// A canary that takes longer, beyond the time of several requests, was held back.
const MAX_DELAY: Duration = Duration::from_secs(1);

/// Requests whose time a canary may take in addition: on a slow line or machine everything is slow.
const SLOW_REQUESTS: u32 = 4;

/// Canaries that take longer in the median, beyond the time of a request, were delayed each on its own.
const NOTED_DELAY: Duration = Duration::from_millis(100);

/// Canaries that arrive within this time of each other arrived together.
const SAME_MOMENT: Duration = Duration::from_millis(50);

/// Canaries to publish on a board, while its stream is read.
pub(crate) struct CanaryRound<'a> {
    client: &'a ProbeClient,
    board: &'a BoardUrl,
    /// In all remarks of this round, and in no other's.
    mark: String,
}

/// The times of one round.
#[derive(Debug, Default)]
pub(crate) struct CanaryTimes {
    canaries: Vec<CanaryTime>,
    slowest_request: Duration,
}

/// The times of one canary.
#[derive(Debug, Clone, Copy)]
struct CanaryTime {
    published_at: Instant,
    arrived_at: Option<Instant>,
}

impl<'a> CanaryRound<'a> {
    pub(crate) fn new(client: &'a ProbeClient, board: &'a BoardUrl) -> Self {
        Self { client, board, mark: format!("canary-{:08x}", rand::random::<u32>()) }
    }

    /// Publishes the canaries, and reads the stream until all have arrived or are late.
    pub(crate) async fn run(&self, stream: &mut ProbedStream) -> Result<CanaryTimes, String> {
        let (published, arrivals) = tokio::join!(self.publish(), self.read(stream));
        let (published, slowest_request) = published?;
        let canaries = published.into_iter().zip(arrivals);
        let canaries = canaries
            .map(|(published_at, arrived_at)| CanaryTime { published_at, arrived_at })
            .collect();
        Ok(CanaryTimes { canaries, slowest_request })
    }

    async fn publish(&self) -> Result<(Vec<Instant>, Duration), String> {
        let mut published = Vec::new();
        let mut slowest = Duration::ZERO;
        for number in 0..CANARIES {
            let remark = json!({ "remark": format!("{}-{number}", self.mark) });
            let sent_at = Instant::now();
            let url = self.board.at("/flights/FB1");
            let request = self.client.json_request(Method::PUT, &url, &remark);
            let response = request.send().await.map_err(|error| describe(&error))?;
            if !response.status().is_success() {
                return Err(response.status().to_string());
            }
            published.push(Instant::now());
            slowest = slowest.max(sent_at.elapsed());
            sleep(CANARY_INTERVAL).await;
        }
        Ok((published, slowest))
    }

    async fn read(&self, stream: &mut ProbedStream) -> Vec<Option<Instant>> {
        let mut arrivals = vec![None; CANARIES];
        let expected = CANARY_INTERVAL * CANARIES as u32;
        let deadline = Instant::now() + expected + ARRIVAL_TIMEOUT;
        while arrivals.contains(&None) {
            let StreamStep::Event(arrived) = stream.next(deadline).await else { break };
            for (number, arrival) in arrivals.iter_mut().enumerate() {
                let remark = format!("\"{}-{number}\"", self.mark);
                if arrived.event.data.contains(&remark) {
                    *arrival = Some(arrived.at);
                }
            }
        }
        arrivals
    }
}

impl CanaryTimes {
    /// Returns true if most canaries were late or did not arrive, or waited for the next one.
    pub(crate) fn are_late(&self) -> bool {
        let is_late = |canary: &&CanaryTime| self.is_late(canary);
        self.canaries.iter().filter(is_late).count() * 2 >= CANARIES || self.wait_for_the_next()
    }

    /// Returns true if each canary arrived with the next one, and the last one late or never. Some compressors keep
    /// the last bytes of an event, without which a browser does not dispatch it.
    fn wait_for_the_next(&self) -> bool {
        let is_last_late = self.canaries.last().is_some_and(|last| self.is_late(last));
        let has_waited = |median| median + SAME_MOMENT > CANARY_INTERVAL;
        let is_lump = self.largest_lump() * 2 > CANARIES;
        is_last_late && !is_lump && self.median().is_some_and(has_waited)
    }

    fn is_late(&self, canary: &CanaryTime) -> bool {
        let limit = MAX_DELAY + self.slowest_request * SLOW_REQUESTS;
        canary.delay().is_none_or(|delay| delay > limit)
    }

    /// Returns true if most canaries took a moment more than publishing itself.
    pub(crate) fn are_delayed(&self) -> bool {
        self.median().is_some_and(|median| median > NOTED_DELAY + self.slowest_request)
    }

    fn median(&self) -> Option<Duration> {
        let delays = self.delays();
        delays.get(delays.len() / 2).copied()
    }

    /// The delays of those that arrived, the shortest first.
    fn delays(&self) -> Vec<Duration> {
        let mut delays: Vec<_> = self.canaries.iter().filter_map(CanaryTime::delay).collect();
        delays.sort_unstable();
        delays
    }

    /// The most canaries that arrived at the same moment.
    fn largest_lump(&self) -> usize {
        let arrivals: Vec<_> = self.canaries.iter().filter_map(|one| one.arrived_at).collect();
        let together = |start: &Instant| {
            let is_close = |other: &&Instant| **other >= *start && **other - *start < SAME_MOMENT;
            arrivals.iter().filter(is_close).count()
        };
        arrivals.iter().map(together).max().unwrap_or_default()
    }
}

impl CanaryTime {
    /// From the publisher's response to the event, which may also come first.
    fn delay(&self) -> Option<Duration> {
        self.arrived_at.map(|arrived| arrived.saturating_duration_since(self.published_at))
    }
}

impl fmt::Display for CanaryTimes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let published = self.canaries.len();
        let delays = self.delays();
        let Some((median, slowest)) = self.median().zip(delays.last()) else {
            let secs = ARRIVAL_TIMEOUT.as_secs();
            return write!(f, "None of {published} canaries arrived within {secs} s");
        };
        let (arrived, median, slowest) = (delays.len(), median.as_millis(), slowest.as_millis());
        write!(
            f,
            "{arrived} of {published} canaries arrived, after {median} ms in the median and {slowest} ms at most"
        )?;
        match self.largest_lump() {
            _ if self.wait_for_the_next() => f.write_str(", each only with the next one"),
            lump if self.are_late() && lump > 1 => write!(f, ", {lump} of them in one lump"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Canaries that are published 250 ms apart and arrive after these times.
    fn times(delays: [Option<u64>; CANARIES]) -> CanaryTimes {
        let start = Instant::now();
        let canary = |(number, delay): (usize, Option<u64>)| {
            let published_at = start + CANARY_INTERVAL * number as u32;
            let arrived_at = delay.map(|delay| published_at + Duration::from_millis(delay));
            CanaryTime { published_at, arrived_at }
        };
        let canaries = delays.into_iter().enumerate().map(canary).collect();
        CanaryTimes { canaries, slowest_request: Duration::from_millis(10) }
    }

    #[test]
    fn canaries_awaiting_successors_are_late() {
        let mut waiting = [Some(253); CANARIES];
        assert!(!times(waiting).are_late());
        waiting[CANARIES - 1] = None;
        assert!(times(waiting).are_late());
        let text = times(waiting).to_string();
        assert!(text.ends_with("253 ms at most, each only with the next one"), "{text}");
        // A lost or late canary proves nothing.
        let mut lost = [Some(3); CANARIES];
        lost[CANARIES - 1] = None;
        assert!(!times(lost).are_late());
    }

    #[test]
    fn lumps_are_recognised() {
        let lump = std::array::from_fn(|number| Some(4_000 - 250 * number as u64));
        let text = times(lump).to_string();
        assert!(text.ends_with("4000 ms at most, 8 of them in one lump"), "{text}");
        assert!(times(lump).are_late());
        assert!(!times([Some(3); 8]).are_late());
        assert!(!times([Some(3), Some(3), Some(3), Some(3), Some(3), None, None, None]).are_late());
        assert!(!times([Some(3); 8]).are_delayed());
        assert!(times([Some(210); 8]).are_delayed() && !times([Some(210); 8]).are_late());
        let missing = times([None; 8]);
        assert!(missing.are_late());
        assert_eq!(missing.to_string(), "None of 8 canaries arrived within 4 s");
    }
}
