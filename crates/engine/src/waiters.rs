//! The requests that wait for the applier: publishers for an outcome, others for a position.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use journal::Seq;
use parking_lot::Mutex;
use tokio::sync::{oneshot, watch};

use crate::boards::PublishOutcome;

pub(crate) struct Waiters {
    /// Publishers by request id; `None` once the applier has stopped. Bounded by the open requests,
    /// each of which has at most [`crate::MAX_PUBLISHED_AT_ONCE`].
    publishers: Mutex<Option<HashMap<u64, oneshot::Sender<PublishOutcome>>>>,
    /// The last applied position; `None` once the applier has stopped.
    applied: watch::Sender<Option<Seq>>,
}

/// The applier has stopped, so the wait cannot end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ApplierStopped;

impl Waiters {
    pub(crate) fn new(applied: Seq) -> Arc<Self> {
        let publishers = Mutex::new(Some(HashMap::new()));
        Arc::new(Self { publishers, applied: watch::Sender::new(Some(applied)) })
    }

    /// Registers `count` requests and returns their ids and the receivers of their outcomes.
    pub(crate) fn register(
        &self,
        count: usize,
    ) -> (RequestIds<'_>, Vec<oneshot::Receiver<PublishOutcome>>) {
        let count = count as u64;
        let ids = RequestIds { waiters: self, first: next_request_id(count), count };
        let mut publishers = self.publishers.lock();
        let mut receivers = Vec::new();
        for id in ids.iter() {
            let (sender, receiver) = oneshot::channel();
            // Without the map the sender is dropped here, and the receiver fails at once.
            if let Some(publishers) = publishers.as_mut() {
                publishers.insert(id, sender);
            }
            receivers.push(receiver);
        }
        drop(publishers);
        (ids, receivers)
    }

    /// Waits until the record at `seq` has been applied.
    pub(crate) async fn wait_applied(&self, seq: Seq) -> Result<(), ApplierStopped> {
        let mut applied = self.applied.subscribe();
        let reached =
            applied.wait_for(|applied| applied.is_none_or(|applied| applied >= seq)).await;
        reached.ok().and_then(|applied| *applied).map(drop).ok_or(ApplierStopped)
    }

    /// Wakes the publishers with these request ids and all waits for a position up to `applied`. Request ids of other replicas or earlier runs have no waiter here.
    pub(crate) fn resolve(&self, outcomes: Vec<(u64, PublishOutcome)>, applied: Seq) {
        self.applied.send_replace(Some(applied));
        let mut publishers = self.publishers.lock();
        let Some(publishers) = publishers.as_mut() else { return };
        for (id, outcome) in outcomes {
            if let Some(publisher) = publishers.remove(&id) {
                // The publisher may have disconnected meanwhile.
                let _ = publisher.send(outcome);
            }
        }
    }

    /// Fails all present and future waits: the applier has stopped.
    pub(crate) fn close(&self) {
        *self.publishers.lock() = None;
        self.applied.send_replace(None);
    }
}

/// Consecutive request ids, unregistered when dropped.
pub(crate) struct RequestIds<'a> {
    waiters: &'a Waiters,
    first: u64,
    count: u64,
}

impl RequestIds<'_> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = u64> + use<> {
        let first = self.first;
        (0..self.count).map(move |offset| first.wrapping_add(offset))
    }
}

impl Drop for RequestIds<'_> {
    fn drop(&mut self) {
        if let Some(publishers) = self.waiters.publishers.lock().as_mut() {
            for id in self.iter() {
                publishers.remove(&id);
            }
        }
    }
}

/// Ids start at a random number, so that those of an earlier run or another replica do not collide
/// with ours.
pub(crate) fn next_request_id(count: u64) -> u64 {
    static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(rand::random()));
    NEXT.fetch_add(count, Ordering::Relaxed)
}
