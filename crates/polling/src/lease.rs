//! The right to poll, which one of several replicas has.

use std::time::Duration;

use flight::BoardName;
use tokio::time::Instant;

use crate::target::{FeedTarget, TargetError};

/// Length of a lease. It ends by itself when the program dies.
const LEASE: Duration = Duration::from_secs(12);

/// Interval at which its holder renews it.
pub(crate) const RENEWAL_INTERVAL: Duration = Duration::from_secs(4);

/// Interval at which others see whether it has ended.
pub(crate) const CLAIM_INTERVAL: Duration = Duration::from_secs(2);

/// The lease of one feed.
pub(crate) struct FeedLease {
    board: BoardName,
    held_since: Option<Instant>,
}

impl FeedLease {
    pub(crate) fn new(board: BoardName) -> Self {
        Self { board, held_since: None }
    }

    pub(crate) fn is_held(&self) -> bool {
        self.held_since.is_some()
    }

    /// Claims or renews the lease if that is due, and returns whether it is held.
    pub(crate) async fn hold(&mut self, target: &impl FeedTarget) -> Result<bool, TargetError> {
        let is_fresh = |since: Instant| since.elapsed() < RENEWAL_INTERVAL;
        if self.held_since.is_some_and(is_fresh) {
            return Ok(true);
        }
        // The lease counts from a later time than this, so it does not end before we think it does.
        let now = Instant::now();
        self.held_since = None;
        if target.may_poll(&self.board, LEASE).await? {
            self.held_since = Some(now);
        }
        Ok(self.held_since.is_some())
    }

    /// Renews the lease for as long as `work` takes.
    pub(crate) async fn hold_during<T>(
        &mut self,
        target: &impl FeedTarget,
        work: impl Future<Output = T>,
    ) -> T {
        tokio::pin!(work);
        loop {
            tokio::select! {
                result = &mut work => return result,
                () = tokio::time::sleep(RENEWAL_INTERVAL) => {
                    // The result is known when the work is done and the lease is needed.
                    let _ = self.hold(target).await;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use flight::{BoardSettings, Change};

    use super::*;
    use crate::target::{BoardContents, PublishReport};

    /// Grants a lease as often as the test allows, and keeps the times.
    #[derive(Default)]
    struct LeaseTarget {
        grants: Mutex<Vec<bool>>,
        claims: Mutex<Vec<Instant>>,
    }

    impl FeedTarget for LeaseTarget {
        async fn open_board(&self, _: &BoardSettings) -> Result<(), TargetError> {
            Ok(())
        }

        async fn read_board(&self, _: &BoardName) -> Result<Option<BoardContents>, TargetError> {
            Ok(None)
        }

        async fn publish(
            &self,
            _: &BoardName,
            _: Vec<Change>,
        ) -> Result<PublishReport, TargetError> {
            Ok(PublishReport::default())
        }

        async fn may_poll(&self, _: &BoardName, _: Duration) -> Result<bool, TargetError> {
            self.claims.lock().unwrap().push(Instant::now());
            Ok(self.grants.lock().unwrap().pop().unwrap_or(true))
        }
    }

    fn lease() -> FeedLease {
        FeedLease::new(BoardName::parse("osl").unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn lease_outlasts_a_slow_answer() {
        let target = LeaseTarget::default();
        let mut lease = lease();
        assert!(lease.hold(&target).await.unwrap());
        lease.hold_during(&target, tokio::time::sleep(Duration::from_secs(150))).await;
        assert!(lease.hold(&target).await.unwrap());
        let claims = target.claims.lock().unwrap();
        let gaps = claims.windows(2).map(|pair| pair[1] - pair[0]);
        assert!(claims.len() >= 5 && gaps.max().unwrap() < LEASE / 2, "{claims:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn lease_is_renewed_in_time() {
        let target = LeaseTarget::default();
        let mut lease = lease();
        for _ in 0..20 {
            assert!(lease.hold(&target).await.unwrap());
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(target.claims.lock().unwrap().len(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn lost_lease_is_noticed() {
        let target = LeaseTarget::default();
        target.grants.lock().unwrap().extend([false, true]);
        let mut lease = lease();
        assert!(lease.hold(&target).await.unwrap());
        tokio::time::advance(LEASE).await;
        assert!(!lease.hold(&target).await.unwrap());
        assert!(!lease.is_held());
    }
}
