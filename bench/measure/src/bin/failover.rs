//! Measures the time until followers are live again after the replica that serves them is killed, and after the
//! NATS server that leads the stream is killed. Checks as well that each follower received each event once.
#![allow(clippy::print_stdout, reason = "the figures go to standard output")]

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::sleep;
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

/// Kill the replica that serves the followers, and measure how soon they are live again on another.
#[derive(Parser)]
struct Failover {
    /// Number of times a replica is killed.
    #[arg(long, default_value_t = 20)]
    kills: usize,
    /// Number of times the NATS server that leads the stream is killed.
    #[arg(long, default_value_t = 5)]
    leaders: usize,
    /// Events per second.
    #[arg(long, default_value_t = 20.0)]
    rate: f64,
}

/// Followers in each of the two roles.
const FOLLOWERS_PER_ROLE: usize = 3;

const FOLLOWERS: usize = 2 * FOLLOWERS_PER_ROLE;

const REPLICAS: usize = 3;

/// Recovery takes longer only if something is broken.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(60);

const POLL_INTERVAL: Duration = Duration::from_millis(1);

/// The undisturbed time before each kill.
const CALM_TIME: Duration = Duration::from_millis(500);

/// Replicas behind a proxy that sends each connection to the first replica that accepts.
struct FailoverCluster {
    nats_servers: [NatsServer; 3],
    /// The first one serves the followers.
    replicas: Vec<ServerProcess>,
    proxy: FaultProxy,
    tracker: Arc<DeliveryTracker>,
    /// Followers end when it is dropped.
    command: watch::Sender<FollowerCommand>,
    runtime: Runtime,
}

fn main() -> Result<ExitCode> {
    let Failover { kills, leaders, rate } = Failover::parse();
    let mut cluster = FailoverCluster::start()?;
    let publisher =
        SteadyPublisher::start(cluster.proxy.address(), rate, Arc::clone(&cluster.tracker));
    cluster.spawn_followers();
    cluster.wait_until_all_live();

    let mut immediate = Vec::new();
    let mut delayed = Vec::new();
    let mut leader = Vec::new();
    for _ in 0..kills {
        let (measuring, reconnecting) = cluster.kill_replica()?;
        immediate.extend(measuring);
        delayed.extend(reconnecting);
    }
    for _ in 0..leaders {
        leader.push(cluster.kill_leader());
    }
    publisher.stop();

    println!(
        "{rate} events per second, {FOLLOWERS} followers; time from the kill until all are live:\n"
    );
    println!("{:<58} {:>9} {:>9}", "", "p50", "longest");
    print_times(&format!("replica, {kills} times; reconnecting at once"), immediate);
    print_times(&format!("replica, {kills} times; reconnecting as `retry:` says"), delayed);
    print_times(&format!("leader of the stream, {leaders} times; staying connected"), leader);
    Ok(if cluster.check_deliveries() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print_times(label: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let secs = |index: usize| times.get(index).map_or(f64::NAN, Duration::as_secs_f64);
    let median = secs(times.len() / 2);
    let longest = secs(times.len().saturating_sub(1));
    println!("{label:<58} {median:>7.2} s {longest:>7.2} s");
}

impl FailoverCluster {
    fn start() -> Result<Self> {
        let runtime = Runtime::new()?;
        let nats_servers = NatsServer::cluster::<3>();
        let replicas: Vec<_> = (0..REPLICAS).map(|_| start_ready_replica(&nats_servers)).collect();
        let proxy = runtime.block_on(FaultProxy::start(replicas[0].address))?;
        let cluster = Self {
            nats_servers,
            replicas,
            proxy,
            tracker: Arc::new(DeliveryTracker::new(FOLLOWERS, 0)),
            command: watch::Sender::new(FollowerCommand::Follow),
            runtime,
        };
        cluster.update_upstreams();
        Ok(cluster)
    }

    fn update_upstreams(&self) {
        self.proxy.set_upstreams(self.replicas.iter().map(|replica| replica.address).collect());
    }

    fn spawn_followers(&self) {
        for index in 0..FOLLOWERS {
            let is_measuring = index < FOLLOWERS_PER_ROLE;
            let follower = CountingFollower {
                index,
                role: if is_measuring {
                    FollowerRole::Measuring
                } else {
                    FollowerRole::Reconnecting
                },
                address: self.proxy.address(),
                tracker: Arc::clone(&self.tracker),
                command: self.command.subscribe(),
                requests_board: false,
            };
            self.runtime.spawn(follower.run());
        }
    }

    /// Kills the replica that serves the followers, and starts a new one. Returns the time until each follower was
    /// live again: those that reconnect at once, and those that wait as `retry:` says.
    fn kill_replica(&mut self) -> Result<(Vec<Duration>, Vec<Duration>)> {
        sleep(CALM_TIME);
        let openings: Vec<_> = (0..FOLLOWERS).map(|index| self.tracker.openings(index)).collect();
        let start = Instant::now();
        self.replicas.remove(0).kill();
        let mut times = vec![None; FOLLOWERS];
        while times.iter().any(Option::is_none) {
            // Live means: on a new stream, with the newest acknowledged event.
            let newest = self.tracker.newest();
            for (index, time) in times.iter_mut().enumerate().filter(|(_, time)| time.is_none()) {
                let is_live = self.tracker.openings(index) > openings[index]
                    && self.tracker.is_up_to_date(index, newest);
                *time = is_live.then(|| start.elapsed());
            }
            ensure!(start.elapsed() < RECOVERY_TIMEOUT, "a follower did not reconnect in time");
            sleep(POLL_INTERVAL);
        }
        self.replicas.push(start_ready_replica(&self.nats_servers));
        self.update_upstreams();
        let mut immediate: Vec<_> = times.into_iter().flatten().collect();
        let delayed = immediate.split_off(FOLLOWERS_PER_ROLE);
        Ok((immediate, delayed))
    }

    /// Kills the NATS server that leads the stream. Returns the time until all followers received an event that was
    /// requested afterwards.
    fn kill_leader(&mut self) -> Duration {
        sleep(CALM_TIME);
        let leader = find_leader(&self.nats_servers);
        let start = Instant::now();
        self.nats_servers[leader].kill();
        // The next event may have been in flight, so wait for the one after it.
        let seq = self.tracker.newest() + 2;
        wait_until("all followers receive a new event", RECOVERY_TIMEOUT, || {
            (self.tracker.count_up_to_date(seq) == FOLLOWERS).then_some(())
        });
        let time = start.elapsed();
        self.nats_servers[leader].restart();
        wait_until_replicated(&self.nats_servers);
        time
    }

    fn wait_until_all_live(&self) {
        wait_until("all followers are live", RECOVERY_TIMEOUT, || {
            let newest = self.tracker.newest();
            (newest > 0 && self.tracker.count_up_to_date(newest) == FOLLOWERS).then_some(())
        });
    }

    /// Checks that each follower received each event once and in order, now that nothing is published any more.
    fn check_deliveries(&self) -> bool {
        self.wait_until_all_live();
        let resumed = self.tracker.resumed.load(Ordering::Relaxed);
        let timetables = self.tracker.timetables.load(Ordering::Relaxed);
        let out_of_order = self.tracker.out_of_order.load(Ordering::Relaxed);
        let refused = self.tracker.refused.load(Ordering::Relaxed);
        let incomplete = self.tracker.count_incomplete();
        println!(
            "\n{resumed} streams resumed with the missed events, {timetables} began with a timetable"
        );
        println!(
            "{incomplete} followers did not receive each event once, {out_of_order} events came out of order, \
             {refused} streams were refused"
        );
        incomplete + out_of_order + refused == 0
    }
}

fn start_ready_replica(nats_servers: &[NatsServer]) -> ServerProcess {
    let addresses: Vec<_> =
        nats_servers.iter().map(|server| server.address().to_string()).collect();
    let url = format!("nats://{}", addresses.join(","));
    let replica = start_replica(&url, &["--nats-replicas=3"]);
    let api = replica.api();
    wait_until("a replica is ready", RECOVERY_TIMEOUT, || api.is_ready().then_some(()));
    replica
}
