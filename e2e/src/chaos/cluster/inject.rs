//! Injects faults into a cluster.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::thread::sleep;

use anyhow::{Result, bail};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use testkit::fault_proxy::FaultProxy;
use testkit::nats::{NatsServer, find_leader, wait_until_replicated};

use super::{NATS_SERVERS, REPLICAS, ReplicaCluster};
use crate::chaos::fault::Fault;
use crate::chaos::final_boards::FinalBoards;
use crate::chaos::load_generator::LoadGenerator;
use crate::chaos::plan::random_millis;
use crate::chaos::system::System;
use crate::chaos::update::BOARDS;

impl System for ReplicaCluster {
    fn inject(&mut self, fault: Fault, _: usize, rng: &mut StdRng) -> Result<()> {
        let replica = rng.random_range(0..REPLICAS);
        match fault {
            Fault::Cuts => sleep(random_millis(rng, 300..=900)),
            Fault::ReplicaKill => {
                self.kill_replica(replica);
                sleep(random_millis(rng, 0..=500));
                self.start_replicas()?;
            }
            Fault::ReplicasKill => {
                (0..REPLICAS).for_each(|index| self.kill_replica(index));
                self.start_replicas()?;
            }
            Fault::ReplicaFreeze => {
                self.freeze_replica(replica, random_millis(rng, 100..=4_000))?;
            }
            Fault::NatsKill | Fault::LeaderKill => {
                let leader = find_leader(&self.nats_servers);
                let other = (leader + rng.random_range(1..NATS_SERVERS)) % NATS_SERVERS;
                let victim = if fault == Fault::LeaderKill { leader } else { other };
                self.kill_nats_server(victim);
                sleep(random_millis(rng, 0..=1_500));
                self.nats_servers[victim].restart();
                wait_until_replicated(&self.nats_servers);
            }
            Fault::LeaderFreeze => {
                let leader = &self.nats_servers[find_leader(&self.nats_servers)];
                leader.pause();
                sleep(random_millis(rng, 200..=6_000));
                leader.resume();
                wait_until_replicated(&self.nats_servers);
            }
            Fault::AllNatsKill => {
                (0..NATS_SERVERS).for_each(|index| self.kill_nats_server(index));
                self.nats_servers.iter_mut().for_each(NatsServer::restart);
                wait_until_replicated(&self.nats_servers);
            }
            Fault::LinkCut => self.disturb_link(FaultProxy::cut, 50..=3_000, rng),
            Fault::LinkSilent => self.disturb_link(FaultProxy::stall, 200..=6_000, rng),
            Fault::Rolling => self.restart_all_in_turn()?,
            other => bail!("{other} is not a fault of a cluster"),
        }
        Ok(())
    }

    fn heal(&mut self) -> Result<()> {
        self.links.iter().flatten().for_each(FaultProxy::restore);
        let down = self.nats_servers.iter_mut().filter(|server| !server.is_running());
        down.for_each(NatsServer::restart);
        wait_until_replicated(&self.nats_servers);
        self.start_replicas()?;
        self.wait_until_ready()
    }

    /// Has each replica publish once more first. The stream orders earlier unanswered updates of that replica
    /// before these, so once these are acknowledged, none of the earlier ones can appear any more.
    fn final_boards(&mut self) -> Result<Vec<FinalBoards>> {
        for index in 0..REPLICAS {
            let address = self.replica(index)?.address;
            let number = self.final_generator + index;
            let state = Arc::clone(&self.state);
            let mut last = LoadGenerator::pinned(address, number, self.generator_seed, state);
            BOARDS.into_iter().for_each(|board| last.publish(board, 2));
        }
        self.wait_until_replicas_agree()
    }

    fn kills(&self) -> usize {
        self.kills
    }

    fn logs(&self) -> String {
        let mut logs = String::new();
        for (index, replica) in self.replicas.iter().enumerate() {
            let log = replica.as_ref().map(|server| server.process.log());
            logs += &format!("replica {index}:\n{}", log.unwrap_or_default());
        }
        for server in &self.nats_servers {
            logs += &format!("NATS server {}:\n{}", server.name(), server.log());
        }
        logs
    }
}

impl ReplicaCluster {
    /// Injects a fault into the link of a random replica for a random time.
    fn disturb_link(&self, fault: fn(&FaultProxy), millis: RangeInclusive<u64>, rng: &mut StdRng) {
        let link = self.links.choose(rng).expect("each replica has a link");
        link.iter().for_each(fault);
        sleep(random_millis(rng, millis));
        link.iter().for_each(FaultProxy::restore);
    }
}

impl Drop for ReplicaCluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("── logs of the last servers:\n{}", self.logs());
        }
    }
}
