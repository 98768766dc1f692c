//! All random choices of a round, derived from its seed. The same seed gives the same plan. It does not give the
//! same interleaving, because real processes and a real kernel carry the plan out.

use std::ops::RangeInclusive;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use super::fault::Fault;
use super::topology::Topology;
use super::update::BOARDS;

/// A round before it is played.
#[derive(Debug, Clone)]
pub struct RoundPlan {
    pub seed: u64,
    pub topology: Topology,
    /// The shell command that plays this round again.
    pub replay_command: String,
    /// Injected in this order, with time for load before and after each.
    pub faults: Vec<Fault>,
    /// The value of `--window`. The default, `None`, keeps every event of a round.
    pub window_bytes: Option<usize>,
    /// The value of `--reactor-threads`: even seeds serve each follower by a task, odd seeds all followers
    /// by two threads.
    pub reactor_threads: usize,
    /// True for `--io-uring`.
    pub io_uring: bool,
    /// One seed per load generator.
    pub generator_seeds: Vec<u64>,
    pub followers: Vec<FollowerPlan>,
    pub proxy_seed: u64,
    /// For the times and durations of the faults.
    pub nemesis_seed: u64,
}

/// One follower of a round.
#[derive(Debug, Clone, Copy)]
pub struct FollowerPlan {
    pub read_pattern: ReadPattern,
    pub board: &'static str,
    pub through_proxy: bool,
    pub seed: u64,
}

/// The way in which a follower reads its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadPattern {
    /// Reads at once and keeps its connection.
    Steady,
    /// Reads a little at a time, with pauses.
    Slow,
    /// Disconnects and reconnects.
    Reconnecting,
    /// Stops reading for a while but keeps its connection.
    Stalling,
    /// Does not read until the faults are over.
    NeverReading,
}

/// The drain time of the servers.
pub(super) const DRAIN: Duration = Duration::from_millis(400);

impl RoundPlan {
    /// Plans a round with one to three of `candidates` as its faults.
    ///
    /// The order of the draws is part of the meaning of a seed: documents and tests name seeds.
    pub fn new(topology: Topology, seed: u64, candidates: &[Fault]) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let count = rng.random_range(1..=3);
        let faults = (0..count).filter_map(|_| candidates.choose(&mut rng).copied()).collect();
        let window_bytes = *[None, None, Some(64 * 1024), Some(4 * 1024)]
            .choose(&mut rng)
            .expect("the array is not empty");
        let generator_seeds = (0..rng.random_range(2..=4)).map(|_| rng.random()).collect();
        let followers =
            (0..rng.random_range(10..=16)).map(|index| plan_follower(index, &mut rng)).collect();
        let proxy_seed = rng.random();
        let nemesis_seed = rng.random();
        Self {
            seed,
            topology,
            replay_command: replay_command(topology, seed, candidates),
            faults,
            window_bytes,
            reactor_threads: if seed.is_multiple_of(2) { 0 } else { 2 },
            io_uring: seed % 4 == 3,
            generator_seeds,
            followers,
            proxy_seed,
            nemesis_seed,
        }
    }

    /// The flags of `flightboard serve`, except those that say where the journal is.
    pub(super) fn serve_flags(&self) -> Vec<String> {
        let mut flags = vec![
            format!("--drain={}ms", DRAIN.as_millis()),
            format!("--reactor-threads={}", self.reactor_threads),
        ];
        if self.io_uring {
            flags.push(String::from("--io-uring"));
        }
        if let Some(bytes) = self.window_bytes {
            flags.push(format!("--window={bytes}B"));
        }
        flags
    }
}

fn replay_command(topology: Topology, seed: u64, candidates: &[Fault]) -> String {
    let mut command = String::from("cargo xtask soak");
    if topology == Topology::Cluster {
        command += " --cluster";
    }
    command += &format!(" --seed {seed} --rounds 1");
    if candidates != topology.faults() {
        let names: Vec<_> = candidates.iter().map(Fault::to_string).collect();
        command += &format!(" --faults {}", names.join(","));
    }
    command
}

/// The first five followers have one read pattern each, the others a random one.
fn plan_follower(index: usize, rng: &mut StdRng) -> FollowerPlan {
    use ReadPattern::{NeverReading, Reconnecting, Slow, Stalling, Steady};
    let first = [Steady, Slow, Reconnecting, Stalling, NeverReading];
    let random = *[Steady, Steady, Slow, Reconnecting, Reconnecting, Stalling]
        .choose(rng)
        .expect("the array is not empty");
    FollowerPlan {
        read_pattern: first.get(index).copied().unwrap_or(random),
        board: BOARDS[usize::from(rng.random_bool(0.3))],
        through_proxy: index > 0 && rng.random_bool(0.6),
        seed: rng.random(),
    }
}

/// A random duration from a range of milliseconds.
pub(super) fn random_millis(rng: &mut StdRng, range: RangeInclusive<u64>) -> Duration {
    Duration::from_millis(rng.random_range(range))
}
