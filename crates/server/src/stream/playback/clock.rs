//! The time that a playback plays.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// Runs from a time of the past on, `speed` times as fast as the real time.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlaybackClock {
    start: Instant,
    from: Timestamp,
    speed: u32,
}

impl PlaybackClock {
    /// Starts at `from`, at the real time `start`.
    pub(super) fn start(start: Instant, from: Timestamp, speed: u32) -> Self {
        Self { start, from, speed }
    }

    pub(super) fn speed(&self) -> u32 {
        self.speed
    }

    /// The played time at a real time.
    pub(super) fn time_at(&self, instant: Instant) -> Timestamp {
        let played = instant.saturating_duration_since(self.start).saturating_mul(self.speed);
        let played = SignedDuration::try_from(played).unwrap_or(SignedDuration::MAX);
        self.from.saturating_add(played).unwrap_or(Timestamp::MAX)
    }

    /// The real time at which a time is played.
    pub(super) fn instant_of(&self, time: Timestamp) -> Instant {
        let ahead = Duration::try_from(time.duration_since(self.from)).unwrap_or_default();
        let wait = ahead / self.speed;
        // Rounded up, so that the time is played then.
        let wait = if wait * self.speed < ahead { wait + Duration::from_nanos(1) } else { wait };
        self.start + wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn played_times_come_at_their_instants() {
        let start = Instant::now();
        let from: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        for speed in [1, 7, 60, 3_600] {
            let clock = PlaybackClock::start(start, from, speed);
            assert_eq!(clock.time_at(start), from);
            for millis in [0, 1, 999, 3_600_001, 86_400_000] {
                let time = from + SignedDuration::from_millis(millis);
                let late = clock.time_at(clock.instant_of(time)).duration_since(time);
                let late = late.as_nanos();
                assert!((0..i128::from(speed)).contains(&late), "{speed} {millis} {late}");
            }
            assert_eq!(clock.instant_of(from - SignedDuration::from_hours(1)), start);
        }
    }
}
