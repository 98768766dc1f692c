//! Replicas on a cluster of NATS servers. Each replica reaches NATS through separate proxies, so that it can be
//! disconnected alone.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use testkit::fault_proxy::FaultProxy;
use testkit::nats::{NatsServer, wait_until_replicated};
use testkit::process::{ServerProcess, flightboard_command};
use testkit::wait::wait_until;
use tokio::runtime::Runtime;

use super::final_boards::{FinalBoards, read_final_boards};
use super::plan::{DRAIN, RoundPlan};
use super::round_state::RoundState;
use super::single_node::STOP_SLACK;
use super::update::BOARDS;

/// Its faults.
mod inject;

pub(super) const REPLICAS: usize = 3;

/// Each NATS server keeps the whole stream.
const NATS_SERVERS: usize = 3;

/// The time that NATS servers have to synchronise, and replicas to become ready. An election takes seconds, and
/// may have to be repeated.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(60);

const POLL_INTERVAL: Duration = Duration::from_millis(20);

pub(super) struct ReplicaCluster {
    nats_servers: [NatsServer; NATS_SERVERS],
    /// For each replica, a proxy in front of each NATS server.
    links: Vec<[FaultProxy; NATS_SERVERS]>,
    replicas: [Option<ServerProcess>; REPLICAS],
    flags: Vec<String>,
    state: Arc<RoundState>,
    /// The first number that no other load generator has.
    final_generator: usize,
    generator_seed: u64,
    kills: usize,
}

impl ReplicaCluster {
    /// Starts NATS servers with an empty stream, and the replicas.
    pub(super) fn start(
        plan: &RoundPlan,
        runtime: &Runtime,
        state: Arc<RoundState>,
    ) -> Result<Self> {
        let nats_servers = NatsServer::cluster::<NATS_SERVERS>();
        let addresses = nats_servers.each_ref().map(NatsServer::address);
        let mut links = Vec::new();
        for _ in 0..REPLICAS {
            links.push(runtime.block_on(start_link(addresses))?);
        }
        let mut cluster = Self {
            nats_servers,
            links,
            replicas: [const { None }; REPLICAS],
            flags: plan.serve_flags(),
            state,
            final_generator: plan.generator_seeds.len() + plan.faults.len(),
            generator_seed: plan.nemesis_seed,
            kills: 0,
        };
        cluster.start_replicas()?;
        cluster.wait_until_ready()?;
        let api = cluster.replica(0)?.api();
        BOARDS.into_iter().for_each(|board| api.put_board(board, &json!({ "title": board })));
        cluster.wait_until_boards_exist()?;
        Ok(cluster)
    }

    /// Starts all replicas that are down, side by side.
    fn start_replicas(&mut self) -> Result<()> {
        let down = (0..REPLICAS).filter(|index| self.replicas[*index].is_none());
        let commands: Vec<_> = down.map(|index| (index, self.serve_command(index))).collect();
        let started: Vec<_> = std::thread::scope(|scope| {
            let mut starting = Vec::new();
            for (index, mut command) in commands {
                starting.push((index, scope.spawn(move || ServerProcess::start(&mut command))));
            }
            starting.into_iter().map(|(index, thread)| (index, thread.join())).collect()
        });
        for (index, server) in started {
            let server = server.ok().with_context(|| format!("replica {index} did not start"))?;
            self.state.set_address(index, Some(server.address));
            self.replicas[index] = Some(server);
        }
        Ok(())
    }

    fn serve_command(&self, replica: usize) -> Command {
        let addresses = self.links[replica].each_ref().map(|proxy| proxy.address().to_string());
        let mut command =
            flightboard_command(["serve", "--listen", "127.0.0.1:0", "--nats-replicas"]);
        command.arg(NATS_SERVERS.to_string());
        command.args(["--nats", &format!("nats://{}", addresses.join(","))]).args(&self.flags);
        command
    }

    fn replica(&self, index: usize) -> Result<&ServerProcess> {
        self.replicas[index].as_ref().with_context(|| format!("replica {index} is down"))
    }

    fn kill_replica(&mut self, index: usize) {
        self.state.set_address(index, None);
        if let Some(server) = self.replicas[index].take() {
            server.kill();
            self.kills += 1;
        }
    }

    /// Stops a replica by SIGTERM. It must end in time although streams and publishers are connected.
    fn stop_replica(&mut self, index: usize) -> Result<()> {
        let Some(server) = self.replicas[index].take() else { return Ok(()) };
        server.process.terminate();
        let ended = server.process.wait_for_exit(DRAIN + STOP_SLACK);
        self.state.set_address(index, None);
        ensure!(ended.status.success(), "replica {index} failed on SIGTERM: {ended:?}");
        Ok(())
    }

    fn freeze_replica(&self, index: usize, duration: Duration) -> Result<()> {
        let replica = self.replica(index)?;
        replica.process.pause();
        sleep(duration);
        replica.process.resume();
        Ok(())
    }

    fn kill_nats_server(&mut self, index: usize) {
        self.nats_servers[index].kill();
        self.kills += 1;
    }

    /// Restarts each replica and each NATS server, one after another.
    fn restart_all_in_turn(&mut self) -> Result<()> {
        for index in 0..REPLICAS {
            self.stop_replica(index)?;
            self.start_replicas()?;
        }
        for index in 0..NATS_SERVERS {
            self.nats_servers[index].stop();
            self.nats_servers[index].restart();
            wait_until_replicated(&self.nats_servers);
        }
        Ok(())
    }

    fn wait_until_ready(&self) -> Result<()> {
        for index in 0..REPLICAS {
            let api = self.replica(index)?.api();
            let is_ready = || api.unready_reason().is_none().then_some(());
            wait_until("a replica is ready", RECOVERY_TIMEOUT, is_ready);
        }
        Ok(())
    }

    fn wait_until_boards_exist(&self) -> Result<()> {
        for index in 0..REPLICAS {
            let api = self.replica(index)?.api();
            let exists = |board: &str| api.get_status(&format!("/boards/{board}")) == 200;
            let exist = || BOARDS.iter().all(|board| exists(board)).then_some(());
            wait_until("a replica has all boards", RECOVERY_TIMEOUT, exist);
        }
        Ok(())
    }

    /// Returns the boards of each replica as soon as all are equal, or as they are after [`RECOVERY_TIMEOUT`].
    fn wait_until_replicas_agree(&self) -> Result<Vec<FinalBoards>> {
        let deadline = Instant::now() + RECOVERY_TIMEOUT;
        loop {
            let mut all = Vec::new();
            for index in 0..REPLICAS {
                all.push(read_final_boards(&self.replica(index)?.api())?);
            }
            if all.iter().all(|states| *states == all[0]) || Instant::now() > deadline {
                return Ok(all);
            }
            sleep(POLL_INTERVAL);
        }
    }
}

/// Starts a proxy in front of each NATS server.
async fn start_link(
    nats_servers: [SocketAddr; NATS_SERVERS],
) -> std::io::Result<[FaultProxy; NATS_SERVERS]> {
    let [first, second, third] = nats_servers.map(FaultProxy::start);
    Ok([first.await?, second.await?, third.await?])
}
