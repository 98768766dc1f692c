//! Followers with different reading patterns. They reconnect as a browser's `EventSource` does: with the id of
//! the last event, after the time given by `retry:`, divided by [`TIME_SCALE`].

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sse::{DecodedEvent, EventSource, ReadyState};
use testkit::event_stream::EventStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::observations::{Observations, ObservedEvent};
use super::plan::{FollowerPlan, ReadPattern, random_millis};
use super::round_state::RoundState;

/// A round takes seconds, so followers wait a twentieth of the time given by `retry:`. As all of them do, their
/// reconnects stay as spread as they would be.
const TIME_SCALE: u32 = 20;

/// The time that a follower has to catch up after the faults. A correct server needs far less.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(30);

/// With a small receive buffer the server notices a slow reader at once.
const SLOW_RECEIVE_BUFFER_BYTES: u32 = 4096;

/// Everything that a follower experienced, in order.
pub(super) type Trace = Vec<TraceStep>;

#[derive(Debug, Clone)]
pub(super) enum TraceStep {
    /// It opened the stream with this `Last-Event-ID`. The branch is that of the server, or `None` if the
    /// branch changed meanwhile.
    Opened { last_event_id: String, branch: Option<usize> },
    /// It received this event.
    Received(Arc<ObservedEvent>),
}

/// The id of the last event on each board; `None` while the round continues.
pub(super) type TargetIds = Option<HashMap<&'static str, String>>;

pub(super) struct Observer {
    plan: FollowerPlan,
    proxy: SocketAddr,
    state: Arc<RoundState>,
    observations: Arc<Mutex<Observations>>,
    targets: watch::Receiver<TargetIds>,
    rng: StdRng,
    source: EventSource,
    trace: Trace,
}

/// The reason why an observer stopped reading a stream.
enum StreamEnd {
    /// The stream ended, or the connection broke.
    ConnectionLost,
    /// The observer disconnected.
    Disconnected,
    /// The observer has received the last event.
    CaughtUp,
}

impl Observer {
    pub(super) fn new(
        plan: FollowerPlan,
        proxy: SocketAddr,
        state: Arc<RoundState>,
        observations: Arc<Mutex<Observations>>,
        targets: watch::Receiver<TargetIds>,
    ) -> Self {
        Self {
            plan,
            proxy,
            state,
            observations,
            targets,
            rng: StdRng::seed_from_u64(plan.seed),
            source: EventSource::new(),
            trace: Trace::new(),
        }
    }

    /// Follows until it has received the last event, and returns its trace.
    pub(super) async fn run(mut self) -> Result<Trace> {
        let mut targets = self.targets.clone();
        let timeout = async {
            // No error is possible: the sender outlives the observers.
            let _ = targets.wait_for(Option::is_some).await;
            sleep(CATCH_UP_TIMEOUT).await;
        };
        tokio::select! {
            followed = self.follow() => followed?,
            () = timeout => {
                let last_id = self.source.last_event_id();
                let target = self.target();
                let state = self.source.ready_state();
                let last_step = self.trace.last();
                bail!(
                    "still at {last_id:?} instead of {target:?} after {CATCH_UP_TIMEOUT:?}; \
                     {state:?}, last step: {last_step:?}"
                );
            }
        }
        Ok(self.trace)
    }

    async fn follow(&mut self) -> Result<()> {
        loop {
            match self.follow_one_stream().await? {
                StreamEnd::CaughtUp => return Ok(()),
                StreamEnd::Disconnected if self.is_round_running() => {
                    sleep(random_millis(&mut self.rng, 50..=900)).await;
                }
                StreamEnd::Disconnected | StreamEnd::ConnectionLost => {}
            }
            let retry = self
                .source
                .handle_disconnect()
                .context("the server told the follower not to reconnect")?;
            sleep(retry / TIME_SCALE).await;
        }
    }

    async fn follow_one_stream(&mut self) -> Result<StreamEnd> {
        let Some(mut stream) = self.open().await? else { return Ok(StreamEnd::ConnectionLost) };
        let stays_for = match self.plan.read_pattern {
            ReadPattern::Reconnecting => random_millis(&mut self.rng, 20..=700),
            _ => Duration::from_secs(3_600),
        };
        let leave_at = Instant::now() + stays_for;
        loop {
            if self.has_caught_up() {
                return Ok(StreamEnd::CaughtUp);
            }
            let mut targets = self.targets.clone();
            let bytes = tokio::select! {
                bytes = stream.next_bytes() => bytes,
                () = sleep_until(leave_at), if self.is_round_running() => {
                    return Ok(StreamEnd::Disconnected);
                }
                _ = targets.changed() => {
                    self.targets = targets;
                    continue;
                }
            };
            let Ok(Some(bytes)) = bytes else { return Ok(StreamEnd::ConnectionLost) };
            self.receive(&bytes)?;
            self.pause().await;
        }
    }

    /// Opens a stream. `None` if no server is up or the connection fails.
    async fn open(&mut self) -> Result<Option<EventStream>> {
        let address = if self.plan.through_proxy {
            Some(self.proxy)
        } else {
            self.state.random_address(&mut self.rng)
        };
        let Some(address) = address else { return Ok(None) };
        let last_event_id = self.source.last_event_id().to_owned();
        let branch_before = self.state.current_branch();
        let receive_buffer = match self.plan.read_pattern {
            ReadPattern::Steady => None,
            _ => Some(SLOW_RECEIVE_BUFFER_BYTES),
        };
        let path = format!("/boards/{}/events", self.plan.board);
        let opened = EventStream::open(address, &path, &last_event_id, receive_buffer).await;
        let Ok(stream) = opened else { return Ok(None) };
        if self.source.handle_response(stream.status(), stream.content_type()) != ReadyState::Open {
            bail!("status {} in answer to the request for a stream", stream.status());
        }
        let branch = Some(branch_before).filter(|before| *before == self.state.current_branch());
        self.trace.push(TraceStep::Opened { last_event_id, branch });
        Ok(Some(stream))
    }

    fn receive(&mut self, bytes: &[u8]) -> Result<()> {
        for decoded in self.source.feed(bytes) {
            let DecodedEvent { event: name, data: text, last_event_id } = decoded?;
            if name == "heartbeat" {
                continue;
            }
            let data = serde_json::from_str(&text)?;
            let id = last_event_id.to_string();
            let event = ObservedEvent { board: self.plan.board, id, name, text, data };
            let event = self.observations.lock().add(event);
            self.trace.push(TraceStep::Received(event));
        }
        Ok(())
    }

    /// Pauses between two reads, as its pattern asks for, until the round has ended.
    async fn pause(&mut self) {
        if !self.is_round_running() {
            return;
        }
        match self.plan.read_pattern {
            ReadPattern::Slow => sleep(random_millis(&mut self.rng, 1..=25)).await,
            ReadPattern::Stalling if self.rng.random_bool(0.02) => {
                sleep(random_millis(&mut self.rng, 100..=900)).await;
            }
            // No error is possible: the sender outlives the observers.
            ReadPattern::NeverReading => drop(self.targets.changed().await),
            _ => {}
        }
    }

    fn is_round_running(&self) -> bool {
        self.targets.borrow().is_none()
    }

    fn has_caught_up(&self) -> bool {
        self.target().is_some_and(|target| target == self.source.last_event_id())
    }

    /// The id of the last event on its board, once the round has ended.
    fn target(&self) -> Option<String> {
        self.targets.borrow().as_ref()?.get(self.plan.board).cloned()
    }
}
