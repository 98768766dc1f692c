//! From a seed to everything that chance decides in a round. What real processes and a real kernel do
//! with it is decided by nobody, so the same seed is the same round, but not the same microseconds.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use testkit::nats::{SOUND_SINCE, version};

/// What is done to the server in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Nothing; only the connections suffer.
    Cuts,
    /// `kill -9`.
    Kill,
    /// `kill -9`, and again while it starts.
    KillAtStart,
    /// SIGTERM, an orderly stop.
    Stop,
    /// It stands still for a while, and then goes on.
    Freeze,
    /// It comes back on a copy of the journal from before.
    OlderCopy,
    /// `kill -9`, and what was written last is not on the disk.
    LostTail,
    /// It comes back on an empty journal.
    Empty,
    /// No room is left on the disk, for a while.
    NoRoom,
    /// The disk says that it could not write, for a while.
    FailingSync,
    /// `kill -9` while the disk fails.
    KillFailing,
    /// The computer's clock jumps, forth and back.
    ClockJump,
    /// Ten thousand updates while some are away.
    Flood,
    /// `kill -9` of a replica.
    ReplicaKill,
    /// `kill -9` of all replicas.
    ReplicasKill,
    /// A replica stands still for a while.
    ReplicaFreeze,
    /// `kill -9` of a NATS server that does not lead the stream.
    NatsKill,
    /// `kill -9` of the NATS server that leads it.
    LeaderKill,
    /// The one that leads stands still for a while, and then goes on as if it led.
    LeaderFreeze,
    /// `kill -9` of all NATS servers.
    AllNatsKill,
    /// The connections between a replica and NATS are cut, and no new ones come about for a while.
    LinkCut,
    /// Nothing comes through them for a while, and nobody is told.
    LinkSilent,
    /// Everything is stopped in good order and started again, one after another.
    Rolling,
}

/// All of a server that stands alone; those of the system last.
const FAULTS: [Fault; 13] = [
    Fault::Cuts,
    Fault::Kill,
    Fault::KillAtStart,
    Fault::Stop,
    Fault::Freeze,
    Fault::OlderCopy,
    Fault::LostTail,
    Fault::Empty,
    Fault::Flood,
    Fault::NoRoom,
    Fault::FailingSync,
    Fault::KillFailing,
    Fault::ClockJump,
];

/// All of a cluster. By the last two [older servers](SOUND_SINCE) lose what they acknowledged.
const CLUSTER_FAULTS: [Fault; 11] = [
    Fault::Cuts,
    Fault::ReplicaKill,
    Fault::ReplicasKill,
    Fault::ReplicaFreeze,
    Fault::NatsKill,
    Fault::LeaderKill,
    Fault::LinkCut,
    Fault::LinkSilent,
    Fault::Rolling,
    Fault::LeaderFreeze,
    Fault::AllNatsKill,
];

/// What followers and publishers have before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// One server with a file.
    Alone,
    /// Replicas on a cluster of NATS servers.
    Cluster,
}

impl Stage {
    /// What can be done to it here, and has to be survived.
    pub fn faults(self) -> Vec<Fault> {
        let can_be_made = |fault: &Fault| cfg!(target_os = "linux") || !fault.is_of_the_system();
        match self {
            Stage::Alone => FAULTS.into_iter().filter(can_be_made).collect(),
            Stage::Cluster => {
                let sound = version() >= SOUND_SINCE;
                let survived = |fault: &Fault| sound || !fault.needs_a_sound_nats();
                CLUSTER_FAULTS.into_iter().filter(survived).collect()
            }
        }
    }

    /// One that can be done to it, by its name, whether it has to be survived or not.
    pub fn fault(self, name: &str) -> Option<Fault> {
        let mut faults = self.faults();
        faults.extend((self == Stage::Cluster).then_some(CLUSTER_FAULTS).into_iter().flatten());
        faults.into_iter().find(|fault| fault.to_string() == name)
    }
}

impl Fault {
    /// Whether it is made by standing between the server and the system.
    pub fn is_of_the_system(&self) -> bool {
        use Fault::{ClockJump, FailingSync, KillFailing, NoRoom};
        matches!(self, NoRoom | FailingSync | KillFailing | ClockJump)
    }

    fn needs_a_sound_nats(&self) -> bool {
        matches!(self, Fault::LeaderFreeze | Fault::AllNatsKill)
    }
}

/// What a follower is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
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
    pub habit: Habit,
    pub board: &'static str,
    pub through_proxy: bool,
    pub seed: u64,
}

/// Everything that chance decides.
#[derive(Debug, Clone)]
pub struct Plan {
    pub seed: u64,
    pub stage: Stage,
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

impl Plan {
    /// Of these faults, one to three.
    pub fn new(stage: Stage, seed: u64, among: &[Fault]) -> Self {
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
            stage,
            again: again(stage, seed, among),
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

fn again(stage: Stage, seed: u64, among: &[Fault]) -> String {
    let mut command = String::from("cargo xtask soak");
    command += if stage == Stage::Cluster { " --cluster" } else { "" };
    command += &format!(" --seed {seed} --rounds 1");
    if among != stage.faults() {
        let names: Vec<_> = among.iter().map(Fault::to_string).collect();
        command += &format!(" --faults {}", names.join(","));
    }
    command
}

/// One of each habit, then by chance.
fn follower(at: usize, rng: &mut StdRng) -> Follower {
    use Habit::{Deaf, Sleeper, Slow, Stalling, Steady};
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

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Fault::Cuts => "cuts",
            Fault::Kill => "kill",
            Fault::KillAtStart => "kill-at-start",
            Fault::Stop => "stop",
            Fault::Freeze => "freeze",
            Fault::OlderCopy => "older-copy",
            Fault::LostTail => "lost-tail",
            Fault::Empty => "empty",
            Fault::NoRoom => "no-room",
            Fault::FailingSync => "failing-sync",
            Fault::KillFailing => "kill-failing",
            Fault::ClockJump => "clock-jump",
            Fault::Flood => "flood",
            Fault::ReplicaKill => "replica-kill",
            Fault::ReplicasKill => "replicas-kill",
            Fault::ReplicaFreeze => "replica-freeze",
            Fault::NatsKill => "nats-kill",
            Fault::LeaderKill => "leader-kill",
            Fault::LeaderFreeze => "leader-freeze",
            Fault::AllNatsKill => "all-nats-kill",
            Fault::LinkCut => "link-cut",
            Fault::LinkSilent => "link-silent",
            Fault::Rolling => "rolling",
        };
        f.pad(name)
    }
}
