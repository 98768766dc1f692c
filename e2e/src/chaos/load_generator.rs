//! Publishers that remember. Each has flights of its own, asks for one change or many at once, and
//! asks again, under the same keys, until it is answered, or has long been refused in vain. Some changes it gives up on after a failure:
//! those are in doubt, and it never touches that flight again.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Map, Value, json};
use ureq::Agent;

use super::model::Model;
use super::update::{BOARDS, KeyedUpdate, UpdateKind};

/// What publishers and the director share.
pub(super) struct RoundState {
    pub(super) model: Mutex<Model>,
    /// Where each replica is; a single server is the only one.
    servers: Mutex<Vec<Option<SocketAddr>>>,
    opened: Condvar,
    stopped: AtomicBool,
    abandoned: AtomicBool,
    /// Requests that were answered with 503.
    pub(super) refused: AtomicUsize,
}

/// How long an answer may take: a server that is frozen, or waits for a disk, is given up.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(1_500);

/// How long a publisher is refused before it asks no more: far above what an election takes.
const GIVE_UP_AFTER: Duration = Duration::from_secs(60);

/// Flights of each publisher on each board.
const FLIGHTS: usize = 8;

/// Most updates of one request.
const MOST_AT_ONCE: usize = 40;

/// States from which no row leaves by itself.
const STATES: [&str; 6] = ["scheduled", "expected", "check-in", "boarding", "final call", ""];

impl RoundState {
    pub(super) fn new(replicas: usize) -> Arc<Self> {
        Arc::new(Self {
            model: Mutex::new(Model::new()),
            servers: Mutex::new(vec![None; replicas]),
            opened: Condvar::new(),
            stopped: AtomicBool::new(false),
            abandoned: AtomicBool::new(false),
            refused: AtomicUsize::new(0),
        })
    }

    /// Where a replica is, for all who ask; `None` while it is known to be away.
    pub(super) fn place(&self, replica: usize, server: Option<SocketAddr>) {
        self.servers.lock()[replica] = server;
        self.opened.notify_all();
    }

    /// One of those that are there, another each time.
    pub(super) fn server(&self, rng: &mut StdRng) -> Option<SocketAddr> {
        one_of(&self.servers.lock(), rng)
    }

    pub(super) fn branch(&self) -> usize {
        self.model.lock().branch()
    }

    /// No publisher begins anything new.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// There will be no server any more: nobody waits for one.
    pub(super) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
        self.servers.lock().fill(None);
        self.opened.notify_all();
    }

    /// Waits for a server, and answers with the branch that it writes.
    fn wait(&self, rng: &mut StdRng) -> Option<(SocketAddr, usize)> {
        let mut servers = self.servers.lock();
        while !self.abandoned.load(Ordering::Relaxed) {
            if let Some(address) = one_of(&servers, rng) {
                drop(servers);
                return Some((address, self.branch()));
            }
            self.opened.wait(&mut servers);
        }
        None
    }
}

fn one_of(servers: &[Option<SocketAddr>], rng: &mut StdRng) -> Option<SocketAddr> {
    let there: Vec<_> = servers.iter().flatten().copied().collect();
    there.choose(rng).copied()
}

pub(super) struct LoadGenerator {
    number: usize,
    state: Arc<RoundState>,
    rng: StdRng,
    agent: Agent,
    branch: usize,
    /// Flights that are on a board, as far as this publisher knows.
    present: BTreeSet<(&'static str, String)>,
    counter: usize,
    /// The one server that it asks, if it asks no other.
    only: Option<SocketAddr>,
    /// Whether it was refused for so long that it asks no more: the server does not recover.
    gave_up: bool,
}

/// What became of a request.
enum Asked {
    /// What became of each update: the event's id, or a status.
    Answered(Vec<Result<String, u64>>),
    Failed,
}

impl LoadGenerator {
    pub(super) fn new(number: usize, seed: u64, state: Arc<RoundState>) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(ANSWER_TIMEOUT));
        let (rng, agent) = (StdRng::seed_from_u64(seed), Agent::new_with_config(config.build()));
        let (branch, present, counter) = (0, BTreeSet::new(), 0);
        Self { number, state, rng, agent, branch, present, counter, only: None, gave_up: false }
    }

    /// One that asks this server alone.
    pub(super) fn of(server: SocketAddr, number: usize, seed: u64, state: Arc<RoundState>) -> Self {
        Self { only: Some(server), ..Self::new(number, seed, state) }
    }

    /// Publishes until the state says stop, and what was begun to its end.
    pub(super) fn run(mut self) {
        while !self.gave_up && !self.state.stopped.load(Ordering::Relaxed) {
            let count = match self.rng.random_range(0..10) {
                0..6 => 1,
                6..9 => self.rng.random_range(2..=8),
                _ => self.rng.random_range(8..=MOST_AT_ONCE),
            };
            let board = BOARDS[usize::from(self.rng.random_bool(0.3))];
            self.publish(board, count);
            std::thread::sleep(Duration::from_millis(self.rng.random_range(0..8)));
        }
    }

    /// `count` updates of one board at once.
    pub(super) fn publish(&mut self, board: &'static str, count: usize) {
        self.recall();
        let leaves = count == 1 && self.rng.random_bool(0.1);
        let updates: Vec<_> = if leaves {
            vec![self.stray(board)]
        } else {
            (0..count).map(|_| self.update(board)).collect()
        };
        let begun = Instant::now();
        while !self.gave_up {
            let only = self.only.map(|server| (server, self.state.branch()));
            let Some((server, branch)) = only.or_else(|| self.state.wait(&mut self.rng)) else {
                self.gave_up = true;
                return;
            };
            match self.ask(server, board, &updates) {
                Asked::Answered(outcomes) => return self.note(branch, &updates, outcomes),
                Asked::Failed => {
                    let mut model = self.state.model.lock();
                    updates.iter().for_each(|update| model.doubt(branch, update));
                }
            }
            if leaves {
                return;
            }
            if begun.elapsed() > GIVE_UP_AFTER {
                self.give_up(&updates);
            }
            std::thread::sleep(Duration::from_millis(self.rng.random_range(1..30)));
        }
    }

    fn give_up(&mut self, updates: &[KeyedUpdate]) {
        self.gave_up = true;
        let problem = format!("in {GIVE_UP_AFTER:?} nothing came of {updates:?}");
        self.state.model.lock().contradictions.push(problem);
    }

    fn note(&mut self, branch: usize, updates: &[KeyedUpdate], outcomes: Vec<Result<String, u64>>) {
        let mut model = self.state.model.lock();
        for (update, outcome) in updates.iter().zip(outcomes) {
            match outcome {
                Ok(id) => model.acknowledge(branch, &id, update),
                // The journal was set back since it was chosen: the row, or the board, is gone.
                Err(404) if self.branch < branch => {}
                Err(status) => {
                    let problem = format!("{update:?} was answered with {status}");
                    model.contradictions.push(problem);
                }
            }
        }
    }

    /// What there is after the journal was set back.
    fn recall(&mut self) {
        let model = self.state.model.lock();
        if self.branch == model.branch() {
            return;
        }
        self.branch = model.branch();
        let own = format!("P{}F", self.number);
        let on = |board| model.flights(board).into_iter().map(move |flight| (board, flight));
        let flights = BOARDS.into_iter().flat_map(on);
        self.present = flights.filter(|(_, flight)| flight.starts_with(&own)).collect();
    }

    fn update(&mut self, board: &'static str) -> KeyedUpdate {
        let flight = format!("P{}F{}", self.number, self.rng.random_range(0..FLIGHTS));
        let key = self.key();
        let place = (board, flight.clone());
        let change = match self.rng.random_range(0..20) {
            0 if self.number == 0 => UpdateKind::Title(format!("Title {key}")),
            _ if !self.present.contains(&place) => UpdateKind::Put(self.row(&flight, &key)),
            0..3 => UpdateKind::Remove(flight),
            3..6 => UpdateKind::Put(self.row(&flight, &key)),
            _ => UpdateKind::Patch(self.fields(&flight, &key)),
        };
        match &change {
            UpdateKind::Put(_) => drop(self.present.insert(place)),
            UpdateKind::Remove(_) => drop(self.present.remove(&place)),
            UpdateKind::Patch(_) | UpdateKind::Title(_) => {}
        }
        KeyedUpdate { board, change, key }
    }

    /// A row that is asked for once, whatever comes of it.
    fn stray(&mut self, board: &'static str) -> KeyedUpdate {
        let key = self.key();
        let flight = format!("X{}N{}", self.number, self.counter);
        KeyedUpdate { board, change: UpdateKind::Put(self.row(&flight, &key)), key }
    }

    fn row(&mut self, flight: &str, key: &str) -> Map<String, Value> {
        let mut row = self.fields(flight, key);
        row.insert("origin".into(), "Rome".into());
        row.retain(|_, value| !value.is_null());
        row
    }

    /// Its key makes it unlike all others.
    fn fields(&mut self, flight: &str, key: &str) -> Map<String, Value> {
        let state = *STATES.choose(&mut self.rng).expect("there are some");
        let gate =
            if self.rng.random_bool(0.5) { json!(format!("G{}", key.len())) } else { json!(null) };
        let fields = json!({ "flight": flight, "state": state, "gate": gate, "remark": key });
        let Value::Object(fields) = fields else { unreachable!("it is one") };
        fields
    }

    fn key(&mut self) -> String {
        self.counter += 1;
        format!("{}-{}", self.number, self.counter)
    }

    fn ask(&self, server: SocketAddr, board: &str, updates: &[KeyedUpdate]) -> Asked {
        let asked = match updates {
            [update] if !matches!(update.change, UpdateKind::Title(_)) => {
                self.ask_for_one(server, board, update)
            }
            _ => self.ask_for_many(server, board, updates),
        };
        match asked {
            Ok(Some(outcomes)) => Asked::Answered(outcomes),
            Ok(None) => {
                self.state.refused.fetch_add(1, Ordering::Relaxed);
                Asked::Failed
            }
            Err(_) => Asked::Failed,
        }
    }

    fn ask_for_one(
        &self,
        server: SocketAddr,
        board: &str,
        update: &KeyedUpdate,
    ) -> Result<Option<Vec<Result<String, u64>>>, ureq::Error> {
        let flight = update.flight().unwrap_or_default();
        let url = format!("http://{server}/boards/{board}/flights/{flight}");
        let key = ("idempotency-key", &update.key);
        let answer = match &update.change {
            UpdateKind::Put(row) => {
                self.agent.put(url).header(key.0, key.1).send_json(without(row))
            }
            UpdateKind::Patch(fields) => {
                self.agent.patch(url).header(key.0, key.1).send_json(without(fields))
            }
            _ => self.agent.delete(url).header(key.0, key.1).call(),
        }?;
        let status = u64::from(answer.status().as_u16());
        let id = answer.headers().get("event-id").and_then(|id| id.to_str().ok());
        Ok(match (status, id) {
            (500.., _) => None,
            (200..300, Some(id)) => Some(vec![Ok(id.to_owned())]),
            _ => Some(vec![Err(status)]),
        })
    }

    fn ask_for_many(
        &self,
        server: SocketAddr,
        board: &str,
        updates: &[KeyedUpdate],
    ) -> Result<Option<Vec<Result<String, u64>>>, ureq::Error> {
        let url = format!("http://{server}/boards/{board}/flights");
        let lines: Vec<_> = updates.iter().map(KeyedUpdate::line).collect();
        let request = self.agent.post(url).content_type("application/x-ndjson");
        let mut answer = request.send(lines.join("\n"))?;
        let status = u64::from(answer.status().as_u16());
        let text = answer.body_mut().read_to_string()?;
        if status != 200 {
            return Ok((status < 500).then(|| vec![Err(status); updates.len()]));
        }
        let outcomes = text.lines().map(|line| {
            let line: Value = serde_json::from_str(line).unwrap_or_default();
            match line["id"].as_str() {
                Some(id) => Ok(id.to_owned()),
                None => Err(line["status"].as_u64().unwrap_or_default()),
            }
        });
        let outcomes: Vec<_> = outcomes.collect();
        // Some lines may be done and others not: all are asked for again, under their keys.
        let whole = outcomes.len() == updates.len() && !outcomes.contains(&Err(503));
        Ok(whole.then_some(outcomes))
    }
}

/// The flight stands in the URL.
fn without(fields: &Map<String, Value>) -> Map<String, Value> {
    let mut fields = fields.clone();
    fields.remove("flight");
    fields
}
