//! A follower that reports each event to the tracker. It reconnects as a browser's `EventSource` does, after the
//! time given by `retry:`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use sse::{EventSource, ReadyState};
use testkit::event_id::split_event_id;
use testkit::event_stream::EventStream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::delivery_tracker::DeliveryTracker;

/// The way in which a follower reconnects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowerRole {
    /// Disconnects on command, and reconnects after the time given by `retry:`.
    Reconnecting,
    /// Ignores commands, reconnects at once, and measures the delays of live events.
    Measuring,
}

/// A command to all [`FollowerRole::Reconnecting`] followers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowerCommand {
    /// Stay connected.
    Follow,
    /// Disconnect, and resume from the last event.
    Resume,
    /// Disconnect, and come back without a `Last-Event-ID`.
    StartOver,
}

/// The time from the opening of a stream to the request for the board.
const BOARD_REQUEST_DELAY: Duration = Duration::from_secs(2);

/// The delay of a measuring follower before it reconnects.
const RECONNECT_DELAY: Duration = Duration::from_millis(5);

pub struct CountingFollower {
    pub index: usize,
    pub role: FollowerRole,
    pub address: SocketAddr,
    pub tracker: Arc<DeliveryTracker>,
    pub command: watch::Receiver<FollowerCommand>,
    /// Requests the board on a second connection after each opening.
    pub requests_board: bool,
}

impl CountingFollower {
    /// Follows until its task is aborted or the server refuses a stream.
    pub async fn run(mut self) {
        let mut source = EventSource::new();
        let mut board_requests = JoinSet::new();
        loop {
            let last_event_id = source.last_event_id().to_owned();
            let opened = EventStream::open(self.address, "/events", &last_event_id, None).await;
            if let Ok(stream) = opened {
                let state = source.handle_response(stream.status(), stream.content_type());
                if state != ReadyState::Open {
                    self.tracker.refused.fetch_add(1, Ordering::Relaxed);
                    return;
                }
                if self.requests_board {
                    // Closes the earlier connection.
                    board_requests.abort_all();
                    board_requests.spawn(request_board(self.address));
                }
                self.read(stream, &mut source).await;
                self.tracker.record_disconnect(self.index);
            }
            let Some(retry) = source.handle_disconnect() else { return };
            match self.role {
                FollowerRole::Measuring => tokio::time::sleep(RECONNECT_DELAY).await,
                FollowerRole::Reconnecting => {
                    tokio::time::sleep(retry).await;
                    if *self.command.borrow() == FollowerCommand::StartOver {
                        source = EventSource::new();
                    }
                }
            }
        }
    }

    /// Reads to the end of the stream, or until a command to disconnect.
    async fn read(&mut self, mut stream: EventStream, source: &mut EventSource) {
        let opened = Instant::now();
        let mut is_first = true;
        loop {
            let bytes = tokio::select! {
                bytes = stream.next_bytes() => bytes,
                changed = self.command.changed(), if self.role == FollowerRole::Reconnecting => {
                    if changed.is_err() || *self.command.borrow() != FollowerCommand::Follow {
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
                let is_timetable = decoded.event == "timetable";
                if is_timetable {
                    self.tracker.record_timetable(self.index, seq);
                } else {
                    self.tracker.record_event(self.index, seq);
                }
                if std::mem::take(&mut is_first) {
                    self.tracker.record_opening(self.index, !is_timetable);
                } else if self.role == FollowerRole::Measuring {
                    self.tracker.record_arrival(seq, opened);
                }
            }
        }
    }
}

/// Requests the board on a connection that stays open until the server closes it, as in a browser.
async fn request_board(address: SocketAddr) {
    tokio::time::sleep(BOARD_REQUEST_DELAY).await;
    let Ok(mut socket) = TcpStream::connect(address).await else { return };
    let request = format!("GET /boards/main HTTP/1.1\r\nHost: {address}\r\n\r\n");
    if socket.write_all(request.as_bytes()).await.is_ok() {
        let mut response = [0; 1024];
        while socket.read(&mut response).await.is_ok_and(|count| count > 0) {}
    }
}
