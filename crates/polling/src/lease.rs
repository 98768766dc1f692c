//! The right to poll, which one of several replicas has.

use std::time::Duration;

use flight::BoardName;
use tokio::time::Instant;

use crate::target::{FeedTarget, TargetError};

/// Bounds of a lease. It is renewed after half of it, and ends by itself when the program dies.
const MIN_LEASE: Duration = Duration::from_secs(10);
const MAX_LEASE: Duration = Duration::from_secs(60);

/// The lease of one feed.
pub(crate) struct FeedLease {
    board: BoardName,
    duration: Duration,
    held_since: Option<Instant>,
}

impl FeedLease {
    pub(crate) fn new(board: BoardName, interval: Duration) -> Self {
        let duration = (interval * 2).clamp(MIN_LEASE, MAX_LEASE);
        Self { board, duration, held_since: None }
    }

    /// The time after which the lease is to be renewed, or to be tried again.
    pub(crate) fn renewal_interval(&self) -> Duration {
        self.duration / 2
    }

    pub(crate) fn is_held(&self) -> bool {
        self.held_since.is_some()
    }

    /// Claims or renews the lease if that is due, and returns whether it is held.
    pub(crate) async fn hold(&mut self, target: &impl FeedTarget) -> Result<bool, TargetError> {
        let is_fresh = |since: Instant| since.elapsed() < self.renewal_interval();
        if self.held_since.is_some_and(is_fresh) {
            return Ok(true);
        }
        // The lease counts from a later time than this, so it does not end before we think it does.
        let now = Instant::now();
        self.held_since = None;
        if target.may_poll(&self.board, self.duration).await? {
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
                () = tokio::time::sleep(self.renewal_interval()) => {
                    // The result is known when the work is done and the lease is needed.
                    let _ = self.hold(target).await;
                }
            }
        }
    }
}
