//! How long a screen is without the newest rows when the replica that it is on is killed, and when the NATS
//! server is that leads the stream; and whether it missed anything.
#![allow(clippy::print_stdout, reason = "its figures go to standard output")]

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::Parser;
use measure::counting_follower::{CountingFollower, FollowerCommand, FollowerRole};
use measure::delivery_tracker::DeliveryTracker;
use measure::steady_publisher::SteadyPublisher;
use testkit::fault_proxy::FaultProxy;
use testkit::nats::{NatsServer, find_leader, wait_until_replicated};
use testkit::process::{ServerProcess, start_replica};
use testkit::wait::wait_until;
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// Kill the replica that screens are on, and measure how soon they are live again on another.
#[derive(Parser)]
struct Failover {
    /// How often a replica is killed.
    #[arg(long, default_value_t = 20)]
    kills: usize,
    /// How often the NATS server is killed that leads the stream.
    #[arg(long, default_value_t = 5)]
    leaders: usize,
    /// Events a second.
    #[arg(long, default_value_t = 20.0)]
    rate: f64,
}

/// Screens that are back at once, and as many that wait as long as they were told.
const SCREENS: usize = 3;

const REPLICAS: usize = 3;

/// Longer than any of it takes unless it is broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// How soon to look again.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// How long all is calm between two kills.
const CALM: Duration = Duration::from_millis(500);

struct Scene {
    servers: [NatsServer; 3],
    /// The first is the one that screens are on.
    replicas: Vec<ServerProcess>,
    switch: FaultProxy,
    tracker: Arc<DeliveryTracker>,
    newest: Arc<AtomicU64>,
    stopped: Arc<AtomicBool>,
    /// Followers keep theirs for as long as it is there.
    order: watch::Sender<FollowerCommand>,
    runtime: Runtime,
}

fn main() -> Result<ExitCode> {
    let failover = Failover::parse();
    let mut scene = Scene::new()?;
    let publishing = scene.publish(failover.rate);
    scene.open();
    scene.wait_until_all_are_right();

    let (mut at_once, mut waiting, mut leader) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..failover.kills {
        let (first, second) = scene.kill_replica()?;
        at_once.extend(first);
        waiting.extend(second);
    }
    for _ in 0..failover.leaders {
        leader.push(scene.kill_leader());
    }
    scene.stopped.store(true, Ordering::Relaxed);
    publishing.join().expect("it has only stopped");

    let Failover { kills, leaders, rate } = failover;
    println!(
        "{rate} events a second, {} screens; from the kill until all is live again:\n",
        2 * SCREENS
    );
    println!("{:<58} {:>9} {:>9}", "", "p50", "longest");
    report(&format!("the replica, {kills} times; who comes back at once"), at_once);
    report(&format!("the replica, {kills} times; who waits as it was told"), waiting);
    report(&format!("the leader of the stream, {leaders} times; who stays"), leader);
    Ok(if scene.is_right() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let secs = |at: usize| times.get(at).map_or(f64::NAN, Duration::as_secs_f64);
    let (half, last) = (secs(times.len() / 2), secs(times.len().saturating_sub(1)));
    println!("{what:<58} {half:>7.2} s {last:>7.2} s");
}

impl Scene {
    fn new() -> Result<Self> {
        let runtime = Runtime::new()?;
        let servers = NatsServer::cluster::<3>();
        let replicas: Vec<_> = (0..REPLICAS).map(|_| replica(&servers)).collect();
        let switch = runtime.block_on(FaultProxy::start(replicas[0].address))?;
        switch.set_upstreams(replicas.iter().map(|replica| replica.address).collect());
        Ok(Self {
            servers,
            replicas,
            switch,
            tracker: Arc::new(DeliveryTracker::new(2 * SCREENS)),
            newest: Arc::default(),
            stopped: Arc::default(),
            order: watch::Sender::new(FollowerCommand::Follow),
            runtime,
        })
    }

    fn publish(&self, per_sec: f64) -> JoinHandle<()> {
        let publisher = SteadyPublisher {
            address: self.switch.address(),
            per_sec,
            tracker: Arc::clone(&self.tracker),
            newest: Arc::clone(&self.newest),
            stopped: Arc::clone(&self.stopped),
        };
        std::thread::spawn(|| publisher.run())
    }

    fn open(&self) {
        for at in 0..2 * SCREENS {
            let part = if at < SCREENS { FollowerRole::Stays } else { FollowerRole::Follows };
            let (tracker, order) = (Arc::clone(&self.tracker), self.order.subscribe());
            let follower =
                CountingFollower { at, part, address: self.switch.address(), tracker, order };
            self.runtime.spawn(follower.run());
        }
    }

    /// How long it took each screen: those that are back at once, and those that wait.
    fn kill_replica(&mut self) -> Result<(Vec<Duration>, Vec<Duration>)> {
        sleep(CALM);
        let openings: Vec<_> = (0..2 * SCREENS).map(|at| self.tracker.openings(at)).collect();
        let start = Instant::now();
        self.replicas.remove(0).kill();
        let mut times = vec![None; 2 * SCREENS];
        while times.iter().any(Option::is_none) {
            // What is answered is shown to others already, or about to be.
            let newest = self.newest.load(Ordering::Relaxed);
            for (at, time) in times.iter_mut().enumerate().filter(|(_, time)| time.is_none()) {
                let is_live =
                    self.tracker.openings(at) > openings[at] && self.tracker.has(at, newest);
                *time = is_live.then(|| start.elapsed());
            }
            ensure!(start.elapsed() < PATIENCE, "a screen does not come back");
            sleep(LOOK_AGAIN);
        }
        self.replicas.push(replica(&self.servers));
        self.switch.set_upstreams(self.replicas.iter().map(|replica| replica.address).collect());
        let mut times: Vec<_> = times.into_iter().flatten().collect();
        let waited = times.split_off(SCREENS);
        Ok((times, waited))
    }

    /// How long it took until a change was shown that was asked for after that.
    fn kill_leader(&mut self) -> Duration {
        sleep(CALM);
        let leader = find_leader(&self.servers);
        let start = Instant::now();
        self.servers[leader].kill();
        // The next one may have been on its way.
        let after = self.newest.load(Ordering::Relaxed) + 2;
        wait_until("a change is shown", PATIENCE, || {
            (self.tracker.with(after) == 2 * SCREENS).then_some(())
        });
        let time = start.elapsed();
        self.servers[leader].restart();
        wait_until_replicated(&self.servers);
        time
    }

    fn wait_until_all_are_right(&self) {
        wait_until("all screens are live", PATIENCE, || {
            let newest = self.newest.load(Ordering::Relaxed);
            (newest > 0 && self.tracker.with(newest) == 2 * SCREENS).then_some(())
        });
    }

    /// Whether everybody has seen everything, once and in order, now that nobody publishes.
    fn is_right(&self) -> bool {
        self.wait_until_all_are_right();
        let DeliveryTracker { resumed, timetables, misplaced, refused, .. } = &*self.tracker;
        let [resumed, timetables, misplaced, refused] =
            [resumed, timetables, misplaced, refused].map(|of| of.load(Ordering::Relaxed));
        let wrong = self.tracker.wrong();
        println!(
            "\n{resumed} times a screen went on with what it had missed, {timetables} times it was given all rows"
        );
        println!(
            "{wrong} screens have not seen everything once, {misplaced} events came out of order, \
             {refused} streams were refused"
        );
        wrong + misplaced + refused == 0
    }
}

fn replica(servers: &[NatsServer]) -> ServerProcess {
    let urls: Vec<_> = servers.iter().map(|server| server.address().to_string()).collect();
    let server = start_replica(&format!("nats://{}", urls.join(",")), &["--nats-replicas=3"]);
    let api = server.api();
    wait_until("a replica is ready", PATIENCE, || api.is_ready().then_some(()));
    server
}
