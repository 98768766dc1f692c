//! Followers of one board by one transport. They reconnect as standard clients do, and count their events.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rand::RngExt;
use testkit::wait::{WAIT_TIMEOUT, wait_until};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::board_server::{BoardServer, ReceivedUpdate};
use crate::connection::{BoardConnection, BoardTransport};

/// No rule says when a WebSocket connects again. This one waits as flightboard's followers do.
const WEBSOCKET_RETRY_MILLIS: RangeInclusive<u64> = 1_000..=5_000;

/// Fewer at once than a server's accept queue has places.
const MAX_CONNECTING: usize = 50;

/// The followers end when it is dropped.
pub(crate) struct FollowerGroup {
    records: Vec<Arc<Mutex<FollowerRecord>>>,
    tasks: JoinSet<()>,
}

/// The events of one follower.
#[derive(Debug, Clone, Default)]
pub(crate) struct FollowerRecord {
    /// The reason for the first connection that did not open.
    pub(crate) refusal: Option<String>,
    pub(crate) openings: usize,
    /// The time of the last bytes of the first connection.
    pub(crate) heard: Option<Instant>,
    /// The end of the first connection.
    pub(crate) ended: Option<Instant>,
    /// The time of the first event after the last opening.
    pub(crate) returned: Option<Instant>,
    /// The times from the publisher to the follower.
    pub(crate) delays: Vec<Duration>,
    /// The number of the last event.
    last: u64,
    /// Events between the first and the last one that did not come.
    pub(crate) missed: u64,
    pub(crate) repeated: u64,
}

impl FollowerGroup {
    /// Starts one follower, whether it can connect or not.
    pub(crate) fn start(runtime: &Runtime, transport: BoardTransport, address: SocketAddr) -> Self {
        let mut group = Self { records: Vec::new(), tasks: JoinSet::new() };
        group.add(runtime, transport, address);
        group
    }

    /// Connects followers, and waits for them.
    pub(crate) fn connect(
        runtime: &Runtime,
        transport: BoardTransport,
        address: SocketAddr,
        count: usize,
    ) -> Self {
        let mut group = Self::start(runtime, transport, address);
        loop {
            wait_until("the followers are connected", WAIT_TIMEOUT, || {
                group.all(|record| record.openings > 0).then_some(())
            });
            let missing = count - group.len();
            if missing == 0 {
                return group;
            }
            for _ in 0..MAX_CONNECTING.min(missing) {
                group.add(runtime, transport, address);
            }
        }
    }

    fn add(&mut self, runtime: &Runtime, transport: BoardTransport, address: SocketAddr) {
        let record = Arc::<Mutex<FollowerRecord>>::default();
        self.records.push(Arc::clone(&record));
        self.tasks.spawn_on(follow(transport, address, record), runtime.handle());
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    pub(crate) fn records(&self) -> impl Iterator<Item = FollowerRecord> {
        self.records.iter().map(|record| record.lock().clone())
    }

    pub(crate) fn all(&self, is_met: impl Fn(&FollowerRecord) -> bool) -> bool {
        self.records.iter().all(|record| is_met(&record.lock()))
    }

    /// Waits until all followers have the last event.
    pub(crate) fn wait_for_last(&self, board: &BoardServer) {
        wait_until("all followers have the last event", WAIT_TIMEOUT, || {
            self.all(|record| record.last >= board.published()).then_some(())
        });
    }
}

async fn follow(
    transport: BoardTransport,
    address: SocketAddr,
    record: Arc<Mutex<FollowerRecord>>,
) {
    let mut connection = BoardConnection::default();
    loop {
        match connection.open(transport, address).await {
            Ok(()) => {
                record.lock().begin();
                while let Ok(updates) = connection.next_updates().await {
                    let mut record = record.lock();
                    if record.ended.is_none() {
                        record.heard = Some(Instant::now());
                    }
                    updates.into_iter().for_each(|update| record.receive(update));
                }
                record.lock().ended.get_or_insert_with(Instant::now);
            }
            Err(error) => {
                record.lock().refusal.get_or_insert_with(|| format!("{error:#}"));
            }
        }
        let mut retry = connection.disconnect();
        if transport == BoardTransport::AxumWebSocket {
            let millis = rand::rng().random_range(WEBSOCKET_RETRY_MILLIS);
            retry = Some(Duration::from_millis(millis));
        }
        let Some(retry) = retry else { return };
        tokio::time::sleep(retry).await;
    }
}

impl FollowerRecord {
    fn begin(&mut self) {
        self.openings += 1;
        self.returned = None;
    }

    fn receive(&mut self, ReceivedUpdate { number, delay }: ReceivedUpdate) {
        self.returned.get_or_insert_with(Instant::now);
        self.delays.push(delay);
        if number <= self.last {
            self.repeated += 1;
            return;
        }
        if self.last > 0 {
            self.missed += number - self.last - 1;
        }
        self.last = number;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(numbers: &[u64], [missed, repeated]: [u64; 2]) {
        let mut record = FollowerRecord::default();
        for number in numbers {
            record.receive(ReceivedUpdate { number: *number, delay: Duration::ZERO });
        }
        assert_eq!([record.missed, record.repeated], [missed, repeated], "{numbers:?}");
    }

    #[test]
    fn gaps_and_repetitions_are_counted() {
        check(&[], [0, 0]);
        check(&[7, 8, 9], [0, 0]);
        check(&[7, 10], [2, 0]);
        check(&[7, 8, 8, 9], [0, 1]);
        check(&[7, 9, 8], [1, 1]);
    }
}
