//! Publishers that record acknowledged updates.
//!
//! No two of them use the same flight. Each requests one update or many at once, and repeats a failed request under
//! the same idempotency keys until it is answered or [`GIVE_UP_AFTER`] has passed. Some requests it never repeats, so
//! that their updates stay indeterminate after a failure; no other update concerns the flight of such a request.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Map, Value, json};

use super::plan::random_millis;
use super::round_state::RoundState;
use super::update::{BOARDS, KeyedUpdate, UpdateKind};
use super::update_client::{PublishResponse, UpdateClient, UpdateOutcome};

/// Refusals for this long mean that the server does not recover: an election takes far less.
const GIVE_UP_AFTER: Duration = Duration::from_secs(60);

const FLIGHTS_PER_BOARD: usize = 8;

const MAX_UPDATES_PER_REQUEST: usize = 40;

/// States after which the server does not remove a row.
const LASTING_STATES: [&str; 6] =
    ["scheduled", "expected", "check-in", "boarding", "final call", ""];

pub(super) struct LoadGenerator {
    number: usize,
    state: Arc<RoundState>,
    rng: StdRng,
    client: UpdateClient,
    /// The branch for which `present` was computed.
    branch: usize,
    /// Its own flights that are on a board, as far as it knows.
    present: BTreeSet<(&'static str, String)>,
    /// The number of idempotency keys used.
    keys: usize,
    /// The only server to publish to; otherwise a random one for each request.
    pinned_server: Option<SocketAddr>,
    gave_up: bool,
}

impl LoadGenerator {
    pub(super) fn new(number: usize, seed: u64, state: Arc<RoundState>) -> Self {
        Self {
            number,
            state,
            rng: StdRng::seed_from_u64(seed),
            client: UpdateClient::new(),
            branch: 0,
            present: BTreeSet::new(),
            keys: 0,
            pinned_server: None,
            gave_up: false,
        }
    }

    /// Creates a load generator that publishes to this server only.
    pub(super) fn pinned(
        server: SocketAddr,
        number: usize,
        seed: u64,
        state: Arc<RoundState>,
    ) -> Self {
        Self { pinned_server: Some(server), ..Self::new(number, seed, state) }
    }

    /// Publishes until the round stops, and completes the last request.
    pub(super) fn run(mut self) {
        while !self.gave_up && !self.state.is_stopped() {
            let count = match self.rng.random_range(0..10) {
                0..6 => 1,
                6..9 => self.rng.random_range(2..=8),
                _ => self.rng.random_range(8..=MAX_UPDATES_PER_REQUEST),
            };
            let board = BOARDS[usize::from(self.rng.random_bool(0.3))];
            self.publish(board, count);
            sleep(random_millis(&mut self.rng, 0..=7));
        }
    }

    /// Publishes `count` updates of one board in one request, and repeats it until it is answered.
    pub(super) fn publish(&mut self, board: &'static str, count: usize) {
        self.adopt_current_branch();
        let is_retried = count != 1 || !self.rng.random_bool(0.1);
        let updates: Vec<_> = if is_retried {
            (0..count).map(|_| self.random_update(board)).collect()
        } else {
            vec![self.unretried_update(board)]
        };
        let start = Instant::now();
        while !self.gave_up {
            let Some((server, branch)) = self.choose_server() else {
                self.gave_up = true;
                return;
            };
            match self.client.publish(server, board, &updates) {
                Ok(PublishResponse::Answered(outcomes)) => {
                    self.record(branch, &updates, outcomes);
                    return;
                }
                Ok(PublishResponse::Refused) => {
                    self.state.refused.fetch_add(1, Ordering::Relaxed);
                }
                Err(_) => {}
            }
            // Even a refused request may have been applied: the server may fail after it appended.
            let mut model = self.state.model.lock();
            updates.iter().for_each(|update| model.mark_indeterminate(branch, update));
            drop(model);
            if !is_retried {
                return;
            }
            if start.elapsed() > GIVE_UP_AFTER {
                self.give_up(&updates);
            }
            sleep(random_millis(&mut self.rng, 1..=29));
        }
    }

    /// Returns a server that is up, and the branch to which it appends.
    fn choose_server(&mut self) -> Option<(SocketAddr, usize)> {
        match self.pinned_server {
            Some(server) => Some((server, self.state.current_branch())),
            None => self.state.wait_for_server(&mut self.rng),
        }
    }

    fn give_up(&mut self, updates: &[KeyedUpdate]) {
        self.gave_up = true;
        let contradiction = format!("no acknowledgement within {GIVE_UP_AFTER:?} of {updates:?}");
        self.state.model.lock().contradictions.push(contradiction);
    }

    fn record(&mut self, branch: usize, updates: &[KeyedUpdate], outcomes: Vec<UpdateOutcome>) {
        let mut model = self.state.model.lock();
        for (update, outcome) in updates.iter().zip(outcomes) {
            match outcome {
                Ok(id) => model.acknowledge(branch, &id, update),
                // The journal lost its tail after this update was chosen, and with it the row or the board.
                Err(404) if self.branch < branch => {}
                Err(status) => {
                    model.contradictions.push(format!("status {status} in answer to {update:?}"));
                }
            }
        }
    }

    /// Looks up its flights again if the journal has lost its tail.
    fn adopt_current_branch(&mut self) {
        let model = self.state.model.lock();
        if self.branch == model.current_branch() {
            return;
        }
        self.branch = model.current_branch();
        let prefix = format!("P{}F", self.number);
        self.present.clear();
        for board in BOARDS {
            let flights = model.flights(board).into_iter();
            let own = flights.filter(|flight| flight.starts_with(&prefix));
            self.present.extend(own.map(|flight| (board, flight)));
        }
    }

    fn random_update(&mut self, board: &'static str) -> KeyedUpdate {
        let flight = format!("P{}F{}", self.number, self.rng.random_range(0..FLIGHTS_PER_BOARD));
        let key = self.next_key();
        let row = (board, flight.clone());
        let kind = match self.rng.random_range(0..20) {
            // One load generator sets titles, so that the order of titles is known.
            0 if self.number == 0 => UpdateKind::Title(format!("Title {key}")),
            _ if !self.present.contains(&row) => UpdateKind::Put(self.random_row(&flight, &key)),
            0..3 => UpdateKind::Remove(flight),
            3..6 => UpdateKind::Put(self.random_row(&flight, &key)),
            _ => UpdateKind::Patch(self.random_fields(&flight, &key)),
        };
        match &kind {
            UpdateKind::Put(_) => drop(self.present.insert(row)),
            UpdateKind::Remove(_) => drop(self.present.remove(&row)),
            UpdateKind::Patch(_) | UpdateKind::Title(_) => {}
        }
        KeyedUpdate { board, kind, key }
    }

    /// A row for a request that is not repeated, with a flight that no other update concerns.
    fn unretried_update(&mut self, board: &'static str) -> KeyedUpdate {
        let key = self.next_key();
        let flight = format!("X{}N{}", self.number, self.keys);
        KeyedUpdate { board, kind: UpdateKind::Put(self.random_row(&flight, &key)), key }
    }

    fn random_row(&mut self, flight: &str, key: &str) -> Map<String, Value> {
        let mut row = self.random_fields(flight, key);
        row.insert("origin".into(), "Rome".into());
        row.retain(|_, value| !value.is_null());
        row
    }

    /// The remark is the idempotency key, so that no two updates have the same fields.
    fn random_fields(&mut self, flight: &str, key: &str) -> Map<String, Value> {
        let state = *LASTING_STATES.choose(&mut self.rng).expect("the array is not empty");
        let gate = self.rng.random_bool(0.5).then(|| format!("G{}", key.len()));
        let fields = json!({ "flight": flight, "state": state, "gate": gate, "remark": key });
        let Value::Object(fields) = fields else { unreachable!("the literal is an object") };
        fields
    }

    fn next_key(&mut self) -> String {
        self.keys += 1;
        format!("{}-{}", self.number, self.keys)
    }
}
