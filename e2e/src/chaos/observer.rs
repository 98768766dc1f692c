//! Followers with habits, that remember what they saw. They come back as a browser's `EventSource`
//! does, with the id of the last event, after the time that `retry:` says, but for the scale of time.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;
use sse::{Decoded, EventSource, ReadyState};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::load_generator::RoundState;
use super::plan::{Follower, ReadPattern, millis};
use testkit::event_stream::EventStream;

/// A round is over in seconds, so a follower waits only this part of what it is told to. All wait the
/// same part, so they come back as spread as they would.
pub(super) const TIME_SCALE: u32 = 20;

/// How long a follower may take to see everything once all is calm. Only what is broken takes so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// A small window of the kernel's makes reading slowly felt at once.
const SLOW_RECEIVE_BYTES: u32 = 4096;

/// What a follower has lived through, in order.
#[derive(Debug, Clone)]
pub(super) enum TraceStep {
    /// It asked for the stream with this last event id. The branch is that of the server it reached,
    /// or nothing where the server may have changed meanwhile.
    Opened { sent: String, branch: Option<usize> },
    /// It was sent this.
    Saw(Arc<ObservedEvent>),
}

/// An event as it was seen, shared by all who saw the same.
#[derive(Debug, PartialEq)]
pub(super) struct ObservedEvent {
    pub(super) board: &'static str,
    pub(super) id: String,
    pub(super) name: String,
    /// The very bytes of its data.
    text: String,
    pub(super) data: Value,
}

/// All that was seen by anyone, so that one id never says two things.
#[derive(Default)]
pub(super) struct Observations {
    seen: HashMap<(String, &'static str, String), Arc<ObservedEvent>>,
    pub(super) contradictions: Vec<String>,
}

impl Observations {
    fn note(&mut self, seen: ObservedEvent) -> Arc<ObservedEvent> {
        // A timetable has the id of the event that it is as of.
        let reason = seen.data["reason"].as_str().filter(|_| seen.name == "timetable");
        let kind = reason.unwrap_or("event").to_owned();
        let known = self.seen.entry((seen.id.clone(), seen.board, kind));
        match known {
            std::collections::hash_map::Entry::Vacant(vacant) => {
                Arc::clone(vacant.insert(Arc::new(seen)))
            }
            std::collections::hash_map::Entry::Occupied(known) => {
                if **known.get() != seen {
                    let both = format!("{} is {:?} and {:?}", seen.id, known.get(), seen);
                    self.contradictions.push(both);
                    return Arc::new(seen);
                }
                Arc::clone(known.get())
            }
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<ObservedEvent>> {
        self.seen.values()
    }
}

/// Where the followers of each board are to end; nothing while the round goes on.
pub(super) type TargetIds = Option<HashMap<&'static str, String>>;

pub(super) struct Observer {
    plan: Follower,
    proxy: SocketAddr,
    state: Arc<RoundState>,
    observations: Arc<Mutex<Observations>>,
    goal: watch::Receiver<TargetIds>,
    rng: StdRng,
    source: EventSource,
    steps: Vec<TraceStep>,
}

/// Why a follower stopped reading.
enum Pause {
    /// The stream ended or broke.
    Lost,
    /// It went away by itself.
    Left,
    /// It has seen all there is.
    Done,
}

impl Observer {
    pub(super) fn new(
        plan: Follower,
        proxy: SocketAddr,
        state: Arc<RoundState>,
        observations: Arc<Mutex<Observations>>,
        goal: watch::Receiver<TargetIds>,
    ) -> Self {
        let rng = StdRng::seed_from_u64(plan.seed);
        let (source, steps) = (EventSource::new(), Vec::new());
        Self { plan, proxy, state, observations, goal, rng, source, steps }
    }

    /// Follows until it has seen everything, and tells what it saw.
    pub(super) async fn run(mut self) -> Result<Vec<TraceStep>> {
        let mut goal = self.goal.clone();
        let too_late = async {
            // The sender outlives the round.
            let _ = goal.wait_for(Option::is_some).await;
            sleep(PATIENCE).await;
        };
        tokio::select! {
            done = self.follow_on() => done?,
            () = too_late => {
                let (at, state) = (self.source.last_event_id(), self.source.ready_state());
                let (goal, last) = (self.goal.borrow(), self.steps.last());
                let ends = goal.as_ref().and_then(|goal| goal.get(self.plan.board));
                bail!("it stands at {at:?}, {state:?}, after {PATIENCE:?}, not {ends:?}: {last:?}");
            }
        }
        Ok(self.steps)
    }

    async fn follow_on(&mut self) -> Result<()> {
        loop {
            match self.follow().await? {
                Pause::Done => return Ok(()),
                Pause::Left if self.going() => sleep(millis(&mut self.rng, 50..=900)).await,
                Pause::Left | Pause::Lost => {}
            }
            let wait = self.source.lost().ok_or_else(|| anyhow!("a stream was refused"))?;
            sleep(wait / TIME_SCALE).await;
        }
    }

    /// One connection.
    async fn follow(&mut self) -> Result<Pause> {
        let address = match self.plan.through_proxy {
            true => Some(self.proxy),
            false => self.state.server(&mut self.rng),
        };
        let Some(address) = address else { return Ok(Pause::Lost) };
        let sent = self.source.last_event_id().to_owned();
        let branch = self.state.branch();
        let small = (self.plan.habit != ReadPattern::Steady).then_some(SLOW_RECEIVE_BYTES);
        let path = format!("/boards/{}/events", self.plan.board);
        let Ok(mut stream) = EventStream::open(address, &path, &sent, small).await else {
            return Ok(Pause::Lost);
        };
        if self.source.answered(stream.status(), stream.content_type()) != ReadyState::Open {
            bail!("a stream was answered with {}", stream.status());
        }
        let branch = (self.state.branch() == branch).then_some(branch);
        self.steps.push(TraceStep::Opened { sent, branch });
        let leaves = match self.plan.habit {
            ReadPattern::Sleeper => Instant::now() + millis(&mut self.rng, 20..=700),
            _ => Instant::now() + Duration::from_secs(3_600),
        };
        loop {
            if self.is_done() {
                return Ok(Pause::Done);
            }
            let mut goal = self.goal.clone();
            let bytes = tokio::select! {
                bytes = stream.next_bytes() => bytes,
                () = sleep_until(leaves), if self.going() => return Ok(Pause::Left),
                _ = goal.changed() => { self.goal = goal; continue }
            };
            let Ok(Some(bytes)) = bytes else { return Ok(Pause::Lost) };
            self.read(&bytes)?;
            self.rest().await;
        }
    }

    fn read(&mut self, bytes: &[u8]) -> Result<()> {
        for decoded in self.source.feed(bytes) {
            let Decoded { event: name, data, last_event_id } = decoded?;
            if name == "heartbeat" {
                continue;
            }
            let (board, id) = (self.plan.board, last_event_id.to_string());
            let seen =
                ObservedEvent { board, id, name, data: serde_json::from_str(&data)?, text: data };
            let seen = self.observations.lock().note(seen);
            self.steps.push(TraceStep::Saw(seen));
        }
        Ok(())
    }

    /// As its habit is, after having read something.
    async fn rest(&mut self) {
        if !self.going() {
            return;
        }
        match self.plan.habit {
            ReadPattern::Slow => sleep(millis(&mut self.rng, 1..=25)).await,
            ReadPattern::Stalling if self.rng.random_bool(0.02) => {
                sleep(millis(&mut self.rng, 100..=900)).await;
            }
            // The sender outlives the round.
            ReadPattern::Deaf => drop(self.goal.changed().await),
            _ => {}
        }
    }

    /// Whether the round goes on, and habits with it.
    fn going(&self) -> bool {
        self.goal.borrow().is_none()
    }

    fn is_done(&self) -> bool {
        let goal = self.goal.borrow();
        let goal = goal.as_ref().and_then(|goal| goal.get(self.plan.board));
        goal.is_some_and(|goal| goal == self.source.last_event_id())
    }
}
