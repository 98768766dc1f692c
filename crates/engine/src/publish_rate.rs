//! The rate of each publisher with a credential: the generic cell rate algorithm, as in ATM networks. A publisher
//! beyond its rate waits, and is refused once the wait would be long.

use std::collections::HashMap;
use std::time::Duration;

use flight::PublisherName;
use parking_lot::Mutex;
use tokio::time::Instant;

/// The part of the rate that may be used at once: a full board of rows at the default rate.
const BURST: Duration = Duration::from_secs(20);

/// The longest that a publisher waits for its rate.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// Publishers whose times are kept. Beyond it, those within their rate are forgotten.
const MAX_PUBLISHERS: usize = 10_000;

/// The publishers' times.
#[derive(Debug)]
pub(crate) struct PublishRates {
    interval: Duration,
    /// The time at which each publisher has used its rate up, if it is to come.
    used_until: Mutex<HashMap<PublisherName, Instant>>,
}

/// A publisher is beyond its rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RateExceeded {
    pub(crate) retry_after: Duration,
}

impl PublishRates {
    /// Rates of `per_second` updates; 0 sets no limit.
    pub(crate) fn new(per_second: u32) -> Self {
        let interval = Duration::from_secs(1).checked_div(per_second).unwrap_or_default();
        Self { interval, used_until: Mutex::default() }
    }

    /// Waits until the publisher may publish this many updates.
    pub(crate) async fn wait(
        &self,
        publisher: &PublisherName,
        updates: usize,
    ) -> Result<(), RateExceeded> {
        let wait = self.reserve(publisher, updates, Instant::now())?;
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    /// Reserves a part of the rate, and returns the time until it may be used.
    fn reserve(
        &self,
        publisher: &PublisherName,
        updates: usize,
        now: Instant,
    ) -> Result<Duration, RateExceeded> {
        let mut used_until = self.used_until.lock();
        if used_until.len() >= MAX_PUBLISHERS {
            used_until.retain(|_, time| *time > now);
        }
        let start = used_until.get(publisher).map_or(now, |time| (*time).max(now));
        let wait = (start - now).saturating_sub(BURST);
        if wait > MAX_WAIT {
            return Err(RateExceeded { retry_after: wait });
        }
        let updates = u32::try_from(updates).unwrap_or(u32::MAX);
        used_until.insert(publisher.clone(), start + self.interval * updates);
        Ok(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publishers_have_their_own_rates() {
        let rates = PublishRates::new(100);
        let now = Instant::now();
        let publisher = |name| PublisherName::parse(name).unwrap();
        let (big, small) = (publisher("big"), publisher("small"));
        // The burst, then as much as may be waited for.
        assert_eq!(rates.reserve(&big, 2_000, now), Ok(Duration::ZERO));
        assert_eq!(rates.reserve(&big, 500, now), Ok(Duration::ZERO));
        assert_eq!(rates.reserve(&big, 100, now), Ok(Duration::from_secs(5)));
        let retry_after = Duration::from_secs(6);
        assert_eq!(rates.reserve(&big, 1, now), Err(RateExceeded { retry_after }));
        assert_eq!(rates.reserve(&small, 1, now), Ok(Duration::ZERO));
        let later = now + Duration::from_secs(26);
        assert_eq!(rates.reserve(&big, 1, later), Ok(Duration::ZERO));
    }

    #[test]
    fn zero_sets_no_limit() {
        let rates = PublishRates::new(0);
        let publisher = PublisherName::parse("big").unwrap();
        for _ in 0..10 {
            let wait = rates.reserve(&publisher, 1_000_000, Instant::now());
            assert_eq!(wait, Ok(Duration::ZERO));
        }
    }
}
