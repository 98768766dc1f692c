//! From a seed to everything that chance decides in a round. What real processes and a real kernel do
//! with it is decided by nobody, so the same seed is the same round, but not the same microseconds.

use std::ops::RangeInclusive;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use super::fault::Fault;
use super::topology::Topology;

/// What a follower is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadPattern {
    /// Reads at once and stays.
    Steady,
    /// Reads little at a time, with pauses.
    Slow,
    /// Goes away and comes back.
    Sleeper,
    /// Stops reading for a while, but stays.
    Stalling,
    /// Never reads.
    Deaf,
}

/// One follower of a round.
#[derive(Debug, Clone, Copy)]
pub struct Follower {
    pub habit: ReadPattern,
    pub board: &'static str,
    pub through_proxy: bool,
    pub seed: u64,
}

/// Everything that chance decides.
#[derive(Debug, Clone)]
pub struct RoundPlan {
    pub seed: u64,
    pub topology: Topology,
    /// The command that plays it again.
    pub again: String,
    /// In order; between them there is load.
    pub faults: Vec<Fault>,
    /// The server's window in bytes; `None` is its own default, in which everything of a round has
    /// room.
    pub window_bytes: Option<usize>,
    /// Followers are served in two ways: even seeds play with a task for each, odd ones with threads
    /// for all.
    pub reactor_threads: usize,
    /// Whether they write to many followers at once.
    pub io_uring: bool,
    pub publishers: Vec<u64>,
    pub followers: Vec<Follower>,
    pub proxy: u64,
    /// For the director: when, and how long.
    pub director: u64,
}

impl RoundPlan {
    /// Of these faults, one to three.
    pub fn new(topology: Topology, seed: u64, among: &[Fault]) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let count = rng.random_range(1..=3);
        let faults: Vec<_> = (0..count).filter_map(|_| among.choose(&mut rng).copied()).collect();
        let window_bytes = *[None, None, Some(64 * 1024), Some(4 * 1024)]
            .choose(&mut rng)
            .expect("there are some");
        let publishers = (0..rng.random_range(2..=4)).map(|_| rng.random()).collect();
        let followers = (0..rng.random_range(10..=16)).map(|at| follower(at, &mut rng)).collect();
        let (proxy, director) = (rng.random(), rng.random());
        let reactor_threads = if seed.is_multiple_of(2) { 0 } else { 2 };
        let io_uring = seed % 4 == 3;
        Self {
            seed,
            topology,
            again: again(topology, seed, among),
            faults,
            window_bytes,
            reactor_threads,
            io_uring,
            publishers,
            followers,
            proxy,
            director,
        }
    }

    /// How its servers are started, beside where they keep what they have.
    pub(super) fn flags(&self) -> Vec<String> {
        let mut flags = vec![
            format!("--drain={}ms", DRAIN.as_millis()),
            format!("--reactor-threads={}", self.reactor_threads),
        ];
        flags.extend(self.io_uring.then(|| String::from("--io-uring")));
        flags.extend(self.window_bytes.map(|bytes| format!("--window={bytes}B")));
        flags
    }
}

/// The drain time of a round's servers.
pub(super) const DRAIN: Duration = Duration::from_millis(400);

fn again(topology: Topology, seed: u64, among: &[Fault]) -> String {
    let mut command = String::from("cargo xtask soak");
    command += if topology == Topology::Cluster { " --cluster" } else { "" };
    command += &format!(" --seed {seed} --rounds 1");
    if among != topology.faults() {
        let names: Vec<_> = among.iter().map(Fault::to_string).collect();
        command += &format!(" --faults {}", names.join(","));
    }
    command
}

/// One of each habit, then by chance.
fn follower(at: usize, rng: &mut StdRng) -> Follower {
    use ReadPattern::{Deaf, Sleeper, Slow, Stalling, Steady};
    let habits = [Steady, Slow, Sleeper, Stalling, Deaf];
    let by_chance = *[Steady, Steady, Slow, Sleeper, Sleeper, Stalling].choose(rng).expect("some");
    Follower {
        habit: habits.get(at).copied().unwrap_or(by_chance),
        board: super::update::BOARDS[usize::from(rng.random_bool(0.3))],
        through_proxy: at > 0 && rng.random_bool(0.6),
        seed: rng.random(),
    }
}

pub fn millis(rng: &mut StdRng, range: RangeInclusive<u64>) -> Duration {
    Duration::from_millis(rng.random_range(range))
}
