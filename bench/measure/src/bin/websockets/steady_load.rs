//! Events at an even rate to many followers: CPU time and memory of a server.

use std::time::Instant;

use anyhow::{Result, ensure};
use tokio::runtime::Runtime;

use crate::ComparisonArgs;
use crate::board_server::BoardServer;
use crate::connection::BoardTransport;
use crate::follower_group::FollowerGroup;

/// Events before the measurement, so that the server has made its buffers.
const FIRST_EVENTS: usize = 10;

#[derive(Debug, Clone, Copy)]
pub(crate) struct LoadFigures {
    pub(crate) cpu_micros: f64,
    pub(crate) memory_bytes: f64,
}

pub(crate) fn measure(
    runtime: &Runtime,
    args: &ComparisonArgs,
    transport: BoardTransport,
) -> Result<LoadFigures> {
    let board = BoardServer::start(transport, args);
    let process = &board.server.process;
    let first = FollowerGroup::connect(runtime, transport, board.server.address, 1);
    (0..FIRST_EVENTS).for_each(|_| board.publish());
    first.wait_for_last(&board);
    let memory = process.memory_bytes();

    let group = FollowerGroup::connect(runtime, transport, board.server.address, args.followers);
    // Everything that begins a connection has arrived before this event.
    board.publish();
    group.wait_for_last(&board);
    let (cpu, before) = (process.cpu_time(), board.published());
    let start = Instant::now();
    board.publish_while(args.rate, || start.elapsed() < args.duration());
    group.wait_for_last(&board);
    let cpu = process.cpu_time() - cpu;

    let is_right = group.all(|record| record.missed + record.repeated == 0);
    ensure!(is_right, "{}: not all followers received each event once", transport.title());
    let events = (board.published() - before) as f64;
    let followers = group.len() as f64;
    Ok(LoadFigures {
        cpu_micros: cpu.as_secs_f64() * 1e6 / (events * followers),
        memory_bytes: process.memory_bytes().saturating_sub(memory) as f64 / followers,
    })
}
