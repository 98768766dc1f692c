//! What a stream is sent by a task of its own, until it ends. Pulled by hyper when the socket can
//! take more: with TLS, HTTP/2, or behind other requests.

use std::collections::VecDeque;
use std::convert::Infallible;

use axum::body::Body;
use bytes::Bytes;
use fanout::{Follower, Frame, PullResult};
use futures_util::stream;
use rand::RngExt;
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Admitted, HEARTBEAT, Seat, heartbeat, retry_after_stop, time_to_end};
use crate::app::App;
use engine::frames;

pub(super) struct Stream {
    app: App,
    follower: Follower,
    /// When its first events are due, until they are.
    turn: Option<Instant>,
    /// Taken from the follower, not yet by the socket: shared frames, one pull of them and a
    /// heartbeat at most.
    taken: VecDeque<Bytes>,
    next_heartbeat: Instant,
    stopping: watch::Receiver<bool>,
    /// When to end, once the server stops.
    ends: Option<Instant>,
    ended: bool,
    _seat: Seat,
}

impl Stream {
    pub(super) fn new(app: &App, admitted: Admitted) -> Box<Self> {
        let Admitted { follower, opening, turn, seat } = admitted;
        let now = Instant::now();
        Box::new(Self {
            app: app.clone(),
            follower,
            turn: Some(turn),
            taken: opening.iter().map(Frame::payload).collect(),
            next_heartbeat: first_heartbeat(now, turn),
            stopping: app.state.engine.health().shutdown_signal(),
            ends: None,
            ended: false,
            _seat: seat,
        })
    }

    pub(super) fn into_body(self: Box<Self>) -> Body {
        Body::from_stream(stream::unfold(self, |mut stream| async move {
            let bytes = stream.next().await?;
            Some((Ok::<_, Infallible>(bytes), stream))
        }))
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(bytes) = self.taken.pop_front() {
                return Some(bytes);
            }
            if self.ended {
                return None;
            }
            let now = Instant::now();
            let ends = self.ends.is_some_and(|ends| ends <= now);
            match self.due(now) {
                PullResult::Frames(frames) => self.taken.extend(frames.iter().map(Frame::payload)),
                PullResult::Closed => return None,
                // Not before: what was acknowledged is shown.
                PullResult::Empty if ends => {
                    self.ended = true;
                    let drain = self.app.state.settings.drain;
                    return Some(frames::retry(retry_after_stop(drain)).payload());
                }
                PullResult::Empty => {}
            }
            if self.next_heartbeat <= now {
                self.next_heartbeat = now + HEARTBEAT;
                self.taken.extend(self.heartbeat());
            }
            if self.taken.is_empty() {
                self.wait().await;
            }
        }
    }

    /// What is due, which is nothing before the stream's turn has come.
    fn due(&mut self, now: Instant) -> PullResult {
        self.turn = self.turn.filter(|turn| *turn > now);
        if self.turn.is_some() { PullResult::Empty } else { self.follower.pull() }
    }

    async fn wait(&mut self) {
        let timers = [Some(self.next_heartbeat), self.turn, self.ends];
        let next_timer = timers.into_iter().flatten().min().unwrap_or(self.next_heartbeat);
        let stopping = tokio::select! {
            () = self.follower.wait(), if self.turn.is_none() => false,
            () = tokio::time::sleep_until(next_timer) => false,
            stopping = self.stopping.wait_for(|stopping| *stopping), if self.ends.is_none() => {
                stopping.is_ok()
            }
        };
        if stopping {
            self.ends = Some(Instant::now() + time_to_end(&self.app.state));
        }
    }

    fn heartbeat(&self) -> Option<Bytes> {
        heartbeat(&self.app.state, self.follower.head()).map(|heartbeat| heartbeat.payload())
    }
}

/// The first heartbeat comes at any moment of the first interval, so that those of all who came at once
/// do not come at once for ever, but not before the first events: what it tells would be a gap.
fn first_heartbeat(now: Instant, turn: Instant) -> Instant {
    let wait = turn.saturating_duration_since(now);
    now + wait + HEARTBEAT.saturating_sub(wait).mul_f64(rand::rng().random())
}
