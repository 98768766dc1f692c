//! A stream as the body of a response, for HTTP/2 and for all other connections that hyper serves.
//! Hyper pulls from it when the socket can take more.

use std::collections::VecDeque;
use std::convert::Infallible;

use axum::body::Body;
use bytes::Bytes;
use fanout::{Follower, Frame, PullResult};
use futures_util::stream::{self, Stream, StreamExt};
use rand::RngExt;
use tokio::sync::watch;
use tokio::time::Instant;

use super::admission::{AdmittedStream, Handoff, StreamPermit};
use super::heartbeat::{HEARTBEAT_INTERVAL, heartbeat};
use super::peer_socket::{PeerSocket, PeerState};
use super::playback::Playback;
use super::playback::admission::AdmittedPlayback;
use super::reconnect;
use crate::app::App;

/// Returns a body that takes the stream from `handoff` when it is first read. Its length is unknown,
/// so the response has no `Content-Length`.
pub(super) fn body(app: App, handoff: Handoff, peer: Option<PeerSocket>) -> Body {
    let stream = stream::once(async move { handoff.take() }).filter_map(std::future::ready);
    Body::from_stream(stream.flat_map(move |stream| {
        let AdmittedStream { follower, preamble, start_at, permit } = *stream;
        let source = StreamSource::Live(follower);
        let stream = TaskStream::new(&app, source, &preamble, start_at, permit, peer.clone());
        stream.into_chunks().map(Ok::<_, Infallible>)
    }))
}

/// Returns the body of a stream that plays the past.
pub(super) fn playback_body(
    app: &App,
    playback: AdmittedPlayback,
    peer: Option<PeerSocket>,
) -> Body {
    let AdmittedPlayback { playback, preamble, permit } = playback;
    let source = StreamSource::Past(Box::new(playback));
    let stream = TaskStream::new(app, source, &preamble, Instant::now(), permit, peer);
    Body::from_stream(stream.into_chunks().map(Ok::<_, Infallible>))
}

/// The events of a stream.
enum StreamSource {
    Live(Follower),
    Past(Box<Playback>),
}

impl StreamSource {
    fn pull(&mut self) -> PullResult {
        match self {
            Self::Live(follower) => follower.pull(),
            Self::Past(playback) => playback.pull(),
        }
    }

    async fn wait(&mut self) {
        match self {
            Self::Live(follower) => follower.wait().await,
            Self::Past(playback) => playback.wait().await,
        }
    }

    /// True if it goes on after the last event of an earlier stream.
    fn is_resumed(&self) -> bool {
        match self {
            Self::Live(follower) => follower.position().is_some(),
            Self::Past(playback) => playback.is_resumed(),
        }
    }

    /// Returns a heartbeat, which names the last event taken.
    fn heartbeat(&self, app: &App) -> Option<Frame> {
        match self {
            Self::Live(follower) => heartbeat(&app.state, follower.channel(), follower.position()?),
            Self::Past(playback) => playback.heartbeat(),
        }
    }
}

struct TaskStream {
    app: App,
    source: StreamSource,
    /// The time at which the first events are due; `None` from then on.
    start_at: Option<Instant>,
    /// Bytes that hyper has not taken yet: the shared frames of one pull and a heartbeat at most.
    queue: VecDeque<Bytes>,
    next_heartbeat: Instant,
    /// It has resumed and has not been sent the heartbeat after the events that it missed.
    owes_heartbeat: bool,
    shutdown: watch::Receiver<bool>,
    /// The time at which to close, once the server shuts down.
    close_at: Option<Instant>,
    /// True once the last bytes are in the queue.
    is_closing: bool,
    /// `None` in HTTP/2, where hyper notices the peer's end.
    peer: Option<PeerSocket>,
    peer_state: PeerState,
    permit: StreamPermit,
}

impl TaskStream {
    fn new(
        app: &App,
        source: StreamSource,
        preamble: &[Frame],
        start_at: Instant,
        permit: StreamPermit,
        peer: Option<PeerSocket>,
    ) -> Box<Self> {
        Box::new(Self {
            app: app.clone(),
            owes_heartbeat: source.is_resumed(),
            source,
            start_at: Some(start_at),
            queue: preamble.iter().map(Frame::payload).collect(),
            next_heartbeat: first_heartbeat(Instant::now(), start_at),
            shutdown: app.state.engine.health().shutdown_signal(),
            close_at: None,
            is_closing: false,
            peer,
            peer_state: PeerState::Open,
            permit,
        })
    }

    fn into_chunks(self: Box<Self>) -> impl Stream<Item = Bytes> {
        stream::unfold(self, |mut stream| async move {
            let bytes = stream.next().await?;
            Some((bytes, stream))
        })
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.permit.is_revoked() {
                return None;
            }
            if let Some(bytes) = self.queue.pop_front() {
                return Some(bytes);
            }
            if self.is_closing || self.peer_state == PeerState::Gone {
                return None;
            }
            let now = Instant::now();
            let close_is_due = self.close_at.is_some_and(|close_at| close_at <= now);
            match self.pull(now) {
                PullResult::Frames(frames) => self.queue.extend(frames.iter().map(Frame::payload)),
                PullResult::Closed => return None,
                // Only when no frame is left: a heartbeat says that no event is missing, and followers
                // get every acknowledged update.
                PullResult::Empty => {
                    let heartbeat = self.due_heartbeat(now);
                    self.queue.extend(heartbeat);
                    if close_is_due {
                        self.is_closing = true;
                        let drain = self.app.state.settings.drain;
                        self.queue.push_back(reconnect::after_shutdown(drain).payload());
                    }
                }
            }
            if self.queue.is_empty() {
                self.wait().await;
            }
        }
    }

    /// Pulls from the follower, but nothing before `start_at`.
    fn pull(&mut self, now: Instant) -> PullResult {
        self.start_at = self.start_at.filter(|start_at| *start_at > now);
        if self.start_at.is_some() { PullResult::Empty } else { self.source.pull() }
    }

    /// Returns a heartbeat if one is due, which names the last event taken.
    fn due_heartbeat(&mut self, now: Instant) -> Option<Bytes> {
        if self.start_at.is_some() {
            return None;
        }
        let is_owed = std::mem::take(&mut self.owes_heartbeat);
        let is_periodic = self.next_heartbeat <= now;
        if is_periodic {
            self.next_heartbeat = now + HEARTBEAT_INTERVAL;
        }
        if !is_owed && !is_periodic {
            return None;
        }
        Some(self.source.heartbeat(&self.app)?.payload())
    }

    /// Waits for a frame, a timer, the peer's end, the end of the right, or the start of a shutdown.
    async fn wait(&mut self) {
        let timers = [Some(self.next_heartbeat), self.start_at, self.close_at];
        let next_timer = timers.into_iter().flatten().min().unwrap_or(self.next_heartbeat);
        let peer_state = async {
            match &self.peer {
                Some(peer) => peer.wait(self.peer_state).await,
                None => std::future::pending().await,
            }
        };
        let is_shutdown = tokio::select! {
            () = self.source.wait(), if self.start_at.is_none() => false,
            () = tokio::time::sleep_until(next_timer) => false,
            () = self.permit.revoked() => false,
            signal = self.shutdown.wait_for(|signalled| *signalled), if self.close_at.is_none() => {
                signal.is_ok()
            }
            state = peer_state => {
                self.peer_state = state;
                // A peer that has left answers it with a reset.
                self.owes_heartbeat = true;
                false
            }
        };
        if is_shutdown {
            self.close_at = Some(Instant::now() + reconnect::close_delay(&self.app.state));
        }
    }
}

/// Picks a random moment of the first interval, so that followers which connected together do not
/// get their heartbeats together. It is after `start_at`: a heartbeat before the first events would
/// look like a gap.
fn first_heartbeat(now: Instant, start_at: Instant) -> Instant {
    let wait = start_at.saturating_duration_since(now);
    now + wait + HEARTBEAT_INTERVAL.saturating_sub(wait).mul_f64(rand::rng().random())
}
