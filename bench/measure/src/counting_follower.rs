//! A follower that counts. It comes back as a browser does, after the time that `retry:` says.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use sse::{EventSource, ReadyState};
use tokio::sync::watch;

use super::delivery_tracker::DeliveryTracker;
use testkit::event_id::split_event_id;
use testkit::event_stream::EventStream;

/// What a follower is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowerRole {
    /// It lets go when it is told to, and comes back after the time that it was told.
    Follows,
    /// It holds on to its stream, is back at once when the server was away, and measures how long
    /// live events take.
    Stays,
}

/// What those that follow are told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowerCommand {
    Follow,
    /// Let go, and come back with the last event's id.
    Drop,
    /// Let go, and come back as if for the first time.
    Forget,
}

/// How soon one that stays tries again.
const AT_ONCE: Duration = Duration::from_millis(5);

pub struct CountingFollower {
    pub at: usize,
    pub part: FollowerRole,
    pub address: SocketAddr,
    pub tracker: Arc<DeliveryTracker>,
    pub order: watch::Receiver<FollowerCommand>,
}

impl CountingFollower {
    /// Follows for ever.
    pub async fn run(mut self) {
        let mut source = EventSource::new();
        loop {
            let id = source.last_event_id().to_owned();
            if let Ok(stream) = EventStream::open(self.address, "/events", &id, None).await {
                let state = source.answered(stream.status(), stream.content_type());
                if state != ReadyState::Open {
                    self.tracker.refused.fetch_add(1, Ordering::Relaxed);
                    return;
                }
                self.read(stream, &mut source).await;
                self.tracker.left(self.at);
            }
            let Some(wait) = source.lost() else { return };
            match self.part {
                FollowerRole::Stays => tokio::time::sleep(AT_ONCE).await,
                FollowerRole::Follows => tokio::time::sleep(wait).await,
            }
            if *self.order.borrow() == FollowerCommand::Forget && self.part == FollowerRole::Follows
            {
                source = EventSource::new();
            }
        }
    }

    /// Reads to the end of the stream, or until it is told to let go.
    async fn read(&mut self, mut stream: EventStream, source: &mut EventSource) {
        let open = Instant::now();
        let mut first = true;
        loop {
            let bytes = tokio::select! {
                bytes = stream.next_bytes() => bytes,
                told = self.order.changed(), if self.part == FollowerRole::Follows => {
                    if told.is_err() || *self.order.borrow() != FollowerCommand::Follow {
                        return;
                    }
                    continue;
                }
            };
            let Ok(Some(bytes)) = bytes else { return };
            for decoded in source.feed(&bytes) {
                let Ok(decoded) = decoded else { return };
                if decoded.event == "heartbeat" {
                    continue;
                }
                let seq = split_event_id(&decoded.last_event_id).map_or(0, |(_, seq)| seq);
                let whole = decoded.event == "timetable";
                self.tracker.saw(self.at, seq, whole);
                if std::mem::take(&mut first) {
                    self.tracker.opened(self.at, !whole);
                } else if self.part == FollowerRole::Stays {
                    self.tracker.came(seq, open);
                }
            }
        }
    }
}
