//! The clock by which a feed reads answers.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// A feed's clock: the machine's, or one that was started at a given time and runs on from there.
#[derive(Debug, Clone, Copy)]
pub(crate) enum FeedClock {
    Machine,
    Started { at: Timestamp, since: Instant },
}

impl FeedClock {
    pub(crate) fn new(start: Option<Timestamp>) -> Self {
        start.map_or(Self::Machine, |at| Self::Started { at, since: Instant::now() })
    }

    pub(crate) fn now(&self) -> Timestamp {
        match self {
            Self::Machine => Timestamp::now(),
            Self::Started { at, since } => add(*at, since.elapsed()),
        }
    }
}

/// `time` plus `duration`, at most the last time there is.
pub(crate) fn add(time: Timestamp, duration: Duration) -> Timestamp {
    let duration = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
    time.saturating_add(duration).unwrap_or(Timestamp::MAX)
}

/// The time from `now` until `time`, zero if it has passed.
pub(crate) fn until(time: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(time.duration_since(now)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn started_clock_runs_on() {
        let start: Timestamp = "2023-07-10T05:00:00Z".parse().unwrap();
        let clock = FeedClock::new(Some(start));
        assert_eq!(clock.now(), start);
        tokio::time::advance(Duration::from_secs(90)).await;
        assert_eq!(clock.now(), "2023-07-10T05:01:30Z".parse().unwrap());
    }
}
