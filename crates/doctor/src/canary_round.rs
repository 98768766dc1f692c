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

/// Times between two canaries, in turn. They differ, so that a delay of each canary on its own is never taken for a wait
/// for the next one, and are longer than the 200 ms after which HAProxy forwards the last bytes on its own.
const CANARY_INTERVALS: [Duration; 2] = [Duration::from_millis(250), Duration::from_millis(450)];

/// Time to wait for the canaries after the last one was published.
const ARRIVAL_TIMEOUT: Duration = Duration::from_secs(4);

/// A canary that takes longer, beyond the time of several requests, was held back.
const MAX_DELAY: Duration = Duration::from_secs(1);

/// Requests whose time a canary may take in addition: on a slow line or machine everything is slow.
const SLOW_REQUESTS: u32 = 4;

/// Canaries that take longer in the median, beyond the time of the quickest request, were delayed each on its own.
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
}

/// The times of one canary.
#[derive(Debug, Clone, Copy)]
struct CanaryTime {
    sent_at: Instant,
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
        let canaries = published?.into_iter().zip(arrivals);
        let canaries = canaries
            .map(|((sent_at, published_at), arrived_at)| CanaryTime {
                sent_at,
                published_at,
                arrived_at,
            })
            .collect();
        Ok(CanaryTimes { canaries })
    }

    /// Returns when each was sent and published.
    async fn publish(&self) -> Result<Vec<(Instant, Instant)>, String> {
        let mut published = Vec::new();
        for number in 0..CANARIES {
            let remark = json!({ "remark": format!("{}-{number}", self.mark) });
            let sent_at = Instant::now();
            let url = self.board.at("/flights/FB1");
            let request = self.client.json_request(Method::PUT, &url, &remark);
            let response = request.send().await.map_err(|error| describe(&error))?;
            if !response.status().is_success() {
                return Err(response.status().to_string());
            }
            published.push((sent_at, Instant::now()));
            sleep(interval_after(number)).await;
        }
        Ok(published)
    }

    async fn read(&self, stream: &mut ProbedStream) -> Vec<Option<Instant>> {
        let mut arrivals = vec![None; CANARIES];
        let expected = (0..CANARIES).map(interval_after).sum::<Duration>();
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

    /// Returns true if the canaries, but for one at most, arrived with the next one. Some compressors keep the last
    /// bytes of an event, without which a browser does not dispatch it. The last canary says nothing: a heartbeat may
    /// come after it.
    fn wait_for_the_next(&self) -> bool {
        let has_waited = |(canary, next): &(&CanaryTime, &CanaryTime)| {
            let latest = next.published_at + SAME_MOMENT;
            canary.arrived_at.is_some_and(|arrived| (next.sent_at..latest).contains(&arrived))
        };
        let pairs = self.canaries.iter().zip(self.canaries.iter().skip(1));
        let is_lump = self.largest_lump() * 2 > CANARIES;
        !is_lump && pairs.filter(has_waited).count() + 2 >= CANARIES
    }

    fn is_late(&self, canary: &CanaryTime) -> bool {
        let slowest = self.requests().max().unwrap_or_default();
        let limit = MAX_DELAY + slowest * SLOW_REQUESTS;
        canary.delay().is_none_or(|delay| delay > limit)
    }

    /// Returns true if most canaries took a moment more than publishing itself.
    pub(crate) fn are_delayed(&self) -> bool {
        let quickest = self.requests().min().unwrap_or_default();
        self.median().is_some_and(|median| median > NOTED_DELAY + quickest)
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

    /// The times of the publisher's requests.
    fn requests(&self) -> impl Iterator<Item = Duration> {
        self.canaries.iter().map(|canary| canary.published_at - canary.sent_at)
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

/// The time between a canary and the next one.
fn interval_after(number: usize) -> Duration {
    CANARY_INTERVALS[number % CANARY_INTERVALS.len()]
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

    /// Canaries that arrive after these times.
    fn times(delays: [Option<u64>; CANARIES]) -> CanaryTimes {
        let mut next_at = Instant::now();
        let canary = |(number, delay): (usize, Option<u64>)| {
            let sent_at = next_at;
            let published_at = sent_at + Duration::from_millis(2);
            next_at = published_at + interval_after(number);
            let arrived_at = delay.map(|delay| published_at + Duration::from_millis(delay));
            CanaryTime { sent_at, published_at, arrived_at }
        };
        let canaries = delays.into_iter().enumerate().map(canary).collect();
        CanaryTimes { canaries }
    }

    #[test]
    fn canaries_awaiting_successors_are_late() {
        let interval = |number| interval_after(number).as_millis() as u64;
        let mut waiting = std::array::from_fn(|number| Some(interval(number) + 4));
        // A heartbeat may bring the last one.
        assert!(times(waiting).are_late());
        waiting[CANARIES - 1] = None;
        waiting[0] = Some(3);
        assert!(times(waiting).are_late());
        let text = times(waiting).to_string();
        assert!(text.ends_with("454 ms at most, each only with the next one"), "{text}");
        // Each waits for a moment on its own.
        for delay in [200, 350, 453] {
            assert!(!times([Some(delay); CANARIES]).are_late());
        }
        // A lost or late canary proves nothing.
        let mut lost = [Some(3); CANARIES];
        lost[CANARIES - 1] = None;
        assert!(!times(lost).are_late());
    }

    #[test]
    fn lumps_are_recognised() {
        let lump = std::array::from_fn(|number| {
            let before: Duration = (0..number).map(interval_after).sum();
            Some(4_000 - before.as_millis() as u64 - 2 * number as u64)
        });
        let text = times(lump).to_string();
        assert!(text.ends_with("4000 ms at most, 8 of them in one lump"), "{text}");
        assert!(times(lump).are_late());
        assert!(!times([Some(3); 8]).are_late());
        assert!(!times([Some(3), Some(3), Some(3), Some(3), Some(3), None, None, None]).are_late());
        assert!(!times([Some(3); 8]).are_delayed());
        let mut delayed = times([Some(210); 8]);
        assert!(delayed.are_delayed() && !delayed.are_late());
        // Slow requests on a busy machine.
        for canary in &mut delayed.canaries[1..] {
            canary.sent_at -= Duration::from_millis(150);
        }
        assert!(delayed.are_delayed());
        let missing = times([None; 8]);
        assert!(missing.are_late());
        assert_eq!(missing.to_string(), "None of 8 canaries arrived within 4 s");
    }
}
