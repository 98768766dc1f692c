//! Replicas on NATS, of which one polls.

use std::time::{Duration, Instant};

use testkit::nats::NatsServer;
use testkit::ports::free_address;

use super::invented_hour::LAST_STEP;
use super::{Audits, SteppedSource, oslo_feed, wait_for_boards, wait_for_step};
use crate::process::{ServerProcess, flightboard_command};
use crate::wait::wait_until;

/// Far above the length of a lease, for a loaded machine.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(90);

/// A step in the middle of the hour.
const KILL_STEP: usize = 8;

fn replica(nats: &NatsServer, feed: &str) -> ServerProcess {
    let listen = free_address().to_string();
    let nats = nats.url();
    let args = ["serve", "--listen", &listen, "--nats", &nats, "--feed", feed];
    ServerProcess::start(&mut flightboard_command(args))
}

/// Polls that this replica has made.
fn polls(replica: &ServerProcess) -> u64 {
    let metrics = replica.api().get_text("/metrics");
    let answers =
        metrics.lines().filter(|line| line.starts_with("flightboard_feed_answers_total{"));
    answers.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}

#[test]
fn killed_replica_is_replaced_without_repetition() {
    let nats = NatsServer::start();
    let source = SteppedSource::start();
    let feed = oslo_feed(&source.upstream);
    let mut replicas = vec![replica(&nats, &feed), replica(&nats, &feed)];
    wait_for_boards(&replicas[0].api());
    let poller = wait_until("a replica polls", TAKEN_OVER_WITHIN, || {
        replicas.iter().position(|replica| polls(replica) > 0)
    });
    let poller = replicas.remove(poller);
    let other = replicas.remove(0);
    wait_for_boards(&other.api());
    let mut audits = Audits::follow(poller.address);
    for number in 0..=KILL_STEP {
        source.set_step(number);
        wait_for_step(&poller.api(), number);
        audits.read_to_step(number);
    }
    assert_eq!(polls(&other), 0, "two replicas poll");

    source.set_step(KILL_STEP + 1);
    poller.kill();
    let killed = Instant::now();
    audits.resume(other.address);
    wait_until("the other replica polls", TAKEN_OVER_WITHIN, || (polls(&other) > 0).then_some(()));
    eprintln!("the other replica polled {:.1} s after the kill", killed.elapsed().as_secs_f64());
    for number in KILL_STEP + 1..=LAST_STEP {
        source.set_step(number);
        wait_for_step(&other.api(), number);
        audits.read_to_step(number);
    }
    audits.assert_announced_once();
}
