//! Replicas, the NATS servers that they need, and what is done to all of them. Each replica has a link of
//! its own to the NATS servers, so that it alone can be cut off.

use std::process::Command;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::json;
use tokio::runtime::Runtime;

use super::checker::{BoardState, FinalStates};
use super::fault::Fault;
use super::load_generator::{LoadGenerator, RoundState};
use super::plan::{DRAIN, RoundPlan, millis};
use super::single_node::STOP_SLACK;
use super::system::System;
use super::update::BOARDS;
use testkit::fault_proxy::FaultProxy;
use testkit::nats::{NatsServer, find_leader, wait_until_replicated};
use testkit::process::{ServerProcess, flightboard_command};
use testkit::wait::wait_until;

/// How many replicas there are.
pub(super) const REPLICAS: usize = 3;

/// How many NATS servers there are, each of which has everything.
const NATS_SERVERS: usize = 3;

/// How long NATS servers may take to have everything again, and replicas to be ready. An election takes
/// seconds, and may fail and be held again.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct ReplicaCluster {
    servers: [NatsServer; NATS_SERVERS],
    /// For each replica, a proxy in front of each NATS server.
    links: Vec<Vec<FaultProxy>>,
    replicas: [Option<ServerProcess>; REPLICAS],
    flags: Vec<String>,
    state: Arc<RoundState>,
    /// The first number that no publisher has.
    number: usize,
    seed: u64,
    kills: usize,
}

impl ReplicaCluster {
    /// With an empty stream.
    pub(super) fn new(plan: &RoundPlan, runtime: &Runtime, state: Arc<RoundState>) -> Result<Self> {
        let servers = NatsServer::cluster::<NATS_SERVERS>();
        let addresses = servers.each_ref().map(NatsServer::address);
        let mut links = Vec::new();
        for _ in 0..REPLICAS {
            let proxies = addresses.map(|address| runtime.block_on(FaultProxy::start(address)));
            links.push(proxies.into_iter().collect::<std::io::Result<_>>()?);
        }
        let mut cluster = Self {
            servers,
            links,
            replicas: [const { None }; REPLICAS],
            flags: plan.flags(),
            state,
            number: plan.publishers.len() + plan.faults.len(),
            seed: plan.director,
            kills: 0,
        };
        cluster.start_replicas()?;
        cluster.wait_until_ready()?;
        let api = cluster.replica(0)?.api();
        BOARDS.into_iter().for_each(|board| api.put_board(board, &json!({ "title": board })));
        cluster.wait_until_boards_are_known()?;
        Ok(cluster)
    }

    /// Starts those that are away, all at once.
    fn start_replicas(&mut self) -> Result<()> {
        let away = (0..REPLICAS).filter(|at| self.replicas[*at].is_none());
        let commands: Vec<_> = away.map(|at| (at, self.command(at))).collect();
        let start = |mut command: Command| move || ServerProcess::start(&mut command);
        let started: Vec<_> = std::thread::scope(|scope| {
            let starting: Vec<_> = commands
                .into_iter()
                .map(|(at, command)| (at, scope.spawn(start(command))))
                .collect();
            starting.into_iter().map(|(at, starting)| (at, starting.join())).collect()
        });
        for (at, server) in started {
            let server = server.ok().with_context(|| format!("replica {at} did not start"))?;
            self.state.place(at, Some(server.address));
            self.replicas[at] = Some(server);
        }
        Ok(())
    }

    fn command(&self, replica: usize) -> Command {
        let urls: Vec<_> =
            self.links[replica].iter().map(|proxy| proxy.address().to_string()).collect();
        let mut command =
            flightboard_command(["serve", "--listen", "127.0.0.1:0", "--nats-replicas"]);
        command
            .arg(NATS_SERVERS.to_string())
            .args(["--nats", &format!("nats://{}", urls.join(","))]);
        command.args(&self.flags);
        command
    }

    fn replica(&self, at: usize) -> Result<&ServerProcess> {
        self.replicas[at].as_ref().with_context(|| format!("there is a replica {at}"))
    }

    fn kill_replica(&mut self, at: usize) {
        self.state.place(at, None);
        if let Some(server) = self.replicas[at].take() {
            server.kill();
            self.kills += 1;
        }
    }

    /// Stops it in good order, with streams and publishers about.
    fn stop_replica(&mut self, at: usize) -> Result<()> {
        let Some(server) = self.replicas[at].take() else { return Ok(()) };
        server.process.terminate();
        let ended = server.process.wait_for_exit(DRAIN + STOP_SLACK);
        self.state.place(at, None);
        ensure!(ended.status.success(), "replica {at} did not stop in good order: {ended:?}");
        Ok(())
    }

    fn freeze_replica(&self, at: usize, long: Duration) -> Result<()> {
        let replica = self.replica(at)?;
        replica.process.pause();
        sleep(long);
        replica.process.resume();
        Ok(())
    }

    fn kill_nats(&mut self, at: usize) {
        self.servers[at].kill();
        self.kills += 1;
    }

    fn set_link(
        &self,
        rng: &mut StdRng,
        fault: fn(&FaultProxy),
        millis_long: std::ops::RangeInclusive<u64>,
    ) {
        let link = self.links.choose(rng).expect("there are some");
        link.iter().for_each(fault);
        sleep(millis(rng, millis_long));
        link.iter().for_each(FaultProxy::restore);
    }

    /// Everything, one after another.
    fn roll(&mut self) -> Result<()> {
        for at in 0..REPLICAS {
            self.stop_replica(at)?;
            self.start_replicas()?;
        }
        for at in 0..NATS_SERVERS {
            self.servers[at].stop();
            self.servers[at].restart();
            wait_until_replicated(&self.servers);
        }
        Ok(())
    }

    fn wait_until_ready(&self) -> Result<()> {
        for at in 0..REPLICAS {
            let api = self.replica(at)?.api();
            wait_until("a replica is ready", PATIENCE, || {
                api.unready_reason().is_none().then_some(())
            });
        }
        Ok(())
    }

    fn wait_until_boards_are_known(&self) -> Result<()> {
        for at in 0..REPLICAS {
            let api = self.replica(at)?.api();
            let knows = |board: &str| api.get_status(&format!("/boards/{board}")) == 200;
            wait_until("a replica has all boards", PATIENCE, || {
                BOARDS.iter().all(|b| knows(b)).then_some(())
            });
        }
        Ok(())
    }

    /// What each says, when all say the same; or what they say in the end.
    fn wait_until_replicas_agree(&self) -> Result<Vec<FinalStates>> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let all = (0..REPLICAS).map(|at| BoardState::of_all_boards(&self.replica(at)?.api()));
            let all = all.collect::<Result<Vec<_>>>()?;
            if all.iter().all(|ends| *ends == all[0]) || Instant::now() > deadline {
                return Ok(all);
            }
            sleep(LOOK_AGAIN);
        }
    }
}

impl System for ReplicaCluster {
    fn inject(&mut self, fault: Fault, _: usize, rng: &mut StdRng) -> Result<()> {
        let one = rng.random_range(0..REPLICAS);
        match fault {
            Fault::Cuts => sleep(millis(rng, 300..=900)),
            Fault::ReplicaKill => {
                self.kill_replica(one);
                sleep(millis(rng, 0..=500));
                self.start_replicas()?;
            }
            Fault::ReplicasKill => {
                (0..REPLICAS).for_each(|at| self.kill_replica(at));
                self.start_replicas()?;
            }
            Fault::ReplicaFreeze => self.freeze_replica(one, millis(rng, 100..=4_000))?,
            Fault::NatsKill | Fault::LeaderKill => {
                let leader = find_leader(&self.servers);
                let other = (leader + rng.random_range(1..NATS_SERVERS)) % NATS_SERVERS;
                let at = if fault == Fault::LeaderKill { leader } else { other };
                self.kill_nats(at);
                sleep(millis(rng, 0..=1_500));
                self.servers[at].restart();
                wait_until_replicated(&self.servers);
            }
            Fault::LeaderFreeze => {
                let leader = &self.servers[find_leader(&self.servers)];
                leader.pause();
                sleep(millis(rng, 200..=6_000));
                leader.resume();
                wait_until_replicated(&self.servers);
            }
            Fault::AllNatsKill => {
                (0..NATS_SERVERS).for_each(|at| self.kill_nats(at));
                self.servers.iter_mut().for_each(NatsServer::restart);
                wait_until_replicated(&self.servers);
            }
            Fault::LinkCut => self.set_link(rng, FaultProxy::cut, 50..=3_000),
            Fault::LinkSilent => self.set_link(rng, FaultProxy::stall, 200..=6_000),
            Fault::Rolling => self.roll()?,
            other => bail!("{other} is nothing for a cluster"),
        }
        Ok(())
    }

    fn mend(&mut self) -> Result<()> {
        self.links.iter().flatten().for_each(FaultProxy::restore);
        let away = self.servers.iter_mut().filter(|server| !server.is_running());
        away.for_each(NatsServer::restart);
        wait_until_replicated(&self.servers);
        self.start_replicas()?;
        self.wait_until_ready()
    }

    /// Each replica publishes once more first. What it had sent before without an answer comes before that,
    /// or never.
    fn ends(&mut self) -> Result<Vec<FinalStates>> {
        for at in 0..REPLICAS {
            let server = self.replica(at)?.address;
            let (number, state) = (self.number + at, Arc::clone(&self.state));
            let mut last = LoadGenerator::of(server, number, self.seed, state);
            BOARDS.into_iter().for_each(|board| last.publish(board, 2));
        }
        self.wait_until_replicas_agree()
    }

    fn kills(&self) -> usize {
        self.kills
    }

    fn said(&self) -> String {
        let mut said = String::new();
        for (at, replica) in self.replicas.iter().enumerate() {
            let log = replica.as_ref().map(|server| server.process.log());
            said += &format!("replica {at}:\n{}", log.unwrap_or_default());
        }
        for server in &self.servers {
            said += &format!("NATS server {}:\n{}", server.name(), server.log());
        }
        said
    }
}

impl Drop for ReplicaCluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("── what the last servers said:\n{}", self.said());
        }
    }
}

const LOOK_AGAIN: Duration = Duration::from_millis(20);
